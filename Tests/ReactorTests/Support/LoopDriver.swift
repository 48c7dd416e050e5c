import Testing

@testable import Reactor

/// A loop that did not get where the test wanted it.
struct LoopIsStuck: Error, CustomStringConvertible {
    let description: String
}

extension EventLoop {
    /// Turns until `condition` holds, and throws when that takes absurdly long: a test must fail, not hang.
    func turn(
        until what: String, within seconds: Int64 = 30, _ condition: () -> Bool
    ) throws(LoopIsStuck) {
        turn(longest: 0)
        let deadline = now + seconds * 1_000_000_000
        while !condition() {
            if now > deadline {
                throw LoopIsStuck(description: "after \(seconds) s and \(turns) turns still not: \(what)")
            }
            turn(longest: 100)
        }
    }

    /// Turns a number of times without waiting: for what must not happen.
    func turnAFewTimes(_ count: Int = 10) {
        for _ in 0..<count { turn(longest: 0) }
    }
}
