internal import Synchronization

/// Failures in a row, counted by whoever sees them.
extension EndpointState {
    /// Counts how a try went; the reason when that makes it one too many.
    ///
    /// On the path of every request: a success with nothing to forget is one plain load. Workers may count at the same
    /// time, and a success between two failures may be seen a moment late; "five in a row" is a rule of thumb that bears
    /// it, a lock here would not be worth it.
    func count(_ outcome: TryOutcome, _ policy: EjectionPolicy, now: Int64) -> EjectionReason? {
        guard outcome.isServerError else {
            // Of an abandoned try nothing is known, not even that it would have succeeded.
            if outcome.kind != .abandoned, failures.load(ordering: .relaxed) != 0 { forgetFailures() }
            return nil
        }
        // What comes back late, or in a panic, is about the time for which it is out already.
        if ejectedUntil.load(ordering: .relaxed) > now { return nil }
        let inRow = failures.wrappingAdd(1, ordering: .relaxed).newValue
        if outcome.isGatewayFailure {
            let gatewayInRow = gatewayFailures.wrappingAdd(1, ordering: .relaxed).newValue
            let limit = policy.consecutiveGatewayFailures
            if limit > 0, gatewayInRow >= limit { return .consecutiveGatewayFailures }
        } else {
            // It did its own work, badly: the row of those that could not is broken.
            gatewayFailures.store(0, ordering: .relaxed)
        }
        return policy.consecutive5xx > 0 && inRow >= policy.consecutive5xx ? .consecutive5xx : nil
    }

    func forgetFailures() {
        failures.store(0, ordering: .relaxed)
        gatewayFailures.store(0, ordering: .relaxed)
    }
}
