internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// From an endpoint's response to the client.
extension Exchange {
    func passInformational() {
        FieldRules.stripHopByHop(response.fields)
        downstream?.sendInformational(response)
    }

    func passHead(_ framing: BodyFraming) {
        let (snapshot, response) = (self.snapshot, self.response)
        if wantsTunnel && request.isExtendedConnect && response.status < 300 {
            // To the client it would say that the WebSocket is there.
            noteTry(.broken)
            return failTry(.upstream(.invalid(.badStatusLine)))
        }
        let status = UInt16(truncatingIfNeeded: response.status)
        if isCall {
            if callEndsWithoutMessage(framing) { return }
        } else {
            noteTry(.response, status: status)
        }
        if retriesInstead(of: response.status) { return }
        if splitLane != nil { noteSide(status: status) }
        cancelHedges()
        giveBackRetry()
        dropKeptBody()
        tryDeadline = Deadline.never
        wakeAt = Deadline.never
        record.upstreamFirstByte = worker.loop.now - upstreamStart
        record.status = status
        record.statusSource = .upstream
        if status >= 400, replacesUpstreamError(framing) { return }
        // HTTP/2 has a place for them behind a length, too.
        hasResponseTrailers = framing.isChunked || (response.isHTTP2 && !framing.isEmpty)
        if hasResponseTrailers { responseTrailers.removeAll() }
        let fields = response.fields
        FieldRules.stripHopByHop(fields)
        if !fields.contains(.date) { appendDate(fields) }
        if record.isRehearsal { markRehearsal(fields) }
        copyRequestID(to: fields)
        if !limitFields.isEmpty { limitFields.append(from: request.fields, to: fields) }
        appendCrossOrigin(to: fields)
        appendSecurityHeaders(to: fields)
        keepClient(fields)
        demandHTTPS(fields)
        if snapshot.addsVia {
            let via = response.isHTTP2 ? snapshot.http2Via : snapshot.via(minorVersion: response.minorVersion)
            fields.append(.via, via.span)
        }
        if let header = snapshot.attemptsHeader {
            header.set(Int(record.attempts), in: fields, scratch: worker.pathBuffer)
        }
        let answer = web == nil ? framing : beginWebAnswer(framing)
        if transformation != nil, transformResponse(answer) { return }
        sendHead(answer)
    }

    func sendHead(_ framing: BodyFraming) {
        if let check, holdsHead(framing, check) { return }
        if let program, let passed = program.policiesPassed { editResponseByCode(program, passed) }
        phase = .responding
        if min(streamIdle, callDeadline) < Deadline.never { touch() } else { worker.loop.timers.pause(self) }
        let framing = compression >= 0 || coder.wasEncoded ? beginCompression(framing) : framing
        downstream?.sendHead(response, framing: framing)
    }

    func passBody(_ bytes: Span<UInt8>) {
        if coder.isActive { return passCoded(bytes) }
        if isReplacing { return dropReplaced(bytes.count) }
        if let reshaping { return reshape(bytes, by: reshaping) }
        if let web, web.translatesAnswer { passWebBody(bytes) } else { deliver(bytes) }
        guard let downstream else { return }
        if isAnswerHeld { armHeld() } else { touch() }
        if downstream.isCongested { upstream?.pauseResponse() }
    }

    func responseIsComplete() {
        record.upstreamTotal = worker.loop.now - upstreamStart
        upstream = nil
        if coder.isActive { return finishCoded() }
        if isReplacing { return answerReplaced() }
        if let reshaping { return finishReshaping(by: reshaping) }
        completeResponse(trailers: receivedTrailers)
    }

    /// The last piece of the response: the client's side goes on to the next request, this object to the pool.
    func completeResponse(trailers: HeaderBlock?) {
        if let check, !finishResponseCheck(check) { return }
        if coder.encoder != nil { finishEncoder(trailers) }
        if isCall { noteCallEnd(trailers) }
        let downstream = self.downstream
        downstream?.sendEnd(trailers: web == nil ? trailers : nil)
        finish()
    }

    func appendDate(_ fields: HeaderBlock) {
        let date = worker.dateText()
        fields.append(.date, date.span)
    }

    /// `Strict-Transport-Security`: the gateway speaks for the host, so a service's own is replaced (RFC 6797 §7.1).
    func demandHTTPS(_ fields: HeaderBlock) {
        guard record.tls != nil, let tls = snapshot.listeners[listener].tls, !tls.hsts.isEmpty else { return }
        let value = tls.hsts
        fields.set(.strictTransportSecurity, value.span)
    }

    func copyRequestID(to fields: HeaderBlock) {
        let received = request.fields
        fields.set(.xRequestID, received.bytes(record.requestID))
    }

    /// Something of the response was sent and the rest will not come: the client must see that it is not complete.
    func breakOff() {
        let downstream = self.downstream
        if endCall(downstream) { return }
        self.downstream = nil
        downstream?.abort()
        finish()
    }
}
