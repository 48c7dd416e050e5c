internal import GatewayConfiguration
internal import RateLimits

/// Limits that are counted elsewhere: the request waits for them, and nobody else on the loop does.
extension Exchange {
    /// False: it was refused, and answered, or waits.
    func passes(_ set: LimitSet, _ store: RemoteLimits) -> Bool {
        let call = store.takeCall()
        fill(call.check, set)
        switch store.decide(call) {
        case .decided:
            defer { store.giveBack(call) }
            return heed(call.check, set, limitTime)
        case .unreachable:
            defer { store.giveBack(call) }
            return passes(call, set, without: store.store.configuration.onFailure)
        case .pending:
            call.exchange = self
            call.set = set
            limitCall = call
            return false
        }
    }

    /// The store has decided, or will not.
    func limitsWereAsked(_ call: LimitCall, _ set: LimitSet, _ mode: LimitStoreConfiguration.FailureMode) {
        limitCall = nil
        guard phase == .waiting else { return }
        let passes =
            call.failure == nil ? heed(call.check, set, limitTime) : passes(call, set, without: mode)
        if passes { resumePolicies() }
    }

    /// Nobody waits for the answer any more. What was asked is counted all the same, as here.
    func forgetLimits() {
        limitCall?.exchange = nil
        limitCall = nil
    }

    private func passes(
        _ call: LimitCall, _ set: LimitSet, without mode: LimitStoreConfiguration.FailureMode
    ) -> Bool {
        worker.metrics.limitDecidedWithoutStore(mode)
        switch mode {
        case .local:
            let now = limitTime
            worker.limitStore.decide(call.check, at: now)
            return heed(call.check, set, now)
        case .allow: return true
        case .deny:
            // Limits in dry run refuse nobody, with a store or without.
            guard set.limits.contains(where: { !$0.rate.isDryRun }) else { return true }
            record.limitState = .refused
            retryAfter = LimitTime.second
            refuse(.rateLimited)
            return false
        }
    }
}
