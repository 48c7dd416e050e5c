/// Where a cluster keeps a key: one of 16,384 slots, by the CRC-16 (XMODEM) of the key, or of what stands between the
/// first pair of braces in it.
///
/// Keys of limits carry a tag there that is made of the request's part of the key alone. So several limits that count by
/// the same thing (so many a second and so many a day of one client) live in one place, and are decided in one step;
/// and as it is a digest, nothing that a client sends can hold braces of its own.
package enum HashSlot {
    package static let count = 16_384
    /// Hexadecimal digits.
    static let tagLength = 16

    /// The slot of the key of one limit of a request.
    package static func of(_ check: LimitCheck, _ place: Int) -> Int {
        var sum: UInt16 = 0
        let tag = tag(of: check, place)
        for index in 0..<tagLength { sum = updated(sum, digit(tag, index)) }
        return Int(sum) & (count - 1)
    }

    static func appendTag(of check: LimitCheck, _ place: Int, to bytes: inout [UInt8]) {
        let tag = tag(of: check, place)
        for index in 0..<tagLength { bytes.append(digit(tag, index)) }
    }

    /// The sum that the cluster works out of a tag's bytes.
    static func sum(of bytes: [UInt8]) -> UInt16 { bytes.reduce(0, updated) }

    private static func tag(of check: LimitCheck, _ place: Int) -> UInt64 {
        let keys = check.keys
        let bytes = keys.span
        return KeyDigest(of: bytes.extracting(check.items[place].key)).low
    }

    private static func digit(_ tag: UInt64, _ index: Int) -> UInt8 {
        let nibble = UInt8(truncatingIfNeeded: tag >> UInt64((tagLength - 1 - index) * 4)) & 15
        return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }

    private static func updated(_ sum: UInt16, _ byte: UInt8) -> UInt16 {
        var sum = sum ^ UInt16(byte) << 8
        for _ in 0..<8 { sum = sum & 0x8000 != 0 ? sum << 1 ^ 0x1021 : sum << 1 }
        return sum
    }
}
