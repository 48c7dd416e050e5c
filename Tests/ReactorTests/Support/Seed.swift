#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Random numbers that can be had again: `GATEHOUSE_SEED=<seed> swift test --filter <test>` replays a failure, whose
/// message shows the seed.
struct SeededRandom: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init() {
        // Only read, before any thread could change the environment.
        let given = unsafe getenv("GATEHOUSE_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
        seed = given ?? UInt64.random(in: 0 ... .max)
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
