/// A key of the store: the 128-bit SipHash-1-3 of the limit's identity and the request's key, under a secret that the
/// store draws when it is made.
///
/// The table keeps this and not the text: every key costs the same 16 bytes however long a client makes its header. Two
/// keys would have to agree in 128 bits to share a count; with ten million keys the odds are one in 10^24. And since
/// nobody outside knows the secret, nobody can choose keys that fall on one place of a table or into one shard.
package struct KeyDigest: Hashable, Sendable {
    package var low: UInt64
    package var high: UInt64

    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Of bytes alone, the same in every process: what stands for a long part of a key.
    package init(of bytes: Span<UInt8>) {
        var hash = SipHash13((0, 0))
        hash.append(bytes)
        self = hash.finish()
    }

    /// The digest of a key under a limit, for which its own digest stands: that of its identity, with a secret of
    /// zeros.
    init(_ limit: KeyDigest, _ key: Span<UInt8>, secret: (UInt64, UInt64)) {
        var hash = SipHash13(secret)
        hash.append(limit.low)
        hash.append(limit.high)
        hash.append(key)
        self = hash.finish()
    }
}

/// SipHash-1-3 with 128 bits of output (Aumasson and Bernstein). The standard library's `Hasher` is the same function,
/// but gives 64 bits and takes no secret of the caller's.
struct SipHash13 {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var tail: UInt64 = 0
    private var count = 0

    init(_ secret: (UInt64, UInt64)) {
        v0 = secret.0 ^ 0x736f_6d65_7073_6575
        v1 = secret.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
        v2 = secret.0 ^ 0x6c79_6765_6e65_7261
        v3 = secret.1 ^ 0x7465_6462_7974_6573
    }

    private mutating func round() {
        v0 &+= v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 &+= v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 &+= v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }

    private mutating func take(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
    }

    /// Eight bytes at once, where a multiple of eight went before.
    mutating func append(_ word: UInt64) {
        take(word)
        count &+= 8
    }

    mutating func append(_ bytes: Span<UInt8>) {
        var index = 0
        if count & 7 == 0 {
            // Read within the closure only, and as far as eight bytes are left.
            unsafe bytes.withUnsafeBytes { bytes in
                while index &+ 8 <= bytes.count {
                    append(UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
                    index &+= 8
                }
            }
        }
        while index < bytes.count {
            tail |= UInt64(bytes[index]) << UInt64((count & 7) * 8)
            count &+= 1
            index &+= 1
            if count & 7 == 0 {
                take(tail)
                tail = 0
            }
        }
    }

    mutating func finish() -> KeyDigest {
        take(tail | UInt64(truncatingIfNeeded: count & 0xFF) << 56)
        v2 ^= 0xee
        for _ in 0..<3 { round() }
        let low = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<3 { round() }
        return KeyDigest(low: low, high: v0 ^ v1 ^ v2 ^ v3)
    }
}
