/// How the end of a message's body is known (RFC 9112 §6.3).
package enum BodyFraming: Sendable, Hashable {
    /// There is no body.
    case none
    /// So many bytes; may be zero, which is a body that is empty.
    case length(Int)
    /// Chunks, then perhaps trailers.
    case chunked
    /// All bytes until the peer closes; only for responses.
    case untilClose

    /// Nothing comes behind the head.
    @inlinable
    package var isEmpty: Bool {
        switch self {
        case .none: true
        case .length(let length): length == 0
        case .chunked, .untilClose: false
        }
    }

    @inlinable
    package var isChunked: Bool { if case .chunked = self { true } else { false } }
}

/// Settles a message's framing from its head.
///
/// Ambiguity is refused and never repaired: two components that repair it differently disagree on where the next
/// message starts. So both kinds of framing at once, a repeated `Content-Length` even if both agree, and lists are
/// errors.
package enum Framing {
    /// Larger numbers cannot be told from mistakes, and every sum with one stays far from overflow.
    package static let largestSize = 1 << 53

    package static func ofRequest(_ head: RequestHead) throws(WireError) -> BodyFraming {
        let fields = head.fields
        if fields.present & (KnownField.contentLength.bit | KnownField.transferEncoding.bit) == 0 { return .none }
        return try declared(fields, head.minorVersion) ?? .none
    }

    /// - Parameter method: of the request that is answered.
    package static func ofResponse(_ head: ResponseHead, to method: Method) throws(WireError) -> BodyFraming {
        // Fields that contradict themselves are an error even where no body follows: they would be passed on.
        let declared = try declared(head.fields, head.minorVersion)
        let status = head.status
        if status < 200 || status == 204 {
            // RFC 9112 §6.1 forbids it, and what such an upstream sends next is anyone's guess.
            if head.fields.contains(.transferEncoding) { throw .encodingWithoutBody }
            return .none
        }
        if method == .head || status == 304 { return .none }
        if method == .connect && status < 300 { return .untilClose }
        return declared ?? .untilClose
    }

    /// What the fields say; nil if they say nothing.
    private static func declared(_ fields: HeaderBlock, _ minorVersion: UInt8) throws(WireError) -> BodyFraming? {
        if fields.contains(.transferEncoding) {
            if fields.contains(.contentLength) { throw .lengthAndEncoding }
            if minorVersion == 0 { throw .encodingInOldVersion }
            try checkCodings(fields)
            return .chunked
        }
        guard fields.contains(.contentLength) else { return nil }
        let index = fields.firstIndex(of: .contentLength)
        let length = try length(fields.value(index))
        let second = fields.nextIndex(of: .contentLength, after: index)
        if second >= 0 {
            throw try self.length(fields.value(second)) == length ? .duplicateLength : .differingLengths
        }
        return .length(length)
    }

    /// Digits and nothing else: no sign, no list, no blank inside.
    private static func length(_ value: Span<UInt8>) throws(WireError) -> Int {
        guard value.count > 0 else { throw .badLength }
        var length = 0
        for index in value.indices {
            guard ByteClass.isDigit(value[index]) else { throw .badLength }
            length = length * 10 + Int(value[index] - 0x30)
            if length > largestSize { throw .badLength }
        }
        return length
    }

    /// `chunked`, once, last, and alone: a coding below it could not be undone here (RFC 9112 §6.1: 501).
    private static func checkCodings(_ fields: HeaderBlock) throws(WireError) {
        var codings = 0
        var chunked = 0
        var lastIsChunked = false
        var index = fields.firstIndex(of: .transferEncoding)
        while index >= 0 {
            let list = fields.value(index)
            var position = 0
            while let coding = Text.nextElement(of: list, from: &position) {
                codings += 1
                lastIsChunked = Text.equals(coding, "chunked")
                if lastIsChunked { chunked += 1 }
            }
            index = fields.nextIndex(of: .transferEncoding, after: index)
        }
        guard chunked == 1, lastIsChunked else { throw .badTransferEncoding }
        if codings > 1 { throw .unsupportedTransferCoding }
    }
}
