internal import HTTPWire
internal import Reactor

/// What a service's caps and breaker, and a route's faults, do to a request.
extension Exchange {
    /// Takes the request's place at its service; false: it was refused, and answered.
    func enterService() -> Bool {
        guard let service else { return false }
        switch service.admit(worker) {
        case .admitted(let ticket):
            self.ticket = ticket
            return true
        case .refused(let error, let wait):
            retryAfter = wait
            refuse(error)
            return false
        }
    }

    func leaveService() {
        guard let ticket, let service else { return }
        self.ticket = nil
        service.release(ticket, worker)
    }

    /// Rounded up, at least one: `Retry-After: 0` would be a request to come back at once.
    var retryAfterSeconds: Int { max(1, Int((retryAfter + 999_999_999) / 1_000_000_000)) }

    func appendRetryAfter(_ fields: HeaderBlock) {
        let text = worker.pathBuffer
        text.removeAll()
        text.append(decimal: retryAfterSeconds)
        fields.append(.retryAfter, text.span)
    }

    // MARK: Faults

    /// Whether the request waits, or was answered, because of its route's fault.
    func rehearse(_ plan: RoutePlan) -> Bool {
        let fault = snapshot.faults[Int(plan.fault)]
        guard fault.hits(request.fields) else { return false }
        record.isRehearsal = true
        guard fault.delay > 0 else { return abort(fault) }
        keepMatch()
        let timer = FaultTimer(self)
        faultTimer = timer
        worker.loop.timers.arm(timer, at: worker.loop.now + fault.delay)
        return true
    }

    /// The delay is over.
    fileprivate func delayIsOver() {
        faultTimer = nil
        guard phase == .waiting else { return }
        restoreMatch()
        let plan = snapshot.plans[routeIndex]
        if !abort(snapshot.faults[Int(plan.fault)]) { answer(plan) }
    }

    private func abort(_ fault: CompiledFault) -> Bool {
        guard fault.abort > 0 else { return false }
        refuse(.faultInjected, status: fault.abort)
        return true
    }

    func stopFault() {
        guard let timer = faultTimer else { return }
        faultTimer = nil
        worker.loop.timers.disarm(timer)
    }

    /// Says on a response that passes that it was delayed on purpose (RFC 9209 has no error for what is none).
    func markRehearsal(_ fields: HeaderBlock) {
        let text = worker.pathBuffer
        text.removeAll()
        let name = snapshot.gatewayName
        text.append(name.span)
        text.append("; details=\"fault_injected\"")
        fields.append(.proxyStatus, text.span)
    }
}

/// A delay made on purpose. An object of its own, so that the exchange's own deadline stays what it is; only delayed
/// requests pay for it.
final class FaultTimer: TimerNode {
    private unowned let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    override func timerDidFire() { exchange.delayIsOver() }
}
