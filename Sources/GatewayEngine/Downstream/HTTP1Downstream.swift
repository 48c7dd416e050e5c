internal import HTTPWire
internal import Reactor

/// A client's HTTP/1 connection.
///
/// It reads one request at a time. Bytes that come behind it (pipelining) wait, and reading stops, until the response
/// has left. Between requests it owns no buffer and no exchange: a socket, this object and the client's address.
///
/// 1. The first byte of a request takes an exchange from the worker's pool; the head is read into it.
/// 2. The complete head starts the exchange, which answers at once or finds an upstream.
/// 3. The body, if any, flows when the exchange asks for it, and stops when it says so.
/// 4. The response leaves in the order: interim heads, head, body, end.
/// 5. With both sides complete the connection waits for the next request; else it ends, and lingers so that the client
///    can read what was sent before the reset that unread bytes would cause (RFC 9112 §9.6).
final class HTTP1Downstream: DownstreamStream, DownstreamConnection {
    enum Phase: UInt8 {
        /// Between requests. Can transition to: head, closed.
        case idle
        /// A head is being read. Can transition to: held, complete, closed.
        case head
        /// The head is there, the body waits until it is asked for. Can transition to: body, lingering, closed.
        case held
        /// The body flows. Can transition to: complete, lingering, closed.
        case body
        /// The whole request has been read. Can transition to: idle, tunnel, lingering, closed.
        case complete
        /// After 101: bytes as they are. Can transition to: lingering, closed.
        case tunnel
        /// Everything was sent; what still comes is thrown away. Can transition to: closed.
        case lingering
        /// The end.
        case closed
    }

    enum Wait: UInt8 { case none, proxyHeader, handshake, keepAlive, head, body, send, linger }

    let worker: Worker
    /// Where it stands in the worker's list.
    var place = 0
    var socket: StreamSocket?
    var phase = Phase.idle
    var wait = Wait.none
    var scanner = RequestScanner()
    var decoder = BodyDecoder(.none)
    var exchange: Exchange?
    /// Bytes of later requests, or of a body that waits.
    var stash = ByteQueue()
    var bodyIsPaused = false
    var clientHasEnded = false
    var closesAfterResponse = false
    var headWasSent = false
    var usesChunks = false
    /// The client can tell an incomplete response by its framing.
    var isDelimited = false
    var requestCount = 0
    /// How many bytes of HTTP/2's preface came, as the first ones; -1: it is HTTP/1.
    var prefaceCount = 0
    var lingered = 0
    var isProcessing = false
    /// Reads the PROXY header with which the connection begins; nil: it has come, or none is expected.
    var proxyHeader: ProxyHeaderReader?
    /// What the system had taken of the waiting bytes when the send timer was set.
    var takenAtTimer: UInt64 = 0

    /// Bytes thrown away while lingering at most.
    static let lingerLimit = 1 << 20
    static let lingerTime: Int64 = 2_000_000_000
    /// What an idle connection gets when there will be no further requests.
    private static let drainingTime: Int64 = 5_000_000_000
    /// A client that has sent its end while the answer is not there yet may be gone; it gets this much longer.
    static let halfClosedTime: Int64 = 2_000_000_000

    init?(
        descriptor: Int32, address: SocketAddress, slot: ListenerSlot, worker: Worker,
        proxyHeader: ProxyHeaderReader? = nil
    ) {
        self.worker = worker
        super.init(slot: slot, client: ClientIdentity(address, trusted: worker.snapshot.trustedProxies))
        let tls = slot.tls
        guard
            let socket = StreamSocket(
                descriptor: descriptor, loop: worker.loop, handler: self, tls: tls?.context,
                hasPreface: proxyHeader != nil)
        else { return nil }
        socket.highMark = worker.snapshot.settings.connectionBuffer
        self.socket = socket
        if let proxyHeader {
            self.proxyHeader = proxyHeader
            arm(.proxyHeader, proxyHeader.timeout)
        } else {
            awaitRequest()
        }
    }

    /// Nothing was said yet, but perhaps by a proxy: the first request, or TLS, comes next.
    func awaitRequest() {
        if socket?.isTLS == true {
            arm(.handshake, worker.snapshot.settings.headTimeout)
        } else {
            arm(.keepAlive, keepAlive)
        }
    }

    // MARK: The PROXY header

    override func socketDidPeek(_ bytes: Span<UInt8>) -> PrefaceProgress {
        guard let proxyHeader else { return .complete(0) }
        switch proxyHeader.read(bytes) {
        case .needMore:
            return .more
        case .complete(let header, let taken):
            self.proxyHeader = nil
            worker.metrics.proxyHeader(.ok)
            client = client.told(by: header, trusted: worker.snapshot.trustedProxies)
            awaitRequest()
            return .complete(taken)
        case .refused(let result):
            refuseProxyHeader(result)
            return .refused
        }
    }

    /// The TLS handshake is complete: from here on a connection like any other, of the protocol that was agreed on.
    override func socketDidConnect() {
        guard let socket, let facts = socket.tlsFacts else { return }
        // It has seen what it came for, without having been asked for a certificate of its own.
        if socket.answersChallenge { return close() }
        tlsFacts = facts
        certificate = socket.tlsCertificate.map(ClientCertificate.init)
        worker.metrics.handshakeCompleted(isResumed: facts.isResumed)
        // Over TLS only who was asked speaks HTTP/2 (RFC 9113 §3.3).
        prefaceCount = -1
        if socket.tlsProtocol == HTTP2Preface.protocolName {
            _ = becomeHTTP2(socket)
        } else {
            arm(.keepAlive, keepAlive)
        }
    }

    func judgeClientAgain() {
        client = client.judged(by: worker.snapshot.trustedProxies)
    }

    // MARK: Reading

    override func socketDidReceive(_ bytes: Span<UInt8>) {
        if requestCount == 0 && phase == .idle && prefaceCount >= 0 && findPreface(bytes) { return }
        if !stash.isEmpty || isProcessing {
            keep(bytes, from: 0)
            return
        }
        let used = process(bytes)
        if used < bytes.count && phase != .closed { keep(bytes, from: used) }
    }

    override func socketDidReachEnd() {
        if let proxyHeader { return refuseProxyHeader(proxyHeader.resultAtEnd) }
        clientHasEnded = true
        switch phase {
        case .idle:
            // The last response may not have left yet.
            endConnection()
        case .lingering, .closed:
            close()
        case .head:
            // Half a head and then the end: nobody waits for an answer.
            exchange?.downstreamGone()
            close()
        case .held, .body:
            // Bytes that wait may hold the rest of the body.
            if stash.isEmpty {
                exchange?.downstreamGone()
                close()
            }
        case .tunnel:
            if stash.isEmpty { exchange?.tunnelClientEnded() }
        case .complete:
            // It may only have ended its own side (RFC 9112 §9.6); a client that is gone shows by a reset when written to.
            closesAfterResponse = true
            exchange?.downstreamHalfClosed()
        }
    }

    override func socketDidFail(_ error: Int32) {
        if let proxyHeader { worker.metrics.proxyHeader(proxyHeader.resultAtEnd) }
        if wait == .handshake { worker.metrics.handshakeFailed(socket?.tlsFailure ?? .closed) }
        exchange?.downstreamGone()
        close()
    }

    override func socketDidDrain() {
        exchange?.downstreamDidDrain()
    }

    // MARK: Commands of the exchange

    override func startBody() {
        guard phase == .held else { return }
        phase = .body
        arm(.body, worker.snapshot.settings.bodyIdle)
        continueSoon()
    }

    override func closeAfterResponse() { closesAfterResponse = true }

    var isFlowing: Bool { phase == .body || phase == .tunnel }

    override func pauseBody() {
        guard isFlowing, !bodyIsPaused else { return }
        bodyIsPaused = true
        socket?.pause()
        if wait == .body { worker.loop.timers.pause(self) }
    }

    override func resumeBody() {
        guard isFlowing, bodyIsPaused else { return }
        bodyIsPaused = false
        if !headWasSent { arm(.body, worker.snapshot.settings.bodyIdle) }
        continueSoon()
    }

    override var isCongested: Bool { socket?.isCongested ?? false }

    override var isRequestComplete: Bool { phase == .complete }

    override var localAddress: SocketAddress? { socket?.localAddress }

    override func sendInformational(_ head: ResponseHead) {
        guard let exchange, exchange.request.minorVersion == 1 else { return }
        write(head, lastFields: "")
    }

    override func sendHead(_ head: ResponseHead, framing: BodyFraming) {
        guard let exchange else { return }
        headWasSent = true
        if wait == .body {
            wait = .none
            worker.loop.timers.pause(self)
        }
        // The gateway's own answer to a request whose body is still coming ends the connection.
        let cutsBody = phase == .body && exchange.record.statusSource == .gateway
        if phase == .held || cutsBody || slot.isDraining { closesAfterResponse = true }
        let isOld = exchange.request.minorVersion == 0
        var lastFields: StaticString = ""
        switch framing {
        case .none, .length:
            usesChunks = false
            isDelimited = true
        case .chunked, .untilClose:
            usesChunks = !isOld
            isDelimited = usesChunks
            if isOld { closesAfterResponse = true } else { lastFields = "Transfer-Encoding: chunked\r\n" }
        }
        if closesAfterResponse {
            lastFields = usesChunks ? "Transfer-Encoding: chunked\r\nConnection: close\r\n" : "Connection: close\r\n"
        } else if isOld {
            lastFields = "Connection: keep-alive\r\n"
        }
        write(head, lastFields: lastFields)
    }

    override func startTunnel(_ head: ResponseHead) {
        guard phase == .complete else { return }
        headWasSent = true
        usesChunks = false
        isDelimited = false
        closesAfterResponse = true
        write(head, lastFields: "Connection: Upgrade\r\nUpgrade: websocket\r\n")
        phase = .tunnel
        bodyIsPaused = false
        continueSoon()
        if worker.isDraining { exchange?.drainTunnel() }
    }

    override func sendBody(_ bytes: Span<UInt8>) {
        if !usesChunks {
            send(bytes)
            return
        }
        if bytes.isEmpty { return }
        let output = worker.output
        output.removeAll()
        output.append(hex: bytes.count)
        output.append("\r\n")
        let lineCount = output.count
        output.append("\r\n")
        exchange?.record.bytesSent += UInt64(output.count + bytes.count)
        socket?.write(
            output.span.extracting(0..<lineCount), bytes, output.span.extracting(lineCount..<output.count))
        watchSending()
    }

    override func sendEnd(trailers: HeaderBlock?) {
        if usesChunks {
            let output = worker.output
            output.removeAll()
            output.append("0\r\n")
            trailers?.write(into: output)
            output.append("\r\n")
            send(output.span)
        }
        finishResponse()
    }

    override func abort() {
        guard phase != .closed else { return }
        exchange = nil
        if headWasSent && isDelimited {
            // What came so far may still be of use; the missing rest shows by the length or the last chunk.
            closesAfterResponse = true
            endConnection()
            return
        }
        // A body that ends with the connection would look complete if the connection ended well.
        if headWasSent { socket?.reset() }
        close()
    }

    // MARK: Between requests

    /// No further requests: a connection with one under way ends after its response.
    ///
    /// An idle one may be about to be used: a client that has sent a request by the time it learns of the end cannot know
    /// whether it was heard. So where there is time it stays for a while and ends with its next response, which says so.
    /// Where there is none it is closed, unless bytes are there already.
    func drain(hasTime: Bool) {
        closesAfterResponse = true
        if phase == .tunnel { exchange?.drainTunnel() }
        guard phase == .idle, let socket else { return }
        if hasTime || !socket.isQuiet {
            if wait == .keepAlive { arm(.keepAlive, keepAlive) }
        } else if socket.waitingCount > 0 {
            endConnection()
        } else {
            close()
        }
    }

    /// How long the next request may take to come.
    var keepAlive: Int64 {
        let limit = worker.snapshot.settings.keepAlive
        return slot.isDraining ? min(limit, Self.drainingTime) : limit
    }

    /// Gives the connection's memory back when nothing is under way on it.
    func closeIfIdle() {
        if phase == .idle { close() }
    }

    // MARK: Time

    func arm(_ what: Wait, _ limit: Int64) {
        wait = what
        if limit >= Deadline.never {
            worker.loop.timers.pause(self)
        } else {
            worker.loop.timers.arm(self, at: worker.loop.now + limit)
        }
    }

    override func timerDidFire() {
        switch wait {
        case .none: break
        case .proxyHeader: refuseProxyHeader(.timeout)
        case .handshake:
            worker.metrics.handshakeFailed(.timeout)
            close()
        case .keepAlive, .linger: close()
        case .head:
            phase = .held
            closesAfterResponse = true
            headWasSent = false
            exchange?.refuseLateHead()
        case .body:
            closesAfterResponse = true
            exchange?.refuse(.requestTimeout)
        case .send:
            guard let socket, socket.waitingCount > 0 else {
                // Everything left in the meantime.
                wait = .none
                if phase == .idle { arm(.keepAlive, keepAlive) }
                if phase == .lingering { arm(.linger, Self.lingerTime) }
                return
            }
            if socket.takenCount != takenAtTimer {
                takenAtTimer = socket.takenCount
                arm(.send, worker.snapshot.settings.sendIdle)
            } else {
                exchange?.sendTimedOut()
                socket.reset()
                close()
            }
        }
    }

    // MARK: The end

    func abandon() {
        exchange?.downstreamGone()
        close()
    }

    func close() {
        guard phase != .closed else { return }
        socket?.close()
        detach()
    }

    func detach() {
        guard phase != .closed else { return }
        phase = .closed
        stash.removeAll(pool: &worker.loop.chunks)
        worker.loop.timers.disarm(self)
        socket = nil
        exchange = nil
        worker.downstreamDidClose(self)
    }
}
