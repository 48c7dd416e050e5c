import Synchronization

@testable import RateLimits

let second: Int64 = 1_000_000_000

/// A time so many nanoseconds behind a beginning that lies on no round number: the wall clock shows
/// 2024-02-28T23:00:00Z.
func at(_ nanoseconds: Int64) -> LimitTime {
    LimitTime(monotonic: 5_000_000_007 + nanoseconds, epoch: 1_709_161_200 * second + nanoseconds)
}

extension LimitStore {
    /// A store with a secret of its own.
    convenience init(keys: Int = 100_000, shards: Int = 8) {
        self.init(limits: Limits(keys: keys, shards: shards), secret: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
    }

    /// Decides one limit for one key.
    func decide(_ limit: RateLimit, _ key: String, at now: LimitTime) -> LimitOutcome {
        let check = LimitCheck()
        check.add(limit, key)
        decide(check, at: now)
        return check.items[0].outcome
    }

    /// How many of so many requests at one moment are admitted.
    func admitted(_ count: Int, of limit: RateLimit, _ key: String, at now: LimitTime) -> Int {
        (0..<count).reduce(0) { sum, _ in sum + (decide(limit, key, at: now).isAllowed ? 1 : 0) }
    }
}

extension LimitCheck {
    convenience init(_ limits: [(RateLimit, String)]) {
        self.init()
        for (limit, key) in limits { add(limit, key) }
    }

    @discardableResult
    func add(_ limit: RateLimit, _ key: String) -> Bool {
        let key = Array(key.utf8)
        return add(limit, key: key.span)
    }
}

func text(_ write: (inout [UInt8]) -> Void) -> String {
    var bytes: [UInt8] = []
    write(&bytes)
    return String(decoding: bytes, as: UTF8.self)
}

/// What several threads count together.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func increment() { count.wrappingAdd(1, ordering: .relaxed) }
}
