/// Brings path text of the configuration into the form that normalised requests have, so that both can be compared and
/// joined byte by byte.
///
/// What a person writes is more liberal than what a request line may carry: `/café` is fine in a file and stands for
/// `/caf%C3%A9`, `/a%2db` for `/a-b`.
enum CanonicalText {
    /// The canonical bytes; nil when a `%` has no two hexadecimal digits behind it. Slashes stay as they are.
    static func path(_ text: some Collection<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                if PathBytes.isVisible(byte), byte != UInt8(ascii: "?"), byte != UInt8(ascii: "#") {
                    result.append(byte)
                } else {
                    escape(byte, into: &result)
                }
                continue
            }
            guard let first = iterator.next(), let second = iterator.next() else { return nil }
            let high = PathBytes.hexValue(first)
            let low = PathBytes.hexValue(second)
            guard high < 16, low < 16 else { return nil }
            let value = high << 4 | low
            if PathBytes.isUnreserved(value) { result.append(value) } else { escape(value, into: &result) }
        }
        return result
    }

    /// A query of the configuration: bytes that a request line cannot carry are escaped, all else stays.
    static func query(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text.utf8 {
            if PathBytes.isVisible(byte), byte != UInt8(ascii: "#") {
                result.append(byte)
            } else {
                escape(byte, into: &result)
            }
        }
        return result
    }

    private static func escape(_ byte: UInt8, into result: inout [UInt8]) {
        result.append(UInt8(ascii: "%"))
        result.append(PathBytes.hexDigit(byte >> 4))
        result.append(PathBytes.hexDigit(byte & 15))
    }
}
