internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import Reactor

/// Requests that somebody else decides about (`forward`).
///
/// 1. It is asked by a GET that tells method, URI, host, scheme and client in `X-Forwarded-*` fields, with the fields of
///    the request that the configuration names. The body stays here.
/// 2. 2xx lets the request on, with the named fields of the answer.
/// 3. Any other status below 500 is the answer to the client, body and fields as they came: a challenge, a way to sign in.
/// 4. 5xx and no answer are its failure: 503, or on as nobody.
extension Exchange {
    func authenticateByForward(_ auth: CompiledAuth) -> CredentialOutcome {
        guard let forward = auth.forward else { return .absent }
        guard let pool = worker.authorities.pool(to: forward.authority) else {
            // Nothing has been waited for: the failure is known at once.
            return forwardFailed(.authorityUnreachable, forward) ? .passed : .stopped
        }
        identityWait &+= 1
        let number = identityWait
        let call = InternalRequest(
            worker: worker, method: .get, target: forward.authority.target.target, host: forward.authority.host,
            lines: forwardLines(forward), bodyLimit: settings.bufferedBody
        ) { [unowned self] call, result in
            // It may be over before the request has begun to wait.
            worker.loop.afterThis { self.forwardAnswered(call, result, auth, forward, number) }
        }
        authorityCall = call
        call.send(to: pool, timeout: forward.timeout)
        return .stopped
    }

    private func forwardAnswered(
        _ call: InternalRequest, _ result: Result<InternalRequest.Reply, InternalRequest.Failure>,
        _ auth: CompiledAuth, _ forward: CompiledForward, _ number: UInt64
    ) {
        guard isWaitingForIdentity(number) else { return }
        authorityCall = nil
        switch result {
        case .failure(let failure):
            if forwardFailed(CredentialFault(failure), forward) { resumePolicies() }
        case .success(let reply) where reply.status >= 500:
            if forwardFailed(.authorityBroken, forward) { resumePolicies() }
        case .success(let reply) where reply.status < 300:
            worker.metrics.credentialChecked(CredentialCheck(.forward, .accepted))
            accept(call.response.fields, forward)
            resumePolicies()
        case .success(let reply):
            worker.metrics.credentialChecked(CredentialCheck(.forward, .refused))
            record.credentialFault = .denied
            answer(reply, call.response.fields)
        }
    }

    /// True: the request goes on all the same.
    private func forwardFailed(_ fault: CredentialFault, _ forward: CompiledForward) -> Bool {
        worker.authorities.warn(of: forward.authority, fault)
        guard forward.letsPassOnFailure else {
            refuseUnjudged(fault, .forward)
            return false
        }
        worker.metrics.credentialChecked(CredentialCheck(.forward, .unavailable))
        record.credentialFault = fault
        remainNobody(.unknowable)
        return true
    }

    private func accept(_ answer: HeaderBlock, _ forward: CompiledForward) {
        caller = .known
        if let subject = forward.subject {
            let index = answer.firstIndex(named: subject.lower.span)
            if index >= 0 { become(subject: Bytes.copy(answer.value(index))) }
        }
        let fields = request.fields
        for name in forward.responseFields {
            var index = answer.firstIndex(named: name.lower.span)
            while index >= 0 {
                fields.append(name: name.written.span, value: answer.value(index))
                index = answer.firstIndex(named: name.lower.span, after: index)
            }
        }
    }

    /// Its refusal goes to the client, but for what belongs to the connection it came by.
    private func answer(_ reply: InternalRequest.Reply, _ received: HeaderBlock) {
        FieldRules.stripHopByHop(received)
        response.removeAll()
        response.status = reply.status
        let fields = response.fields
        for index in 0..<received.count {
            let field = received.field(index)
            // The length is told by the body at hand, the date by this gateway.
            if field.isRemoved || field.known == .contentLength || field.known == .date { continue }
            fields.append(name: received.name(index), value: received.value(index))
        }
        let body = reply.body
        respond(body.span)
    }

    // MARK: The question

    private func forwardLines(_ forward: CompiledForward) -> [UInt8] {
        let fields = request.fields
        let buffer = worker.bodyBuffer
        buffer.removeAll()
        line("X-Forwarded-Method: ", fields.bytes(request.methodText), buffer)
        // What a trusted proxy in front says of these is what the client asked.
        let isTrusted = client?.isTrusted ?? false
        let scheme = isTrusted ? fields.firstIndex(of: .xForwardedProto) : -1
        buffer.append("X-Forwarded-Proto: " as StaticString)
        if scheme >= 0 { buffer.append(fields.value(scheme)) } else { buffer.append(self.scheme) }
        buffer.append("\r\n" as StaticString)
        let host = isTrusted ? fields.firstIndex(of: .xForwardedHost) : -1
        line("X-Forwarded-Host: ", host >= 0 ? fields.value(host) : fields.bytes(originalAuthority), buffer)
        buffer.append("X-Forwarded-Uri: " as StaticString)
        buffer.append(fields.bytes(publicPath))
        if request.hasQuery {
            buffer.append(byte: UInt8(ascii: "?"))
            buffer.append(fields.bytes(request.query))
        }
        buffer.append("\r\nX-Forwarded-For: " as StaticString)
        var address = LineWriter(capacity: 64)
        address.append(addressHigh: record.clientHigh, low: record.clientLow)
        buffer.append(address.span)
        buffer.append("\r\n" as StaticString)
        line("X-Request-Id: ", fields.bytes(record.requestID), buffer)
        let trace = fields.firstIndex(of: .traceparent)
        if trace >= 0 { line("traceparent: ", fields.value(trace), buffer) }
        buffer.append("User-Agent: gatehouse\r\n" as StaticString)
        for name in forward.requestFields {
            var index = fields.firstIndex(named: name.lower.span)
            while index >= 0 {
                buffer.append(name.written.span)
                buffer.append(": " as StaticString)
                buffer.append(fields.value(index))
                buffer.append("\r\n" as StaticString)
                index = fields.firstIndex(named: name.lower.span, after: index)
            }
        }
        return Bytes.copy(buffer.span)
    }

    private func line(_ name: StaticString, _ value: Span<UInt8>, _ buffer: WireBuffer) {
        if value.isEmpty { return }
        buffer.append(name)
        buffer.append(value)
        buffer.append("\r\n" as StaticString)
    }
}
