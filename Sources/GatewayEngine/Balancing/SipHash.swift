/// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of 64 bits, published with test vectors.
///
/// It has two uses here. With a fixed key it says where a request goes that is balanced by a key: the answer has to be
/// the same in every process, on every machine and in every version, which Swift's own `Hasher` refuses to be. With a
/// secret key it turns an endpoint's URL into the value of a cookie, from which nobody learns the URL by trying all
/// addresses. Bytes are fed in any pieces; only their order counts.
struct SipHash {
    struct Key: Sendable, Hashable {
        let low: UInt64
        let high: UInt64

        /// Where something is placed: never changed, or every key of every deployment would move.
        static let placement = Key(low: 0, high: 0)

        static func random() -> Key {
            var system = SystemRandomNumberGenerator()
            return Key(low: system.next(), high: system.next())
        }
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    /// Bytes that do not fill a word yet, little-endian.
    private var tail: UInt64 = 0
    private var count: UInt64 = 0

    init(_ key: Key) {
        v0 = key.low ^ 0x736f_6d65_7073_6575
        v1 = key.high ^ 0x646f_7261_6e64_6f6d
        v2 = key.low ^ 0x6c79_6765_6e65_7261
        v3 = key.high ^ 0x7465_6462_7974_6573
    }

    static func hash(_ bytes: Span<UInt8>, _ key: Key) -> UInt64 {
        var hash = SipHash(key)
        hash.update(bytes)
        return hash.finish()
    }

    static func hash(_ text: String, _ key: Key) -> UInt64 {
        var hash = SipHash(key)
        for byte in text.utf8 { hash.update(byte) }
        return hash.finish()
    }

    @inline(__always)
    mutating func update(_ byte: UInt8) {
        tail |= UInt64(byte) &<< ((count & 7) &* 8)
        count &+= 1
        if count & 7 == 0 {
            compress(tail)
            tail = 0
        }
    }

    mutating func update(_ bytes: Span<UInt8>) {
        for index in bytes.indices { update(bytes[index]) }
    }

    /// Eight bytes, the highest first.
    mutating func update(bigEndian word: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) { update(UInt8(truncatingIfNeeded: word &>> shift)) }
    }

    mutating func finish() -> UInt64 {
        compress(tail | count &<< 56)
        v2 ^= 0xFF
        for _ in 0..<4 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func compress(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    @inline(__always)
    private mutating func round() {
        v0 &+= v1
        v1 = Self.rotate(v1, 13) ^ v0
        v0 = Self.rotate(v0, 32)
        v2 &+= v3
        v3 = Self.rotate(v3, 16) ^ v2
        v0 &+= v3
        v3 = Self.rotate(v3, 21) ^ v0
        v2 &+= v1
        v1 = Self.rotate(v1, 17) ^ v2
        v2 = Self.rotate(v2, 32)
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value &<< count | value &>> (64 &- count)
    }
}
