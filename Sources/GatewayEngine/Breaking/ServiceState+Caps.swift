internal import Synchronization

/// The caps of a service over all workers: each place is taken before it is used and given back once.
extension ServiceState {
    /// Compare and exchange, so that no count is ever above its cap, not even for a moment.
    @inline(__always)
    static func take(_ count: borrowing Atomic<Int>, cap: Int) -> Bool {
        var taken = count.load(ordering: .relaxed)
        while taken < cap {
            let (exchanged, original) = count.weakCompareExchange(
                expected: taken, desired: taken + 1, ordering: .relaxed)
            if exchanged { return true }
            taken = original
        }
        return false
    }

    @inline(__always)
    func giveBack(_ count: borrowing Atomic<Int>) {
        let before = count.subtract(1, ordering: .relaxed).oldValue
        precondition(before > 0, "a place in the caps of \(name) was given back that nobody had taken")
    }

    func enter(cap: Int) -> Bool { Self.take(inFlight, cap: cap) }
    func leave() { giveBack(inFlight) }

    func takeConnection(cap: Int) -> Bool { Self.take(connections, cap: cap) }
    func giveBackConnection() { giveBack(connections) }

    func takePending(cap: Int) -> Bool { Self.take(pending, cap: cap) }
    func giveBackPending() { giveBack(pending) }

    /// Somebody waits, on whatever worker, while no further connection may be made: one that is idle here should go.
    func wantsConnections(cap: Int) -> Bool {
        connections.load(ordering: .relaxed) >= cap && pending.load(ordering: .relaxed) > 0
    }
}
