import Foundation

/// A random source that can be replayed: the seed is GATEHOUSE_SEED, or drawn; every walk names it when it fails.
struct Seeded: RandomNumberGenerator {
    static let seed: UInt64 = {
        if let text = ProcessInfo.processInfo.environment["GATEHOUSE_SEED"], let seed = UInt64(text) { return seed }
        return .random(in: 1...999_999_999)
    }()

    private var state: UInt64

    /// - Parameter walk: a number of its own for each walk, so that one seed gives each another sequence.
    init(walk: UInt64) { state = Self.seed &* 0x9E37_79B9_7F4A_7C15 &+ walk &* 0xD1B5_4A32_D192_ED03 }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func chance(_ oneIn: Int) -> Bool { below(oneIn) == 0 }

    /// Up to `count` places to cut `length` bytes at, in order.
    mutating func cuts(_ length: Int, count: Int) -> [Int] {
        guard length > 1 else { return [] }
        return Set((0..<count).map { _ in 1 + below(length - 1) }).sorted()
    }
}
