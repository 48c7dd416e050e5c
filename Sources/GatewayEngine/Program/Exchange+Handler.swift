internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// A route whose answer is a handler in Swift.
///
/// 1. `handle`: the policies have let the request pass. Its deadline runs from here on, and its body is read as a whole,
///    up to `limits.buffered_body`.
/// 2. `runHandler`: the handler gets a copy of the request, on the loop's executor (`ProgramRun`). This exchange waits:
///    for the handler, for its client to go, and for the deadline; each ends it, and cancels the handler's task.
/// 3. `handlerIsDone`: its answer goes out as an endpoint's does. What it throws becomes an error of the gateway, and the
///    log learns the reason.
/// 4. A streamed answer is written by a second task (`stream`), no faster than the client takes it.
extension Exchange {
    private static let longest: Int64 = 30_000_000_000

    func handle(_ handler: CompiledHandler, _ route: RoutePlan) {
        record.handler = handler.label
        record.handlerSeries = handler.series
        guard let downstream else { return }
        if wantsTunnel { return refuse(.upgradeNotSupported) }
        let limit = route.requestTimeout >= 0 ? route.requestTimeout : Self.longest
        setDeadline(limit)
        let run = programRun(of: downstream)
        run.timeoutError = .handlerTimeout
        keepMatch()
        if framing.isEmpty || isBodyReplaced || isBodyHeld { return runHandler(handler, run) }
        // Nobody sends a body in vain.
        guard worker.hasProgramPlace else { return refuse(.handlerOverloaded) }
        bodyLimit = min(bodyLimit, snapshot.configuration.limits.bufferedBody)
        if case .length(let length) = framing, length > bodyLimit { return refuse(.bodyTooLarge) }
        run.isGathering = true
        bodyHasBegun = true
        if request.expectsContinue {
            response.removeAll()
            response.status = 100
            downstream.sendInformational(response)
        }
        downstream.startBody()
    }

    /// The one run of this request.
    func programRun(of downstream: DownstreamStream) -> ProgramRun {
        if let program { return program }
        let run = ProgramRun(self, of: downstream)
        program = run
        return run
    }

    /// The time that code may take from now on; when it is over, `waitingTimerDidFire` refuses.
    func setDeadline(_ limit: Int64) {
        requestDeadline = limit < Deadline.never ? worker.loop.now + limit : Deadline.never
        if requestDeadline < Deadline.never {
            worker.loop.timers.arm(self, at: requestDeadline)
        } else {
            worker.loop.timers.pause(self)
        }
    }

    /// All of the client's body is in `keptBody`.
    func bodyIsGathered(by run: ProgramRun) {
        run.isGathering = false
        guard phase == .waiting, case .handler(let handler) = snapshot.plans[routeIndex].way else { return }
        runHandler(handler, run)
    }

    private func runHandler(_ handler: CompiledHandler, _ run: ProgramRun) {
        guard let code = handler.body else { return refuse(.handlerFailed) }
        let body = keptBody
        keptBody = []
        let call = ProgramCall(request: programRequest(body: body), run: run)
        let hasStarted = run.start(
            { await code(call) }, then: { exchange, outcome in exchange.handlerIsDone(outcome, run) })
        if !hasStarted { refuse(.handlerOverloaded) }
    }

    // MARK: The answer

    private func handlerIsDone(_ outcome: ProgramOutcome, _ run: ProgramRun) {
        guard phase == .waiting else { return }
        switch outcome {
        case .refuse(let refusal): refuse(.handlerRefused, by: refusal)
        case .failed(let failure):
            report(failure)
            refuse(failure.error)
        case .answer(let answer): send(answer, by: run, failure: .handlerFailed)
        }
    }

    /// What code answers, a handler's or a policy's.
    func send(_ answer: ProgramAnswer, by run: ProgramRun, failure error: GatewayError) {
        guard (200...599).contains(answer.status) else {
            report(ProgramFailure(error, "the status \(answer.status) is none that can be answered"))
            return refuse(error)
        }
        response.removeAll()
        response.status = answer.status
        for field in answer.fields {
            let (name, value) = (Array(field.name.utf8), Array(field.value.utf8))
            guard ProgramFields.areValid(name, value) else {
                report(ProgramFailure(error, "the field \"\(field.name)\" is none that can be sent"))
                return refuse(error)
            }
            if !ProgramFields.isFraming(name) { response.fields.append(name: name.span, value: value.span) }
        }
        switch answer.body {
        case .bytes(let bytes): sendOwn(bytes)
        case .stream(let body): stream(body, by: run)
        }
    }

    private func stream(_ body: @escaping @Sendable (ProgramWriter) async throws -> Void, by run: ProgramRun) {
        let hasBody = request.method != .head && Self.mayHaveBody(response.status)
        beginOwn(hasBody ? .chunked : .none)
        guard program === run else { return }
        guard hasBody else { return finishOwn() }
        let writer = ProgramWriter(run: run)
        _ = run.start(
            mustStart: true,
            { () -> ProgramFailure? in
                do {
                    try await body(writer)
                    return nil
                } catch {
                    return ProgramFailure(.handlerFailed, String(reflecting: type(of: error)))
                }
            },
            then: { exchange, failure in exchange.streamIsOver(failure) })
    }

    private func streamIsOver(_ failure: ProgramFailure?) {
        guard let failure else { return finishOwn() }
        report(failure)
        if phase == .waiting { return refuse(failure.error) }
        record.error = failure.error
        breakOff()
    }

    // MARK: The end

    /// For the operator: nothing of it reaches the client. Once a second at most.
    func report(_ failure: ProgramFailure) {
        guard worker.mayTellOfProgram() else { return }
        let fields = request.fields
        worker.log.error(
            "Swift code of the program has failed",
            [
                "route": .text(snapshot.routes.routes[routeIndex].name),
                "request_id": .text(fields.bytes(record.requestID).text), "code": .text("\(failure.error.code)"),
                "reason": .text(String(failure.reason.prefix(500))),
            ])
    }

    /// Nothing of the code concerns this object any more.
    func endProgram() {
        guard let run = program else { return }
        program = nil
        refusal = nil
        let calls = run.stop()
        if !calls.isEmpty { tell { $0.parts += calls } }
    }
}
