internal import Synchronization

/// How many retries a service may have under way at once, over all workers: a share of its active requests, and a few
/// in any case.
///
/// Without it, a service that begins to fail gets every request twice just when it can least bear it. The share follows
/// the load by itself; the floor lets a quiet service be retried at all.
///
/// Each retry takes a place when it is decided and gives it back when its try has ended, whatever came of it.
struct RetryBudget {
    let service: ServiceState
    /// Retries that may always be under way.
    let floor: Int

    /// How many may be under way while so many requests are.
    func limit(active: Int, share: Int) -> Int {
        max(floor, active * share / 10_000)
    }

    /// Takes a place; false when there is none.
    ///
    /// Compare and exchange instead of adding first: two workers that meet at the limit must not refuse each other the
    /// one place that is left.
    func take(share: Int) -> Bool {
        let limit = limit(active: service.inFlight.load(ordering: .relaxed), share: share)
        var taken = service.retries.load(ordering: .relaxed)
        while taken < limit {
            let (exchanged, original) = service.retries.weakCompareExchange(
                expected: taken, desired: taken + 1, ordering: .relaxed)
            if exchanged { return true }
            taken = original
        }
        return false
    }

    func giveBack() {
        let before = service.retries.subtract(1, ordering: .relaxed).oldValue
        precondition(before > 0, "a retry of \(service.name) was given back that nobody had taken")
    }
}
