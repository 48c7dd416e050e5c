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
    /// While it rests, a retry would be one request more to a service that has none to spare.
    var circuit: CircuitBreaker?

    /// How many may be under way while so many requests are.
    func limit(active: Int, share: Int) -> Int {
        max(floor, active * share / 10_000)
    }

    /// Takes a place; false when there is none, or when the service's breaker is open.
    func take(share: Int) -> Bool {
        if let circuit, circuit.isResting { return false }
        let active = service.inFlight.load(ordering: .relaxed)
        return ServiceState.take(service.retries, cap: limit(active: active, share: share))
    }

    func giveBack() { service.giveBack(service.retries) }
}
