internal import Reactor
internal import Synchronization

/// Whether a service takes one more request, asked once for each before an endpoint is picked; and what the outcome of
/// each try teaches its breaker and its limit.
extension ServicePool {
    enum Admission: Equatable {
        /// The request has a place, which it gives back with this by `release`.
        case admitted(ServiceTicket)
        /// - Parameter wait: nanoseconds until it may be otherwise; 0: not known.
        case refused(GatewayError, wait: Int64)
    }

    /// 1. The breaker, since a service at rest gets nothing however few requests there are.
    /// 2. The cap on requests, or the limit that was found for it, whichever is lower.
    func admit(_ worker: Worker) -> Admission {
        let breaker = service.breaker
        var ticket = ServiceTicket.plain
        if let circuit = service.circuit {
            let now = worker.loop.now
            let random = circuit.phase == .ramping ? worker.identifiers.next() : 0
            let (admission, entered) = circuit.admit(breaker.rule, now: now, random: random)
            if let entered { tell(entered, worker) }
            switch admission {
            case .admitted: break
            case .probe(let number): ticket = ServiceTicket(probe: number)
            case .refused(let wait):
                worker.metrics.shed(service.series)
                return .refused(.circuitOpen, wait: wait)
            }
        }
        let cap = service.adaptiveLimit.map { min($0.limit, breaker.maxRequests) } ?? breaker.maxRequests
        guard service.state.enter(cap: cap) else {
            if ticket.probe != 0 { leave(probe: ticket.probe, worker) }
            worker.metrics.shed(service.series)
            return .refused(.overloaded, wait: 0)
        }
        return .admitted(ticket)
    }

    /// The request is over.
    func release(_ ticket: ServiceTicket, _ worker: Worker) {
        service.state.leave()
        if ticket.probe != 0 { leave(probe: ticket.probe, worker) }
    }

    private func leave(probe: UInt32, _ worker: Worker) {
        if let entered = service.circuit?.probeLeft(probe, now: worker.loop.now) { tell(entered, worker) }
    }

    /// A try has come out.
    func learn(_ outcome: TryOutcome, worker: Worker, now: Int64) {
        if let circuit = service.circuit, let entered = circuit.note(outcome, service.breaker.rule, now: now) {
            tell(entered, worker)
        }
        if let limit = service.adaptiveLimit {
            let inFlight = service.state.inFlight.load(ordering: .relaxed)
            limit.note(outcome, inFlight: inFlight, ceiling: service.breaker.maxRequests, now: now)
        }
    }

    private func tell(_ phase: BreakerMachine.Phase, _ worker: Worker) {
        worker.metrics.breakerEntered(phase, service.series)
        let name = LogValue.text(service.name)
        switch phase {
        case .open: worker.log.warning("the circuit breaker of a service is open", ["service": name])
        case .halfOpen: worker.log.info("the circuit breaker of a service tries a request", ["service": name])
        case .ramping: worker.log.info("the circuit breaker of a service lets more through", ["service": name])
        case .closed: worker.log.info("the circuit breaker of a service is closed", ["service": name])
        }
    }
}

/// A request's place among those of its service.
struct ServiceTicket: Equatable {
    /// The breaker's probe that the request is; 0: none.
    var probe: UInt32 = 0

    static let plain = ServiceTicket()
}
