internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor
internal import Synchronization

/// Tries at endpoints: one, and where it does no harm another.
///
/// 1. `tryEndpoint` picks an endpoint and leases a connection; `sendRequest` follows when it is there.
/// 2. A try ends by a head of a response (`passHead`), or by `failTry`, whatever the reason.
/// 3. After a failure the retry policy decides: a further try after a pause, at another endpoint where there is one, or
///    the failure becomes the answer. The deadline of the whole request goes on through all of it.
/// 4. `wake` is the one alarm between or within tries: the pause is over, or it is time to hedge.
extension Exchange {
    /// Why a try did not lead to an answer.
    enum LostTry {
        case upstream(UpstreamFailure)
        /// The pool had no connection to give.
        case pool(GatewayError)
        /// `timeouts.per_try` has passed.
        case timeout
        /// A response that would be tried again, while a hedge was still open.
        case status(Int)

        /// As retries tell failures apart.
        var failure: TryFailure {
            switch self {
            case .upstream(.refusedStream): .refusedStream
            case .upstream(let failure): failure.sentNothing ? .connectFailure : .reset
            case .pool: .connectFailure
            case .timeout: .timeout
            case .status(let status): .status(status)
            }
        }

        /// What the client hears when it stays at that.
        var error: GatewayError {
            switch self {
            case .upstream(.refused): .upstreamConnectRefused
            case .upstream(.connect): .upstreamConnectFailed
            case .upstream(.connectTimeout): .upstreamConnectTimeout
            case .upstream(.tls(let reason)):
                reason.isAboutCertificate ? .upstreamCertificateInvalid : .upstreamTLSFailed
            case .upstream(.refusedStream), .upstream(.closedEarly), .status: .upstreamReset
            case .upstream(.incomplete): .upstreamIncomplete
            case .upstream(.invalid(let error)): GatewayError(response: error)
            case .pool(let error): error
            case .timeout: .upstreamTimeout
            }
        }
    }

    /// How often one endpoint may say that it has not looked at the request, before another one is asked.
    private static let refusalLimit = 2

    // MARK: Beginning a try

    func tryEndpoint() {
        let (worker, snapshot) = (self.worker, self.snapshot)
        let now = worker.loop.now
        guard let service,
            let picked = service.pick(&worker.identifiers, for: affinity, after: triedEndpoints, now: now)
        else { return refuse(.noEndpoint) }
        endpoint = picked
        picked.state.inFlight.add(1, ordering: .relaxed)
        tryStart = now
        let plan = snapshot.plans[routeIndex]
        let perTry = plan.perTryTimeout >= 0 ? plan.perTryTimeout : service.service.perTryTimeout
        if perTry < Deadline.never { tryDeadline = tryStart + perTry }
        worker.metrics.upstreamStarted(picked.service.series)
        record.endpoint = Int32(truncatingIfNeeded: label(of: picked))
        addressesTried = 0
        refusals = 0
        triesMade += 1
        let hedging = snapshot.hedge(for: plan, of: service.service)
        if HedgePolicy.applies(hedging, to: request.method) { wakeAt = tryStart + hedging.after }
        armWaiting()
        lease(from: picked)
    }

    /// The endpoint's name in the log: labels count within the snapshot that this request began with, and pools go on
    /// into the next one.
    func label(of picked: EndpointPool) -> Int {
        if view === worker.view { return picked.endpoint.label }
        let service = snapshot.services[Int(record.service)]
        return service.endpoints.first { $0.state === picked.state }?.label ?? -1
    }

    func lease(from pool: EndpointPool) {
        record.attempts &+= 1
        addressesTried += 1
        switch pool.lease(for: self) {
        case .connection(let connection):
            upstream = connection
            sendRequest(on: connection)
        case .pending:
            if upstream == nil { isWaitingInPool = true }
        case .failed(let error):
            // Of a full queue the endpoint is not to blame.
            if error != .overloaded { noteTry(.connectFailure) }
            failTry(.pool(error))
        }
    }

    /// A place in the pool, or the name's address, has come.
    func goOn(from pool: EndpointPool) {
        isWaitingInPool = false
        record.attempts &-= 1
        addressesTried -= 1
        lease(from: pool)
    }

    // MARK: The end of a try

    /// Tells the service how the present try went; once for each.
    func noteTry(_ kind: TryOutcome.Kind, status: UInt16 = 0) {
        guard tryStart >= 0, let endpoint, let service else { return }
        let now = worker.loop.now
        let outcome = TryOutcome(kind: kind, status: status, latency: now - tryStart)
        service.note(outcome, at: endpoint, now: now)
        tryStart = -1
    }

    /// The connection has failed.
    func tryFailed(_ failure: UpstreamFailure) {
        upstream = nil
        if phase == .responding {
            record.error = .upstreamIncomplete
            breakOff()
            return
        }
        if isReplacing { return answerReplaced() }
        if isAnswerHeld {
            // The answer had begun: it is not asked for twice.
            return refuse(LostTry.upstream(failure).error)
        }
        switch failure {
        case .tls(let reason) where reason.isAboutCertificate:
            // Who answers for this name is not to be trusted: no other address is asked.
            noteTry(.connectFailure)
        case .refused, .connect, .connectTimeout, .tls:
            // Another address of the same name may do better.
            if let endpoint, addressesTried < endpoint.addressCount { return lease(from: endpoint) }
            noteTry(.connectFailure)
        case .refusedStream:
            // Another connection to the same endpoint may be welcome: this one may only have come to its end.
            if refusals < Self.refusalLimit && isBodyAtHand, let endpoint {
                refusals += 1
                if bodyHasBegun { downstream?.pauseBody() }
                return lease(from: endpoint)
            }
            noteTry(.broken)
        case .closedEarly(let reused):
            // The connection had waited in the pool and was closed meanwhile: no fault of this request.
            if reused && isRepeatable, let endpoint { return lease(from: endpoint) }
            noteTry(.broken)
        case .incomplete, .invalid:
            noteTry(.broken)
        }
        failTry(.upstream(failure))
    }

    /// The try is lost: another one, or the answer is the failure.
    func failTry(_ failure: LostTry) {
        if case .timeout = failure { noteTry(isEndpointToBlame ? .timeout : .abandoned) }
        if let endpoint { triedEndpoints.append(endpoint) }
        leaveTry()
        if !hedges.isEmpty {
            // Another one may still come through, and takes this one's place.
            lostTry = failure
            return armWaiting()
        }
        // A full pool is full for a second try as well.
        if case .pool(.overloaded) = failure { return refuse(.overloaded) }
        if let pause = pauseBeforeRetry(failure.failure) { tryAgain(after: pause) } else { refuse(failure.error) }
    }

    /// A hedge has failed. If the try beside it has as well, that was all.
    func hedgeFailed(_ hedge: HedgeRequest) {
        hedges.removeAll { $0 === hedge }
        guard hedges.isEmpty, let lost = lostTry else { return }
        lostTry = nil
        failTry(lost)
    }

    /// Whether a response that says that the endpoint cannot answer is thrown away for a further try, or because a hedge
    /// is still open. The last one is passed on as it came.
    func retriesInstead(of status: Int) -> Bool {
        guard status >= 400 else { return false }
        if !hedges.isEmpty {
            guard retryRules.names(status: status) else { return false }
            failTry(.status(status))
            return true
        }
        let wait = RetryPolicy.retryAfter(response.fields)
        guard let pause = pauseBeforeRetry(.status(status), retryAfter: wait) else { return false }
        if let endpoint { triedEndpoints.append(endpoint) }
        leaveTry()
        tryAgain(after: pause)
        return true
    }

    func tryAgain(after pause: Int64) {
        downstream?.pauseBody()
        wakeAt = worker.loop.now + pause
        armWaiting()
    }

    /// How long to wait before a further try; nil: this was the last. A place in the budget is taken with it.
    func pauseBeforeRetry(_ failure: TryFailure, retryAfter: Int64 = -1) -> Int64? {
        guard let service else { return nil }
        giveBackRetry()
        let situation = RetryPolicy.Situation(
            failure: failure, method: request.method, retriesMade: triesMade - 1,
            hasIdempotencyKey: RetryPolicy.hasIdempotencyKey(request.fields), bodyIsKept: isBodyAtHand,
            hasOtherEndpoint: service.endpoints.count > 1, retryAfter: retryAfter,
            remaining: requestDeadline - worker.loop.now)
        let decision = RetryPolicy.decide(
            situation, retryRules, budget: service.service.retryBudget, random: worker.identifiers.next())
        guard case .retry(let pause) = decision else { return nil }
        heldRetry = service.service.retryBudget
        return pause
    }

    /// The place in the budget is free again.
    func giveBackRetry() {
        guard let budget = heldRetry else { return }
        heldRetry = nil
        budget.giveBack()
    }

    /// The route's rules, else the service's.
    var retryRules: CompiledRetries {
        guard let service, routeIndex >= 0 else { return CompiledRetries(RetriesConfiguration()) }
        return snapshot.retries(for: snapshot.plans[routeIndex], of: service.service)
    }

    /// All that was taken of the body can be sent again.
    var isBodyAtHand: Bool { !bodyHasBegun || keepsBody || framing.isEmpty }

    /// Lets go of the endpoint, with whatever is under way there.
    func leaveTry() {
        guard let endpoint else { return }
        self.endpoint = nil
        tryDeadline = Deadline.never
        if isWaitingInPool {
            isWaitingInPool = false
            endpoint.forget(self)
        }
        if tryStart >= 0 { tellAbandoned(endpoint) }
        if let upstream {
            self.upstream = nil
            upstream.cancel()
        }
        endpoint.state.inFlight.subtract(1, ordering: .relaxed)
        worker.metrics.upstreamFinished(endpoint.service.series)
    }

    private func tellAbandoned(_ endpoint: EndpointPool) {
        let now = worker.loop.now
        service?.note(TryOutcome(kind: .abandoned, latency: now - tryStart), at: endpoint, now: now)
        tryStart = -1
    }

    // MARK: Time

    /// The one timer stands at the nearest of the three: the whole request's end, this try's end, the alarm.
    func armWaiting() {
        let next = min(requestDeadline, tryDeadline, wakeAt)
        if next < Deadline.never { worker.loop.timers.arm(self, at: next) } else { worker.loop.timers.pause(self) }
    }

    func waitingTimerDidFire() {
        if isAnswerHeld { return heldTimerDidFire() }
        let now = worker.loop.now
        if now >= requestDeadline {
            // As long as no service is involved it is the time of Swift code.
            if let program, service == nil { return refuse(program.timeoutError) }
            if isCall, prolongCall(now) { return armWaiting() }
            if upstream != nil { noteTry(isEndpointToBlame ? .timeout : .abandoned) }
            refuse(isWaitingInPool && upstream == nil ? endpointTimeoutError : .upstreamTimeout)
        } else if now >= wakeAt {
            wakeAt = Deadline.never
            wake()
        } else if now >= tryDeadline {
            tryDeadline = Deadline.never
            failTry(.timeout)
        } else {
            armWaiting()
        }
    }

    private func wake() {
        if endpoint == nil {
            tryEndpoint()
        } else {
            startHedge()
            armWaiting()
        }
    }

    /// Whether the time that ran out was the endpoint's: it has the whole request, and nobody has shortened its time.
    private var isEndpointToBlame: Bool { !halfClosed && downstream?.isRequestComplete == true }

    private var endpointTimeoutError: GatewayError {
        if let endpoint, case .resolving = endpoint.addresses.state { .nameResolutionTimeout } else { .upstreamTimeout }
    }
}
