internal import GatewayConfiguration
internal import Reactor
internal import Synchronization

/// One worker's hand in passive ejection: it counts how tries went, takes out endpoints that fail, and brings back those
/// that it took out. It belongs to the worker and not to a service's pool, so that a reload changes nothing for an
/// endpoint that is out.
final class Ejections: TimerNode {
    private struct Absence {
        let until: Int64
        let service: ServiceState
        let endpoint: EndpointState
    }

    /// Whose hand it is; set once, before the first request.
    weak var worker: Worker?
    private var absences: [Absence] = []

    /// A try at an endpoint has ended.
    func note(_ outcome: TryOutcome, _ service: CompiledService, _ endpoint: EndpointState, now: Int64) {
        guard let policy = service.ejection, let reason = endpoint.count(outcome, policy, now: now) else { return }
        eject(endpoint, of: service, policy, reason, now)
    }

    private func eject(
        _ endpoint: EndpointState, of service: CompiledService, _ policy: EjectionPolicy, _ reason: EjectionReason,
        _ now: Int64
    ) {
        guard let worker else { return }
        let state = service.state
        let decision = state.ejections.withLock { $0.eject(endpoint.url, policy, now: now) }
        // In any case the row begins anew: a refused ejection must not be asked for again with every failure.
        endpoint.forgetFailures()
        switch decision {
        case .alreadyOut: break
        case .atCap: worker.metrics.ejectionHeldBack(service.series)
        case .ejected(let until, let times):
            endpoint.ejectedUntil.store(until, ordering: .relaxed)
            state.changed()
            worker.metrics.ejected(service.series, reason)
            worker.log.warning(
                "an endpoint is ejected",
                [
                    "service": .text(state.name), "endpoint": .text(endpoint.url),
                    "reason": .text(reason.label.description), "seconds": .integer(Int((until - now) / 1_000_000_000)),
                    "times": .integer(times),
                ])
            absences.append(Absence(until: until, service: state, endpoint: endpoint))
            arm(worker)
        }
    }

    override func timerDidFire() {
        guard let worker else { return }
        let now = worker.loop.now
        for absence in absences where absence.until <= now { bringBack(absence, worker, now) }
        absences.removeAll { $0.until <= now }
        arm(worker)
    }

    private func bringBack(_ absence: Absence, _ worker: Worker, _ now: Int64) {
        let endpoint = absence.endpoint
        // Else somebody has decided anew since then.
        guard endpoint.ejectedUntil.load(ordering: .relaxed) == absence.until else { return }
        endpoint.forgetFailures()
        // First the ramp, then the way: nobody must see it back at full weight.
        endpoint.readySince.store(now, ordering: .relaxed)
        endpoint.ejectedUntil.store(0, ordering: .releasing)
        absence.service.changed()
        worker.log.info(
            "an ejected endpoint is back",
            ["service": .text(absence.service.name), "endpoint": .text(endpoint.url)])
    }

    private func arm(_ worker: Worker) {
        guard let next = absences.map(\.until).min() else { return }
        worker.loop.timers.arm(self, at: next)
    }

    /// The worker ends.
    func shutDown() {
        worker?.loop.timers.disarm(self)
        absences.removeAll()
    }
}
