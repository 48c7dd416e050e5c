internal import HTTPWire

/// Reads queries of the form `a=1&b=2` in place.
enum QueryReader {
    /// Where the first value of a parameter stands, still encoded; empty for a parameter without `=`.
    static func firstValue(_ query: Span<UInt8>, named name: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < query.count {
            var end = start
            var equals = -1
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals < 0, query[end] == UInt8(ascii: "=") { equals = end }
                end &+= 1
            }
            let nameEnd = equals < 0 ? end : equals
            if nameEnd > start, self.equals(query.extracting(start..<nameEnd), name) {
                return equals < 0 ? end..<end : (equals &+ 1)..<end
            }
            start = end &+ 1
        }
        return nil
    }

    /// Whether the decoded form of `encoded` is `expected`.
    static func equals(_ encoded: Span<UInt8>, _ expected: Span<UInt8>) -> Bool {
        var index = 0
        var matched = 0
        while index < encoded.count {
            guard matched < expected.count, next(encoded, &index) == expected[matched] else { return false }
            matched &+= 1
        }
        return matched == expected.count
    }

    static func decode(_ encoded: Span<UInt8>, into buffer: WireBuffer) {
        var index = 0
        while index < encoded.count { buffer.append(byte: next(encoded, &index)) }
    }

    /// The next decoded byte. A `%` that starts no escape stands for itself, as in the WHATWG form parser.
    @inline(__always)
    private static func next(_ encoded: Span<UInt8>, _ index: inout Int) -> UInt8 {
        let byte = encoded[index]
        index &+= 1
        if byte == UInt8(ascii: "+") { return 0x20 }
        guard byte == UInt8(ascii: "%"), index &+ 1 < encoded.count else { return byte }
        let high = PathBytes.hexValue(encoded[index])
        let low = PathBytes.hexValue(encoded[index &+ 1])
        guard high < 16, low < 16 else { return byte }
        index &+= 2
        return high &<< 4 | low
    }
}

/// Reads `Cookie` fields in place (RFC 6265 §4.2).
enum CookieReader {
    /// Where the value of the first cookie of this name stands. Quotes belong to the value.
    static func firstValue(_ line: Span<UInt8>, named name: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < line.count {
            while start < line.count, isBlank(line[start]) { start &+= 1 }
            var end = start
            var equals = -1
            while end < line.count, line[end] != UInt8(ascii: ";") {
                if equals < 0, line[end] == UInt8(ascii: "=") { equals = end }
                end &+= 1
            }
            if equals >= 0, Bytes.equal(line.extracting(start..<equals), name) {
                var valueEnd = end
                while valueEnd > equals &+ 1, isBlank(line[valueEnd &- 1]) { valueEnd &-= 1 }
                return (equals &+ 1)..<valueEnd
            }
            start = end &+ 1
        }
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
