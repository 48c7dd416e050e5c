/// The rules on fields that hold for every message that is passed on.
package enum FieldRules {
    /// Takes out what concerns only the connection that a message came by (RFC 9110 §7.6.1): `Connection` and what it
    /// names, `Keep-Alive`, the `Proxy-` fields between proxies, `Transfer-Encoding`, `Upgrade`, `HTTP2-Settings`, and
    /// `TE` but for `trailers`, which is all that a gateway may say for itself.
    ///
    /// To be called when a message arrives, once its framing is settled and a wish to upgrade is noted, and *before*
    /// any policy adds a field. Only then can a client not name a field of ours to have it vanish.
    ///
    /// A name in `Connection` that the gateway acts on end to end (any other `KnownField`) is not taken out either. RFC
    /// 9110 forbids senders to list such fields, and those who do are after a gateway in front of this one or behind:
    /// `Connection: X-Forwarded-For` once made servers believe that a request came from within.
    package static func stripHopByHop(_ fields: HeaderBlock) {
        guard fields.present & KnownField.hopByHopBits != 0 else { return }
        var index = fields.firstIndex(of: .connection)
        while index >= 0 {
            removeNamed(in: fields, by: index)
            index = fields.nextIndex(of: .connection, after: index)
        }
        let acceptsTrailers = fields.contains(.te) && fields.hasOption("trailers", in: .te)
        for index in 0..<fields.count where fields.field(index).known.isHopByHop { fields.remove(at: index) }
        if acceptsTrailers { fields.append(.te, "trailers") }
    }

    /// Removes the fields that the `Connection` field at `index` names. The scanners have bounded the number of
    /// options, so that options times fields stays small.
    private static func removeNamed(in fields: HeaderBlock, by index: Int) {
        let options = fields.value(index)
        var position = 0
        while let option = Text.nextElement(of: options, from: &position) {
            // Known names are hop-by-hop, and removed with the others, or protected.
            if KnownField.lookup(option) != .none { continue }
            var next = fields.firstIndex(unknown: option, after: -1)
            while next >= 0 {
                fields.remove(at: next)
                next = fields.firstIndex(unknown: option, after: next)
            }
        }
    }

    /// Removes trailer fields that would change how the message is framed, routed, authenticated or understood
    /// (RFC 9110 §6.5.1). They come after the decisions that they would have changed.
    package static func removeForbiddenTrailers(_ trailers: HeaderBlock) {
        guard trailers.present & forbiddenTrailerBits != 0 else { return }
        for index in 0..<trailers.count where forbiddenTrailerBits & trailers.field(index).known.bit != 0 {
            trailers.remove(at: index)
        }
    }

    package static func isForbiddenTrailer(_ known: KnownField) -> Bool { forbiddenTrailerBits & known.bit != 0 }

    /// Nearly all names that the gateway acts on: what it acts on belongs into the head. Digests and states that are
    /// only known at the end are what trailers are for.
    private static let forbiddenTrailerBits: UInt64 =
        ~(KnownField.digest.bit | KnownField.contentDigest.bit | KnownField.reprDigest.bit | KnownField.etag.bit
        | KnownField.proxyStatus.bit | KnownField.date.bit | 1)

    /// RFC 9110 §5.6.2.
    package static func isToken(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where ByteClass.of(bytes[index]) & ByteClass.token == 0 { return false }
        return bytes.count > 0
    }

    /// RFC 9110 §5.5: no control character but HTAB, no blank at either end. May be empty.
    package static func isFieldValue(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where ByteClass.of(bytes[index]) & ByteClass.fieldValue == 0 { return false }
        if bytes.count == 0 { return true }
        return !ByteClass.isBlank(bytes[0]) && !ByteClass.isBlank(bytes[bytes.count - 1])
    }
}
