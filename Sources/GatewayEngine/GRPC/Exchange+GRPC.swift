internal import HTTPWire
internal import Reactor

/// Calls of gRPC: requests like others, but for how their end is told and how their time is limited.
///
/// 1. `begin` sees by the media type that it is one (`noteCall`).
/// 2. `grpc-timeout` bounds the whole call, to its last message; the endpoint is told what is left of it (`boundCall`).
/// 3. A call that ends before any message tells by its head how; that may be a reason for a further try
///    (`callEndsWithoutMessage`).
/// 4. The gateway's own refusals are an answer without messages: status 200, and `grpc-status` where fields stand.
/// 5. A call that breaks off after its head ends with `grpc-status` as trailers, where the client's protocol has them.
/// Calls of gRPC-Web are translated to these when they come in (`Exchange+GRPCWeb.swift`).
extension Exchange {
    func noteCall() {
        let fields = request.fields
        let index = fields.firstIndex(of: .contentType)
        guard index >= 0, let form = CallForm(fields.value(index)) else { return }
        switch form {
        case .plain: isCall = true
        // Only where the route says so is it anything but a request like others.
        case .web: web = WebCall(isText: false)
        case .webText: web = WebCall(isText: true)
        }
    }

    /// The call may go on for as long as both sides have something to say: not the general limits of bodies and times hold
    /// for it, but the silence of its stream. Only for services that speak HTTP/2, since anybody can write a media type.
    var isPatient: Bool { isCall && service?.service.maySpeakHTTP2 == true }

    /// Takes the caller's own limit into account.
    ///
    /// - Parameter limit: how long the endpoint has to begin its answer.
    func boundCall(_ limit: Int64, _ plan: RoutePlan) {
        callDeadline = Deadline.never
        callLimit = limit
        callHeardAt = worker.loop.now
        if isPatient && plan.requestBody < 0 { bodyLimit = .max }
        let fields = request.fields
        let name = GRPCTimeout.name
        let index = fields.firstIndex(named: name.span)
        guard index >= 0, let limit = GRPCTimeout.nanoseconds(fields.value(index)) else { return }
        let (due, isTooLarge) = startedAt.addingReportingOverflow(limit)
        callDeadline = isTooLarge ? Deadline.never : due
        requestDeadline = min(requestDeadline, callDeadline)
    }

    /// The time for the answer's head is over. While the caller still speaks, the endpoint may be listening: it gets as much
    /// time again, until the stream has been silent for too long. False: it really is over.
    func prolongCall(_ now: Int64) -> Bool {
        guard isPatient, !halfClosed, now < callDeadline, callLimit < Deadline.never, upstream != nil,
            downstream?.isRequestComplete == false
        else {
            return false
        }
        let silence = streamIdle < Deadline.never ? callHeardAt + streamIdle : Deadline.never
        guard now < silence else { return false }
        requestDeadline = min(now + callLimit, silence, callDeadline)
        return true
    }

    /// The caller has said all that it had to say: from now on the endpoint has the time that others have from the start.
    func callIsComplete() {
        guard isPatient, phase == .waiting, !halfClosed, callLimit < Deadline.never else { return }
        requestDeadline = min(worker.loop.now + callLimit, callDeadline)
        if !isAnswerHeld { armWaiting() }
    }

    /// Tells the endpoint how much of the caller's time is left.
    func passCallLimit() {
        guard callDeadline < Deadline.never else { return }
        let fields = request.fields
        let name = GRPCTimeout.name
        fields.removeAll(named: name.span, foldingUnderscores: true)
        let value = worker.pathBuffer
        value.removeAll()
        GRPCTimeout.write(callDeadline - worker.loop.now, into: value)
        fields.append(name: name.span, value: value.span)
    }

    // MARK: The end

    /// Looks at the head of an answer for the end of the call, and counts the try by it. True: there is a further one.
    func callEndsWithoutMessage(_ framing: BodyFraming) -> Bool {
        let fields = response.fields
        let status = framing.isEmpty ? GRPCStatus.number(in: fields) : nil
        record.callStatus = status.map { Int8($0) } ?? -1
        noteTry(.response, status: status.map(GRPCStatus.httpStatus) ?? UInt16(truncatingIfNeeded: response.status))
        guard let status, status != 0, let service else { return false }
        guard let pause = pauseBeforeRetry(.call(status), retryAfter: GRPCStatus.pushback(fields)) else { return false }
        if service.endpoints.count > 1, let endpoint { triedEndpoints.append(endpoint) }
        leaveTry()
        record.callStatus = -1
        tryAgain(after: pause)
        return true
    }

    /// The answer is complete: how the call ended stands behind it.
    func noteCallEnd(_ trailers: HeaderBlock?) {
        if record.callStatus < 0, let trailers, let status = GRPCStatus.number(in: trailers) {
            record.callStatus = Int8(status)
        }
        if let web, web.translatesAnswer, let trailers { sendWebTrailers(trailers) }
    }

    /// The gateway's refusal in the words of gRPC. `response` gets the fields that other refusals have, too.
    func refuseCall(_ error: GatewayError, message: StaticString?) {
        response.removeAll()
        response.status = 200
        let fields = response.fields
        fields.append(.contentType, web?.answerType ?? "application/grpc")
        let status = GRPCStatus(error)
        record.callStatus = Int8(status.rawValue)
        status.write(to: fields, message: message ?? error.message, scratch: worker.pathBuffer)
        if error == .rateLimited {
            let wait = worker.pathBuffer
            wait.removeAll()
            wait.append(decimal: retryAfterSeconds * 1_000)
            let name = GRPCStatus.pushbackName
            fields.append(name: name.span, value: wait.span)
        }
        let proxyStatus = worker.pathBuffer
        proxyStatus.removeAll()
        let name = snapshot.gatewayName
        ErrorBody.writeProxyStatus(error, gateway: name.span, into: proxyStatus)
        fields.append(.proxyStatus, proxyStatus.span)
        if !challenge.isEmpty {
            let challenge = challenge
            fields.append(.wwwAuthenticate, challenge.span)
        }
        web?.translatesAnswer = false
        respond(Span())
    }

    /// Ends a call whose head was sent with the error as its status. False: nothing but a reset can tell.
    func endCall(_ downstream: DownstreamStream?) -> Bool {
        guard isCall, let downstream, reshaping == nil, !coder.isActive, let error = record.error else { return false }
        let canTell =
            web.map { $0.translatesAnswer && $0.isBetweenMessages }
            ?? (downstream.version == .http2 && hasResponseTrailers)
        guard canTell else { return false }
        let status = GRPCStatus(error)
        record.callStatus = Int8(status.rawValue)
        let trailers = responseTrailers
        trailers.removeAll()
        status.write(to: trailers, message: error.message, scratch: worker.pathBuffer)
        if web != nil { sendWebTrailers(trailers) }
        downstream.sendEnd(trailers: web == nil ? trailers : nil)
        finish()
        return true
    }
}
