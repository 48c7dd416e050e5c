internal import HTTPWire
internal import Reactor

/// An HTTP/1.1 connection to an endpoint. It carries one exchange at a time and waits in the endpoint's pool in between,
/// where it owns no buffer: the response's head is read into the exchange.
final class HTTP1Upstream: UpstreamStream {
    enum State: UInt8 {
        /// The connection is being made, for the exchange that is attached. Can transition to: ready, closed.
        case connecting
        /// Connected and leased, nothing sent yet. Can transition to: awaitingHead, idle, closed.
        case ready
        /// Can transition to: body, tunnel, idle, closed.
        case awaitingHead
        /// Can transition to: idle, closed.
        case body
        /// After 101: bytes as they are. Can transition to: closed.
        case tunnel
        /// In the pool. Can transition to: ready, closed.
        case idle
        /// The end.
        case closed
    }

    let pool: EndpointPool
    private(set) var socket: StreamSocket?
    private(set) var state: State
    private unowned(unsafe) var requestReference: UpstreamRequest?
    private var scanner = ResponseScanner()
    private var decoder = BodyDecoder(.none)
    private var requestIsSent = false
    private var usesChunks = false
    private var keepsAlive = false
    private var receivedAny = false
    /// Exchanges this connection has carried.
    private var useCount = 0
    private var connectStart: Int64 = 0
    /// When it went into the pool.
    private(set) var idleSince: Int64 = 0
    let origin: ProxyOrigin?

    private var worker: Worker { pool.worker }

    /// - Parameter origin: whom the endpoint is told of, where it wants a PROXY header: for the connection's whole life.
    init(pool: EndpointPool, origin: ProxyOrigin?) {
        self.pool = pool
        self.origin = origin
        state = .connecting
    }

    // MARK: Connecting

    /// Starts connecting; otherwise the system's error number, when not even that was possible.
    func connect(to target: StreamTarget, for request: UpstreamRequest) -> Int32? {
        var error: Int32 = 0
        let greeting = pool.service.proxyProtocol.map { ProxyHeaderWriter.write($0, origin) }
        guard
            let socket = StreamSocket.connect(
                to: target, loop: worker.loop, handler: self, tls: pool.peer, greeting: greeting ?? [],
                error: &error)
        else {
            state = .closed
            return error
        }
        socket.highMark = worker.snapshot.settings.connectionBuffer
        self.socket = socket
        connectStart = worker.loop.now
        attach(request)
        if pool.service.connectTimeout < Deadline.never {
            worker.loop.timers.arm(self, at: worker.loop.now + pool.service.connectTimeout)
        }
        return nil
    }

    override func socketDidConnect() {
        worker.loop.timers.pause(self)
        guard let socket else { return }
        switch pool.speech(on: socket) {
        case .http2: return becomeHTTP2(socket)
        case .http1, .unknown: break
        case nil:
            pool.handshakeFailed(.applicationProtocol)
            return fail(.tls(.applicationProtocol))
        }
        pool.connectingDidEnd()
        state = .ready
        // Others may have waited to hear what is spoken.
        pool.hasRoomAgain()
        guard let request else {
            // Nobody wants it any more: the next one will.
            park()
            return
        }
        request.connectTime = worker.loop.now - connectStart
        request.upstreamIsReady(self)
    }

    /// Hands the socket to a connection of HTTP/2, which takes this one's place in the pool.
    private func becomeHTTP2(_ socket: StreamSocket) {
        guard let connection = HTTP2Upstream(socket: socket, pool: pool) else { return fail(.connect) }
        let request = self.request
        self.request = nil
        state = .closed
        self.socket = nil
        worker.loop.timers.disarm(self)
        pool.connectingDidEnd()
        pool.add(connection)
        if let request {
            request.connectTime = worker.loop.now - connectStart
            let stream = connection.open(for: request)
            request.upstream = stream
            request.upstreamIsReady(stream)
        } else {
            connection.rest()
        }
        if pool.isRetired { connection.retire() }
        pool.hasRoomAgain()
    }

    // MARK: Leasing

    private var request: UpstreamRequest? {
        get { unsafe requestReference }
        set { unsafe requestReference = newValue }
    }

    func attach(_ request: UpstreamRequest) {
        self.request = request
        receivedAny = false
        requestIsSent = false
        useCount += 1
    }

    /// Takes an idle connection out of its rest. When the peer has closed it, or sent what nobody asked for, it is
    /// closed, and the answer is false.
    ///
    /// The loop hears of such ends by itself, so only the moment since it last looked is in doubt. A request that may be
    /// repeated takes that chance; for another one the system is asked first.
    func wake(for request: UpstreamRequest) -> Bool {
        guard state == .idle, let socket else { return false }
        worker.loop.timers.pause(self)
        state = .ready
        if !request.isRepeatable && !socket.isQuiet {
            close()
            return false
        }
        attach(request)
        return true
    }

    private func park() {
        state = .idle
        request = nil
        idleSince = worker.loop.now
        // A client that was slow up to the last byte has left it so, and the next response would never be read.
        socket?.resume()
        pool.giveBack(self)
        if state == .idle, let limit = keepAliveLimit {
            worker.loop.timers.arm(self, at: worker.loop.now + limit)
        }
    }

    private var keepAliveLimit: Int64? {
        pool.service.keepAlive >= Deadline.never ? nil : min(pool.service.keepAlive, ownLimit)
    }

    /// From the last response's `Keep-Alive: timeout=N`: N less one second, since the endpoint counts from earlier.
    private var ownLimit: Int64 = Deadline.never

    // MARK: Commands

    override func sendHead(_ head: Span<UInt8>, framing: BodyFraming) {
        state = .awaitingHead
        usesChunks = framing.isChunked
        socket?.write(head)
    }

    override func sendBody(_ bytes: Span<UInt8>) {
        if !usesChunks {
            socket?.write(bytes)
            return
        }
        if bytes.isEmpty { return }
        let output = worker.output
        output.removeAll()
        output.append(hex: bytes.count)
        output.append("\r\n")
        let lineCount = output.count
        output.append("\r\n")
        socket?.write(
            output.span.extracting(0..<lineCount), bytes, output.span.extracting(lineCount..<output.count))
    }

    override func sendEnd(trailers: HeaderBlock?) {
        requestIsSent = true
        if state == .tunnel { socket?.shutdownWrite() }
        guard usesChunks else { return }
        let output = worker.output
        output.removeAll()
        output.append("0\r\n")
        trailers?.write(into: output)
        output.append("\r\n")
        socket?.write(output.span)
    }

    override func pauseResponse() { socket?.pause() }
    override func resumeResponse() { socket?.resume() }
    override var isCongested: Bool { socket?.isCongested ?? false }

    override func handOver(to request: UpstreamRequest) { self.request = request }

    override func cancel() {
        request = nil
        switch state {
        case .connecting:
            // It will be of use to the next one, where one is kept for it.
            if !pool.keepsIdle { close() }
        case .ready: park()
        case .awaitingHead, .body, .tunnel: close()
        case .idle, .closed: break
        }
    }

    // MARK: Events of the socket

    override func socketDidReceive(_ bytes: Span<UInt8>) {
        var offset = 0
        while offset < bytes.count {
            guard let request else {
                // Bytes that nobody asked for: the next response could not be told from them.
                close()
                return
            }
            switch state {
            case .awaitingHead:
                receivedAny = true
                if !readHead(bytes, &offset, request) { return }
            case .body:
                if !readBody(bytes, &offset, request) { return }
            case .tunnel:
                request.upstreamDidReceiveBody(bytes.extracting(offset..<bytes.count))
                return
            case .connecting, .ready, .idle, .closed:
                fail(.invalid(.badStatusLine))
                return
            }
        }
    }

    /// True when there may be more to do with the rest of the bytes.
    private func readHead(_ bytes: Span<UInt8>, _ offset: inout Int, _ request: UpstreamRequest) -> Bool {
        do throws(WireError) {
            let head = request.response
            let outcome = try scanner.scan(
                bytes, from: offset, into: head, limits: worker.snapshot.settings.responseHead)
            guard case .complete(let consumed) = outcome else { return false }
            offset += consumed
            if head.status < 200 {
                if head.status == 101 {
                    // Unasked it would turn the connection into something that nobody here understands.
                    guard request.acceptsSwitch else { throw WireError.badStatusLine }
                    state = .tunnel
                    request.upstreamDidSwitch()
                    return true
                }
                request.upstreamDidReceiveInformational()
                return true
            }
            let framing = try Framing.ofResponse(head, to: request.method)
            keepsAlive = head.keepAlive && framing != .untilClose
            if keepsAlive { noteKeepAlive(head.fields) }
            state = .body
            decoder = BodyDecoder(framing, limits: worker.snapshot.settings.responseHead)
            request.upstreamDidReceiveHead(framing)
            if state == .body && decoder.isComplete {
                finish(bytes.count - offset)
                return false
            }
            return true
        } catch let error {
            fail(.invalid(error))
            return false
        }
    }

    private func readBody(_ bytes: Span<UInt8>, _ offset: inout Int, _ request: UpstreamRequest) -> Bool {
        do throws(WireError) {
            switch try decoder.next(bytes, from: &offset, trailers: request.responseTrailers) {
            case .payload(let start, let count):
                request.upstreamDidReceiveBody(bytes.extracting(start..<start + count))
                if state == .body && decoder.isComplete {
                    finish(bytes.count - offset)
                    return false
                }
                return state == .body
            case .needMore:
                return false
            case .end:
                finish(bytes.count - offset)
                return false
            }
        } catch let error {
            fail(.invalid(error))
            return false
        }
    }

    /// The response is complete. Bytes behind it make the connection useless for another one.
    private func finish(_ surplus: Int) {
        guard let request else { return }
        self.request = nil
        if keepsAlive && requestIsSent && surplus == 0 && !pool.isRetired {
            park()
        } else {
            close()
        }
        request.upstreamDidFinish(self)
    }

    /// `Keep-Alive: timeout=5`
    private func noteKeepAlive(_ fields: HeaderBlock) {
        ownLimit = Deadline.never
        let index = fields.firstIndex(of: .keepAlive)
        guard index >= 0, let seconds = KeepAliveTimeout.seconds(fields.value(index)) else { return }
        ownLimit = max(0, Int64(seconds) - 1) * 1_000_000_000
        if ownLimit == 0 { keepsAlive = false }
    }

    override func socketDidReachEnd() {
        switch state {
        case .body:
            do {
                try decoder.endOfStream()
                keepsAlive = false
                finish(0)
            } catch {
                fail(.incomplete)
            }
        case .awaitingHead:
            fail(receivedAny ? .incomplete : .closedEarly(reused: useCount > 1))
        case .tunnel:
            keepsAlive = false
            finish(0)
        case .connecting, .ready:
            fail(.closedEarly(reused: useCount > 1))
        case .idle:
            close()
        case .closed:
            break
        }
    }

    override func socketDidFail(_ error: Int32) {
        switch state {
        case .connecting:
            if let failure = socket?.tlsFailure {
                pool.handshakeFailed(failure)
                fail(.tls(failure))
            } else {
                fail(error == SystemError.refused ? .refused : .connect)
            }
        case .ready: fail(.closedEarly(reused: useCount > 1))
        case .awaitingHead: fail(receivedAny ? .incomplete : .closedEarly(reused: useCount > 1))
        case .body, .tunnel: fail(.incomplete)
        case .idle, .closed: close()
        }
    }

    override func socketDidDrain() {
        request?.upstreamDidDrain()
    }

    override func timerDidFire() {
        switch state {
        case .connecting: fail(.connectTimeout)
        case .idle: close()
        case .ready, .awaitingHead, .body, .tunnel, .closed: break
        }
    }

    private func fail(_ failure: UpstreamFailure) {
        let request = self.request
        let wasConnecting = state == .connecting
        self.request = nil
        close()
        if wasConnecting { pool.connectionFailed() }
        request?.upstreamDidFail(failure)
    }

    func close() {
        guard state != .closed else { return }
        let wasIdle = state == .idle
        if state == .connecting { pool.connectingDidEnd() }
        state = .closed
        request = nil
        worker.loop.timers.disarm(self)
        socket?.close()
        socket = nil
        pool.didClose(self, wasIdle: wasIdle)
    }
}
