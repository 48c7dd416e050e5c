internal import GatewayConfiguration

/// What operators may do; the admin API is the caller. Each takes effect with the next request of every worker, is
/// logged, and is kept in the state file. What cannot be done is thrown, and changes nothing.
extension ReleaseRegistry {
    /// Shares a route's requests out anew. Sides that are not named get none; so one name with any weight moves everything
    /// to that side at once (blue/green).
    package func setWeights(_ weights: [String: Int], of route: String) throws(ReleaseError) {
        try find(route).setWeights(weights, wall: OperationLog.wallClock())
        save()
        let text = weights.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        log?.info("weights were set", ["route": .text(route), "weights": .text(text)])
    }

    /// The configuration's weights again, without waiting for it to change.
    package func resetWeights(of route: String) throws(ReleaseError) {
        let state = try find(route)
        let file = state.read { inner in
            inner.definition?.sides.map { ($0.service, $0.weight) } ?? []
        }
        try setWeights(Dictionary(file, uniquingKeysWith: { $1 }), of: route)
        state.markAsConfigured()
        save()
    }

    /// Begins with the first step; also once the canary was promoted or rolled back.
    package func startCanary(of route: String) throws(ReleaseError) { try command(.start, route) }

    /// Keeps the candidate's share as it is, judging nothing.
    package func pauseCanary(of route: String) throws(ReleaseError) { try command(.pause, route) }

    /// Goes on with the step, which begins anew.
    package func resumeCanary(of route: String) throws(ReleaseError) { try command(.resume, route) }

    /// All requests to the candidate, at once.
    package func promoteCanary(of route: String) throws(ReleaseError) { try command(.promote, route) }

    /// None to the candidate, at once.
    package func rollBackCanary(of route: String) throws(ReleaseError) { try command(.rollBack, route) }

    package func command(_ order: CanaryOrder, _ route: String) throws(ReleaseError) {
        let state = try find(route)
        guard let news = try state.command(order, now, wall: OperationLog.wallClock()) else { return }
        tell(news, of: route, isOrdered: true)
        save()
    }
}
