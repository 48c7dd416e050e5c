internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor
internal import Synchronization

/// The checks of one endpoint: asks when it is time, lets the machine judge, and tells everyone what changed.
///
/// 1. The timer fires: `begin` sends the question over a connection of its own.
/// 2. `end` counts the result and gives it to `HealthCheckMachine`.
/// 3. On a change the endpoint's shared state is set, the service's generation raised, and a line is logged.
/// 4. The timer is armed for the next one.
///
/// A kind of check is what `question` sends and `CheckResult.init` judges.
final class EndpointCheck: TimerNode {
    private unowned let worker: Worker
    private let service: ServiceState
    private let endpoint: EndpointState
    private var check: CompiledHealthCheck
    private var series: SeriesID
    /// Of this check alone: see `CompiledHealthCheck.probed`.
    private var pool: EndpointPool
    private var machine = HealthCheckMachine()
    private var running: InternalRequest?
    /// Called once, after the first result.
    private var onFirstResult: (() -> Void)?

    /// - Parameter place: which of the service's endpoints.
    init(
        worker: Worker, service: CompiledService, place: Int, check: CompiledHealthCheck,
        onFirstResult: @escaping () -> Void
    ) {
        self.worker = worker
        self.service = service.state
        endpoint = service.endpoints[place].state
        self.check = check
        series = service.series
        self.onFirstResult = onFirstResult
        pool = EndpointPool(worker: worker, service: check.probed, endpoint: check.probed.endpoints[place])
        super.init()
        schedule()
    }

    /// Goes on under a newer configuration. Without a change to the check nothing changes; otherwise what is known stays,
    /// and the endpoint is soon asked in the new way.
    func adopt(_ service: CompiledService, place: Int, check: CompiledHealthCheck) {
        series = service.series
        let isSame = check.configuration == self.check.configuration
        self.check = check
        if isSame {
            pool.adopt(check.probed, check.probed.endpoints[place])
            return
        }
        running?.cancel()
        running = nil
        pool.retire()
        pool = EndpointPool(worker: worker, service: check.probed, endpoint: check.probed.endpoints[place])
        schedule()
    }

    /// Ends the checks. What they found out is forgotten: nobody would correct it any more.
    func stop() {
        cancel()
        endpoint.checkedHealth.store(.unknown, ordering: .relaxed)
        service.changed()
        reportFirstResult()
    }

    /// Ends the checks without a word, as the worker ends.
    func cancel() {
        worker.loop.timers.disarm(self)
        running?.cancel()
        running = nil
        pool.retire()
    }

    /// The first check: at once where requests wait for it.
    private func schedule() {
        let now = worker.loop.now
        let soon = HealthCheckMachine.firstCheck(check.plan, now: now, random: worker.identifiers.next())
        worker.loop.timers.arm(self, at: check.configuration.required && machine.state == .unknown ? now : soon)
    }

    override func timerDidFire() {
        machine.begin(now: worker.loop.now)
        let request = question()
        running = request
        request.send(to: pool, timeout: check.timeout)
    }

    private func question() -> InternalRequest {
        let done: (InternalRequest, Result<InternalRequest.Reply, InternalRequest.Failure>) -> Void = {
            [weak self] request, result in self?.end(request, result)
        }
        let settings = check.configuration
        switch settings.kind {
        case .tcp:
            return InternalRequest(connecting: worker, completion: done)
        case .grpc:
            // An empty message: the server as a whole is asked about.
            return InternalRequest(
                worker: worker, method: .post, target: "/grpc.health.v1.Health/Check",
                host: settings.host.map { Array($0.utf8) } ?? pool.endpoint.authority,
                fields: check.fields + [("Content-Type", "application/grpc"), ("TE", "trailers")],
                body: [0, 0, 0, 0, 0], bodyLimit: CompiledHealthCheck.bodyLimit, completion: done)
        case .http:
            return InternalRequest(
                worker: worker, method: settings.isHead ? .head : .get, target: settings.target,
                host: settings.host.map { Array($0.utf8) } ?? pool.endpoint.authority, fields: check.fields,
                bodyLimit: CompiledHealthCheck.bodyLimit, cutsBody: true, completion: done)
        }
    }

    private func end(
        _ request: InternalRequest, _ answer: Result<InternalRequest.Reply, InternalRequest.Failure>
    ) {
        running = nil
        let result = CheckResult(answer, check)
        worker.metrics.healthCheckEnded(series, result)
        switch machine.end(isSuccess: result == .success, check.plan) {
        case .unchanged: break
        case .becameHealthy(let isFirst): becameHealthy(isFirst: isFirst)
        case .becameUnhealthy: becameUnhealthy(result, answer)
        }
        reportFirstResult()
        let next = machine.nextCheck(check.plan, now: worker.loop.now, random: worker.identifiers.next())
        worker.loop.timers.arm(self, at: next)
    }

    private func becameHealthy(isFirst: Bool) {
        // One that was never down was there from the start and need not ramp up.
        if !isFirst { endpoint.readySince.store(worker.loop.now, ordering: .relaxed) }
        endpoint.forgetFailures()
        endpoint.checkedHealth.store(.healthy, ordering: .relaxed)
        service.changed()
        worker.log.log(
            isFirst ? .debug : .info, "an endpoint is healthy",
            ["service": .text(service.name), "endpoint": .text(endpoint.url)])
    }

    private func becameUnhealthy(
        _ result: CheckResult, _ answer: Result<InternalRequest.Reply, InternalRequest.Failure>
    ) {
        endpoint.checkedHealth.store(.unhealthy, ordering: .relaxed)
        service.changed()
        var reason = result.label.description
        if result == .status, case .success(let reply) = answer { reason += " \(reply.status)" }
        worker.log.warning(
            "an endpoint is unhealthy",
            ["service": .text(service.name), "endpoint": .text(endpoint.url), "reason": .text(reason)])
    }

    private func reportFirstResult() {
        let report = onFirstResult
        onFirstResult = nil
        report?()
    }
}
