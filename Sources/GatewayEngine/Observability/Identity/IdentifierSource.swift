/// Where request, trace and span ids come from: a generator of each worker's own, seeded once from the system.
///
/// Ids must be unique, not secret. A system call for each would cost more than forwarding a request does, so this is
/// xoshiro256** (Blackman and Vigna, 2018): 256 bits of state, a period of 2^256 - 1, four shifts and two
/// multiplications per 64 bits. Workers are seeded apart, and two ids of 122 random bits or more meet by chance about
/// once in 2^61.
///
/// Not `Copyable`, because a copy would make the same ids again.
package struct IdentifierSource: ~Copyable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// Seeded from the system's randomness.
    package init() {
        var system = SystemRandomNumberGenerator()
        self.init(seed: (system.next(), system.next(), system.next(), system.next()))
    }

    /// Seeded for a test, so that its ids are always the same ones. All zeros is the one state that the generator never
    /// leaves, and is replaced by arbitrary bits.
    package init(seed: (UInt64, UInt64, UInt64, UInt64)) {
        state = seed
        if seed.0 | seed.1 | seed.2 | seed.3 == 0 {
            state = (0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03, 0x8CB9_2BA7_2F3D_8DD7, 0xAEF1_7502_108E_F2D9)
        }
    }

    package mutating func next() -> UInt64 {
        let result = rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, by: 45)
        return result
    }

    /// For ids in which all zeros means "none".
    package mutating func nextNonZero() -> UInt64 {
        while true {
            let value = next()
            if value != 0 { return value }
        }
    }

    @inline(__always)
    private func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
