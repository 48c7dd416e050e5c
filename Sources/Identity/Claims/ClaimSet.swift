package import JSONStream

/// The claims of a token: one JSON object, in which no name stands twice at any depth.
package struct ClaimSet: Sendable {
    package let document: JSONDocument

    /// Reads a payload.
    package init(_ bytes: [UInt8]) throws(TokenFault) {
        do { document = try JSONDocument(bytes, limits: JSONLimits(depth: 32, size: 64 * 1024)) } catch {
            throw .badPayload
        }
        guard document.root.isObject else { throw .badPayload }
    }

    package func node(_ path: ClaimPath) -> JSONNode? { path.find(in: document.root) }

    /// A time (NumericDate, RFC 7519 §2) in whole seconds, rounded down; nil where there is none. A claim that is no
    /// number, or none that a clock shows, is an error and not an absence: who wrote an expiry meant one.
    func time(_ name: String) throws(TokenFault) -> Int64? {
        guard let node = document.root.member(name) else { return nil }
        if let whole = node.int64 {
            guard whole >= 0, whole <= Self.latest else { throw .badClaim }
            return whole
        }
        guard let value = node.double, value >= 0, value <= Double(Self.latest) else { throw .badClaim }
        return Int64(value)
    }

    /// A claim that is a text; nil where there is none.
    func text(_ name: String) throws(TokenFault) -> [UInt8]? {
        guard let node = document.root.member(name) else { return nil }
        guard let bytes = node.stringBytes else { throw .badClaim }
        return bytes
    }

    /// Whether `aud`, one text or an array of texts (RFC 7519 §4.1.3), has one of these.
    func isMeant(for audiences: [[UInt8]]) throws(TokenFault) -> Bool {
        guard let node = document.root.member("aud") else { return false }
        if node.kind == .string { return audiences.contains { node.isString($0.span) } }
        guard node.isArray else { throw .badClaim }
        var isMeant = false
        for element in node.elements {
            guard element.kind == .string else { throw .badClaim }
            if audiences.contains(where: { element.isString($0.span) }) { isMeant = true }
        }
        return isMeant
    }

    /// The scopes: `scope`, separated by blanks (RFC 8693 §4.2), or `scp`, an array or such a text.
    var scopes: [[UInt8]] {
        var found: [[UInt8]] = []
        for name in ["scope", "scp"] {
            guard let node = document.root.member(name) else { continue }
            let texts = node.isArray ? Array(node.elements) : [node]
            for text in texts {
                guard let bytes = text.stringBytes else { continue }
                found += bytes.split(separator: 0x20).map(Array.init)
            }
        }
        return found
    }

    /// The end of the year 9999.
    private static let latest: Int64 = 253_402_300_799
}
