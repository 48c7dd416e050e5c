package import HTTPWire

/// The id that follows a request through every log line, and that the client reads in the answer's `X-Request-Id`.
///
/// A client's own id is kept when it is 1 to 128 bytes of `A–Z a–z 0–9 . _ : / + = -`: enough for UUIDs, base64, ULIDs
/// and the ids of other gateways and clouds, and nothing that could break a log line, a header or a shell. Everything
/// else, a second field of the name too, is replaced by `req_` and 128 random bits in base64url: 26 bytes.
package enum RequestID {
    package static let maximumLength = 128
    /// Bytes of an id made here.
    package static let length = 26

    package static func isValid(_ id: Span<UInt8>) -> Bool {
        guard id.count >= 1 && id.count <= maximumLength else { return false }
        for index in 0..<id.count where !isAllowed(id[index]) { return false }
        return true
    }

    /// A new id.
    package static func make(_ source: inout IdentifierSource) -> InlineArray<26, UInt8> {
        var id = InlineArray<26, UInt8>(repeating: UInt8(ascii: "_"))
        (id[0], id[1], id[2]) = (UInt8(ascii: "r"), UInt8(ascii: "e"), UInt8(ascii: "q"))
        var bits = source.next()
        let second = source.next()
        // Ten digits of six bits from the first word, ten from the second, and the four bits left of each as the last
        // two: the plain base64url of 16 bytes has 22 digits too.
        for index in 4..<14 {
            id[index] = digit(bits)
            bits >>= 6
        }
        var rest = second
        for index in 14..<24 {
            id[index] = digit(rest)
            rest >>= 6
        }
        let leftover = bits << 4 | rest
        id[24] = digit(leftover >> 2)
        id[25] = digit((leftover & 3) << 4)
        return id
    }

    /// Makes the request carry exactly one valid id and returns where in the arena of its fields it stands.
    ///
    /// - Parameter trusted: Whether the client's own id may be kept at all.
    package static func ensure(
        in request: RequestHead, trusted: Bool = true, _ source: inout IdentifierSource
    ) -> ByteRange {
        let fields = request.fields
        let index = fields.firstIndex(of: .xRequestID)
        if index >= 0, trusted, fields.nextIndex(of: .xRequestID, after: index) < 0, isValid(fields.value(index)) {
            return fields.field(index).value
        }
        let id = make(&source)
        fields.set(.xRequestID, id.span)
        return fields.field(fields.firstIndex(of: .xRequestID)).value
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
            UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// The base64url digit of the lowest six bits.
    @inline(__always)
    private static func digit(_ bits: UInt64) -> UInt8 {
        // A table, because branches on random bits are guessed wrong half of the time. Six bits choose among 64 bytes.
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return unsafe alphabet.utf8Start[Int(bits & 63)]
    }
}
