internal import HTTPWire
internal import Identity
internal import Reactor

/// WebSocket: the exchange that begins as a request and goes on as two streams of bytes (RFC 9110 §7.8, RFC 6455).
///
/// 1. `begin` finds the wish to switch; routes may forbid it. The request goes its usual way, with `Upgrade` put back.
/// 2. The endpoint answers 101: head to the client, and from then on bytes pass both ways, as fast as the slower side
///    takes them. Any other answer is an ordinary response.
/// 3. Silence in both directions for `timeouts.stream_idle` ends it, and so does either side's end.
/// 4. When the gateway drains, the client gets a Close frame (1001) between two frames, and nothing of the endpoint's
///    behind it. The client's own Close frame is passed on, so that the endpoint ends in good order too.
extension Exchange {
    /// The endpoint has switched.
    func beginTunnel() {
        let fields = response.fields
        guard ForwardedFields.namesWebSocket(fields), !request.isExtendedConnect || isHandshakeAccepted else {
            noteTry(.broken)
            return failTry(.upstream(.invalid(.badStatusLine)))
        }
        noteTry(.response, status: 101)
        if splitLane != nil { noteSide(status: 101) }
        isTunnel = true
        record.upstreamFirstByte = worker.loop.now - upstreamStart
        record.status = 101
        record.statusSource = .upstream
        phase = .responding
        tryDeadline = Deadline.never
        wakeAt = Deadline.never
        FieldRules.stripHopByHop(fields)
        copyRequestID(to: fields)
        if streamIdle < Deadline.never { touch() } else { worker.loop.timers.pause(self) }
        downstream?.startTunnel(response)
    }

    func tunnelFromClient(_ bytes: Span<UInt8>) {
        record.bytesReceived += UInt64(bytes.count)
        guard let upstream else { return }
        upstream.sendBody(bytes)
        touch()
        if upstream.isCongested { downstream?.pauseBody() }
    }

    func tunnelFromEndpoint(_ bytes: Span<UInt8>) {
        guard let downstream else { return }
        touch()
        switch closing {
        case .no:
            _ = frames.take(bytes)
            downstream.sendBody(bytes)
        case .atNextFrame:
            guard let end = frames.take(bytes, stopsThere: true) else { return downstream.sendBody(bytes) }
            downstream.sendBody(bytes.extracting(0..<end))
            sendGoingAway()
        case .sent:
            break
        }
        if downstream.isCongested { upstream?.pauseResponse() }
    }

    /// The client has sent its last byte. What the endpoint still has to say is a Close frame at most.
    func tunnelClientEnded() {
        upstream?.sendEnd(trailers: nil)
        worker.loop.timers.arm(self, at: worker.loop.now + HTTP1Downstream.halfClosedTime)
    }

    /// The gateway is to end, or this connection's listener is gone.
    func drainTunnel() {
        guard closing == .no else { return }
        if frames.isBetweenFrames { sendGoingAway() } else { closing = .atNextFrame }
    }

    private func sendGoingAway() {
        closing = .sent
        let frame = FrameTracker.goingAway
        downstream?.sendBody(frame.span)
    }

    /// A stream of HTTP/2 that asks for WebSocket (RFC 8441) goes on as the handshake of HTTP/1.1 that it stands for: a GET
    /// with a key, which this gateway makes up and whose answer it has to check.
    func becomeHandshake() {
        wantsTunnel = true
        request.method = .get
        let fields = request.fields
        request.methodText = fields.store("GET")
        let (name, version) = (WebSocketKey.name, WebSocketKey.versionName)
        fields.removeAll(named: name.span, foldingUnderscores: true)
        let key = WebSocketKey.make(worker.identifiers.next(), worker.identifiers.next(), worker.pathBuffer)
        fields.append(name: name.span, value: key.span)
        if fields.firstIndex(named: version.span) < 0 {
            let number: [UInt8] = [0x31, 0x33]
            fields.append(name: version.span, value: number.span)
        }
    }

    /// The endpoint has answered to the key that it was sent (RFC 6455 §4.1).
    private var isHandshakeAccepted: Bool {
        let (sent, received) = (request.fields, response.fields)
        let (name, acceptName) = (WebSocketKey.name, WebSocketKey.acceptName)
        let (key, accept) = (sent.firstIndex(named: name.span), received.firstIndex(named: acceptName.span))
        guard key >= 0, accept >= 0 else { return false }
        let wanted = WebSocketKey.accept(sent.value(key), worker.pathBuffer)
        return ConstantTime.equals(wanted.span, received.value(accept))
    }

    /// How far the end that the gateway asks for has come.
    enum Closing: UInt8 {
        /// Can transition to: atNextFrame, sent.
        case no
        /// Can transition to: sent.
        case atNextFrame
        case sent
    }
}
