internal import ContentCodings
internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// Answers that the gateway makes itself: errors, redirects, fixed responses, pages.
extension Exchange {
    /// The head could not be read.
    func refuseHead(_ error: WireError) {
        phase = .waiting
        record.requestID = RequestID.ensure(in: request, &worker.identifiers)
        refuse(GatewayError(request: error), message: error.explanation)
    }

    /// The head did not arrive in time.
    func refuseLateHead() {
        phase = .waiting
        record.requestID = RequestID.ensure(in: request, &worker.identifiers)
        refuse(.requestTimeout)
    }

    /// The body is malformed or too large. With the response under way it can only be broken off.
    func refuseBody(_ error: GatewayError, _ cause: WireError?) {
        if phase == .responding {
            record.error = error
            breakOff()
        } else {
            refuse(error, message: cause?.explanation)
        }
    }

    func refuse(path rejection: PathRejection) {
        record.pathRejection = rejection
        refuse(.pathRejected)
    }

    func refuseMethod() {
        let allow = worker.pathBuffer
        allow.removeAll()
        let methods = snapshot.routes.allowedMethods(worker.scratch)
        snapshot.routes.appendAllow(worker.scratch, into: allow)
        if allowsPreflight(methods) { allow.append(", OPTIONS") }
        refuse(.methodNotAllowed, allow: true)
    }

    /// Answers with an error of the gateway.
    ///
    /// - Parameter issues: what is wrong with the request, told with it.
    func refuse(
        _ error: GatewayError, status: Int? = nil, message: StaticString? = nil, allow: Bool = false,
        issues: [ValidationIssue] = []
    ) {
        guard phase == .waiting else { return }
        if halfClosed {
            // Nobody waited for this answer any more.
            halfClosed = false
            if [.upstreamTimeout, .nameResolutionTimeout, .handlerTimeout, .policyTimeout].contains(error) {
                record.error = .clientClosed
                breakOff()
                return
            }
        }
        record.error = error
        if splitLane != nil { noteRefusal(error) }
        leaveEndpoint()
        if error.closesConnection { downstream?.closeAfterResponse() }
        if isCall { return refuseCall(error, message: message) }
        let format = ErrorBody.Format.negotiated(for: request.fields)
        let body = worker.bodyBuffer
        body.removeAll()
        if let refusal {
            ErrorBody.write(code: refusal.code, refusal.status, refusal.message, as: format, into: body)
        } else if error == .rateLimited {
            ErrorBody.write(error, retryAfter: retryAfterSeconds, as: format, into: body)
        } else if !issues.isEmpty {
            ErrorBody.write(error, members: [ValidationIssue.member(issues)], as: format, into: body)
        } else {
            ErrorBody.write(error, status: status, message: message, as: format, into: body)
        }
        isReplacing = false
        if let failedAggregate { append(failuresOf: failedAggregate, to: body) }
        response.removeAll()
        response.status = status ?? error.status
        let fields = response.fields
        if let form = errorForm, let custom = customBody(error, response.status, message, form) {
            body.removeAll()
            body.append(custom.span)
            let type = form.contentType
            fields.append(.contentType, type.span)
        } else {
            fields.append(.contentType, format.contentType)
        }
        if allow {
            let list = worker.pathBuffer
            fields.append(.allow, list.span)
        } else if error == .methodNotAllowed {
            fields.append(.allow, "")
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
        if response.status == 503 || error == .rateLimited { appendRetryAfter(fields) }
        if error == .requestBodyEncoded { fields.append(.acceptEncoding, ContentCoding.allNames) }
        respond(body.span)
    }

    /// Answers with an error that Swift code of the program has put into words.
    func refuse(_ error: GatewayError, by refusal: ProgramRefusal) {
        self.refusal = refusal
        refuse(error, status: min(max(refusal.status, 400), 599))
    }

    func answer(_ fixed: CompiledResponse) {
        response.removeAll()
        response.status = fixed.configuration.status
        for header in fixed.configuration.headers {
            let name = Array(header.name.utf8)
            let value = Array(header.value.utf8)
            response.fields.append(name: name.span, value: value.span)
        }
        let body = fixed.body
        respond(body.span)
    }

    func answer(_ redirect: CompiledRedirect) {
        let buffer = worker.pathBuffer
        buffer.removeAll()
        let fields = request.fields
        let route = snapshot.routes.routes[routeIndex]
        let outcome = LocationBuilder.build(
            route, redirect, scheme: scheme, authority: fields.bytes(originalAuthority),
            publicPath: fields.bytes(publicPath), path: matchedPath(), query: fields.bytes(request.query),
            hasQuery: request.hasQuery, scratch: worker.scratch, into: buffer)
        guard case .built(let range, _) = outcome else { return refuse(.pathRejected) }
        response.removeAll()
        response.status = redirect.configuration.status
        response.fields.append(.location, buffer.slice(range))
        respond(Span())
    }

    /// The same URL over https.
    func redirectToHTTPS(_ port: UInt16) {
        let fields = request.fields
        let buffer = worker.pathBuffer
        guard LocationBuilder.httpsOrigin(fields.bytes(originalAuthority), port: port, into: buffer) else {
            return refuse(.badRequest)
        }
        buffer.append(fields.bytes(publicPath))
        if request.hasQuery {
            buffer.append(byte: UInt8(ascii: "?"))
            buffer.append(fields.bytes(request.query))
        }
        response.removeAll()
        response.status = 308
        response.fields.append(.location, buffer.span)
        respond(Span())
    }

    func answerServerOptions() {
        response.removeAll()
        response.status = 204
        respond(Span())
    }

    /// Sends `response` with a body of the gateway's own.
    func respond(_ body: Span<UInt8>) {
        // What the gateway says itself is not checked.
        check?.responsePhase = .done
        let fields = response.fields
        let status = response.status
        if let failedAggregate { appendOutcome(failedAggregate) }
        appendDate(fields)
        copyRequestID(to: fields)
        demandHTTPS(fields)
        if !limitFields.isEmpty { limitFields.append(from: request.fields, to: fields) }
        appendCrossOrigin(to: fields)
        appendSecurityHeaders(to: fields)
        if let program, let passed = program.policiesPassed { editResponseByCode(program, passed) }
        let mayHaveBody = Self.mayHaveBody(status)
        if mayHaveBody {
            let length = worker.pathBuffer
            length.removeAll()
            length.append(decimal: body.count)
            fields.set(.contentLength, length.span)
        }
        record.status = UInt16(truncatingIfNeeded: status)
        record.statusSource = isReplacing ? .upstream : .gateway
        phase = .responding
        let sendsBody = mayHaveBody && request.method != .head
        leaveDecoder()
        var framing: BodyFraming = sendsBody ? .length(body.count) : .none
        if compression >= 0 { framing = beginCompression(framing) }
        downstream?.sendHead(response, framing: framing)
        if coder.encoder != nil {
            coder.isLocal = true
            passCoded(body)
            if phase == .responding { finishCoded() }
            return
        }
        if sendsBody && !body.isEmpty { downstream?.sendBody(body) }
        completeResponse(trailers: nil)
    }
}
