internal import CNghttp2
internal import HTTPWire
internal import Reactor

/// A stream of a client's HTTP/2 connection: the client's side of one exchange.
///
/// 1. `begin` takes an exchange; the fields fill its head (`didReceive`), and `headDidEnd` starts it.
/// 2. Data that comes goes to the exchange, or waits here while that takes none. Only what was taken opens the client's
///    window again, so an endpoint that is slow holds back the client, one stream at a time.
/// 3. The response's body waits here until the client's windows have room, and then leaves in frames.
/// 4. When both sides have ended, or either was reset, the library forgets the stream, and this object goes back to its
///    worker. The exchange may have ended long before.
@safe final class HTTP2Downstream: DownstreamStream {
    private enum Wait: UInt8 { case none, body, send, linger }

    /// What is next of a response's body.
    enum NextData {
        case some(Int, isLast: Bool)
        /// Nothing at the moment.
        case wait
    }

    let worker: Worker
    /// nil: in the worker's pool.
    private(set) var connection: HTTP2Connection?
    private(set) var id: Int32 = 0
    var place = 0
    private(set) var beganAt: Int64 = 0
    private var exchange: Exchange?

    // The request.
    /// The exchange's, as long as there is one.
    private var head: Unmanaged<RequestHead>?
    private var reader = RequestFieldReader()
    private var trailerReader = TrailerFieldReader()
    private var isInTrailers = false
    private var fault: WireError?
    /// What Content-Length says; -1: nothing.
    private var declared = -1
    private var received = 0
    /// The client has said that this is all.
    private var requestHasEnded = false
    /// The exchange has been told so.
    private var isComplete = false
    private var bodyStarted = false
    private var bodyIsPaused = false
    private var stash = ByteQueue()
    /// The request asks for a WebSocket: what follows its head is the client's bytes, and no body.
    private var isTunnel = false

    // The response.
    private var headWasSent = false
    private var queue = ByteQueue()
    /// The library has asked for data when there was none.
    private var isDeferred = false
    private var responseHasEnded = false
    private var endWasSent = false
    /// The exchange waits for `downstreamDidDrain`.
    private var isHolding = false
    /// We have broken the stream off ourselves.
    private var wasAborted = false
    /// What the stream is reset with when the response has left and the request has not ended; also after a request that
    /// is malformed, when it has.
    private var closingCode = NGHTTP2_NO_ERROR.rawValue
    private(set) var trailers: HeaderBlock?
    private var wait = Wait.none
    private var taken: UInt64 = 0
    private var takenAtTimer: UInt64 = 0

    private static let lingerTime: Int64 = 1_000_000_000

    init(worker: Worker, slot: ListenerSlot, client: ClientIdentity) {
        self.worker = worker
        super.init(slot: slot, client: client)
    }

    override var version: AccessRecord.Version { .http2 }
    override var localAddress: SocketAddress? { connection?.localAddress }

    /// Everything that an earlier stream has left behind is cleared here.
    func begin(_ id: Int32, on connection: HTTP2Connection) {
        self.connection = connection
        self.id = id
        if slot !== connection.slot { slot = connection.slot }
        client = connection.client
        tlsFacts = connection.tlsFacts
        if certificate !== connection.certificate { certificate = connection.certificate }
        beganAt = worker.loop.now
        reader = RequestFieldReader()
        isInTrailers = false
        fault = nil
        declared = -1
        received = 0
        requestHasEnded = false
        isComplete = false
        bodyStarted = false
        bodyIsPaused = false
        isTunnel = false
        headWasSent = false
        isDeferred = false
        responseHasEnded = false
        endWasSent = false
        isHolding = false
        wasAborted = false
        closingCode = NGHTTP2_NO_ERROR.rawValue
        trailers = nil
        wait = .none
        let exchange = worker.takeExchange(for: self)
        exchange.request.removeAll()
        unsafe head = Unmanaged.passUnretained(exchange.request)
        self.exchange = exchange
    }

    // MARK: The request

    func didReceive(_ name: Span<UInt8>, _ value: Span<UInt8>, _ limits: HeadLimits) {
        // The head is looked at through a reference of its own, so that nothing is counted for each field.
        guard fault == nil, exchange != nil, let head = unsafe head else { return }
        if isInTrailers { return didReceiveTrailer(name, value, limits) }
        unsafe head._withUnsafeGuaranteedRef {
            do throws(WireError) {
                try reader.add(name, value, to: $0, limits: limits)
            } catch {
                fault = error
            }
        }
    }

    private func didReceiveTrailer(_ name: Span<UInt8>, _ value: Span<UInt8>, _ limits: HeadLimits) {
        guard let exchange else { return }
        let takesThem = exchange.framing == .chunked
        do throws(WireError) {
            try trailerReader.add(name, value, to: takesThem ? exchange.requestTrailers : nil, limits: limits)
        } catch {
            fault = error
        }
    }

    func headDidEnd(endsStream: Bool) {
        guard let exchange else { return }
        exchange.record.bytesReceived += UInt64(reader.size)
        requestHasEnded = endsStream
        var framing = BodyFraming.none
        if fault == nil {
            let request = exchange.request
            do {
                try reader.finish(request)
                framing = try Framing.ofRequest(request)
                if case .length(let length) = framing {
                    declared = length
                    if endsStream && length > 0 { throw WireError.wrongLength }
                } else if !endsStream {
                    framing = .chunked
                }
                if request.isExtendedConnect {
                    // It has no body, and so no length of one, and does not end with its head.
                    if framing != .chunked { throw WireError.wrongLength }
                    framing = .none
                    isTunnel = true
                }
            } catch let error as WireError {
                fault = error
            } catch {
                fault = .badPseudoField
            }
        }
        if let fault {
            isComplete = endsStream
            if fault.status == 400 { closingCode = NGHTTP2_PROTOCOL_ERROR.rawValue }
            return exchange.refuseHead(fault)
        }
        isComplete = endsStream || isTunnel
        exchange.begin(framing, at: slot)
    }

    func didReceive(_ bytes: Span<UInt8>) {
        received += bytes.count
        if declared >= 0 && received > declared { refuse(.wrongLength) }
        guard let exchange else {
            connection?.discard(bytes.count)
            return
        }
        if !isTunnel { exchange.record.bytesReceived += UInt64(bytes.count) }
        guard bodyStarted && !bodyIsPaused && stash.isEmpty else {
            stash.append(bytes, pool: &worker.loop.chunks)
            return
        }
        armBody()
        pass(bytes, to: exchange)
        connection?.consume(bytes.count, of: id)
    }

    private func pass(_ bytes: Span<UInt8>, to exchange: Exchange) {
        if isTunnel { exchange.tunnelFromClient(bytes) } else { exchange.requestBody(bytes) }
    }

    func requestDidEnd() {
        requestHasEnded = true
        if declared >= 0 && received != declared { return refuse(.wrongLength) }
        if bodyStarted && !bodyIsPaused && stash.isEmpty { completeRequest() }
    }

    func trailersDidBegin() {
        isInTrailers = true
        trailerReader = TrailerFieldReader()
    }

    /// Trailers are the last of a message (RFC 9113 §8.1).
    func trailersDidEnd(endsStream: Bool) {
        if let fault { return refuse(fault) }
        if endsStream { requestDidEnd() } else { refuse(.badPseudoField) }
    }

    /// What followed the head is malformed.
    private func refuse(_ error: WireError) {
        guard fault != error || exchange != nil else { return }
        fault = error
        closingCode = NGHTTP2_PROTOCOL_ERROR.rawValue
        guard let exchange else { return }
        exchange.refuseBody(GatewayError(request: error), error)
    }

    private func completeRequest() {
        if isTunnel { return exchange?.tunnelClientEnded() ?? () }
        guard let exchange, !isComplete else { return }
        isComplete = true
        stopWaiting(for: .body)
        exchange.requestEnd()
    }

    /// Goes on with data that waited.
    func deliver() {
        guard let connection else { return }
        if !stash.isEmpty {
            // Moved out, so that nothing that happens on the way can touch what is being read.
            var queue = ByteQueue()
            swap(&queue, &stash)
            while !queue.isEmpty, bodyStarted, !bodyIsPaused, let exchange {
                let count = queue.front.count
                pass(queue.front, to: exchange)
                queue.drop(count, pool: &worker.loop.chunks)
                connection.consume(count, of: id)
            }
            if exchange == nil {
                connection.consume(queue.count, of: id)
                queue.removeAll(pool: &worker.loop.chunks)
            }
            swap(&queue, &stash)
        }
        guard bodyStarted && !bodyIsPaused && stash.isEmpty else { return }
        if requestHasEnded { completeRequest() } else { armBody() }
    }

    // MARK: Commands of the exchange: the request

    override func startBody() {
        guard !bodyStarted, let connection else { return }
        bodyStarted = true
        armBody()
        if !stash.isEmpty || requestHasEnded { connection.wake(self) }
    }

    override func pauseBody() {
        guard bodyStarted, !bodyIsPaused else { return }
        bodyIsPaused = true
        stopWaiting(for: .body)
    }

    override func resumeBody() {
        guard bodyStarted, bodyIsPaused, let connection else { return }
        bodyIsPaused = false
        armBody()
        connection.wake(self)
    }

    override var isRequestComplete: Bool { isComplete }

    // MARK: Commands of the exchange: the response

    override var isCongested: Bool {
        if queue.count <= highMark { return false }
        isHolding = true
        return true
    }

    private var highMark: Int { Int(worker.snapshot.settings.connectionBuffer) }

    override func sendInformational(_ head: ResponseHead) {
        // 101 switches connections, and there is none to switch (RFC 9113 §8.6).
        guard head.status != 101, let connection else { return }
        connection.submit(head, for: self, isInterim: true, endsStream: false)
    }

    override func sendHead(_ head: ResponseHead, framing: BodyFraming) {
        guard let connection else { return }
        headWasSent = true
        stopWaiting(for: .body)
        // As a line of HTTP/1 would count; what is sent is compressed later, together with other answers.
        exchange?.record.bytesSent += UInt64(head.fields.wireSize)
        let endsStream = framing == .none || framing == .length(0)
        connection.submit(head, for: self, isInterim: false, endsStream: endsStream)
    }

    /// The endpoint has switched: the answer is 200, since there is no connection to switch (RFC 8441 §5).
    override func startTunnel(_ head: ResponseHead) {
        guard isTunnel, let connection else { return }
        headWasSent = true
        head.status = 200
        let accept = WebSocketKey.acceptName
        head.fields.removeAll(named: accept.span, foldingUnderscores: true)
        head.fields.remove(.contentLength)
        exchange?.record.bytesSent += UInt64(head.fields.wireSize)
        connection.submit(head, for: self, isInterim: false, endsStream: false)
        bodyStarted = true
        connection.wake(self)
        if worker.isDraining { exchange?.drainTunnel() }
    }

    /// The connection is to end.
    func drainTunnel() {
        if isTunnel && bodyStarted { exchange?.drainTunnel() }
    }

    override func sendBody(_ bytes: Span<UInt8>) {
        guard let connection, !bytes.isEmpty else { return }
        exchange?.record.bytesSent += UInt64(bytes.count)
        queue.append(bytes, pool: &worker.loop.chunks)
        if wait == .none { armSend() }
        resumeData(connection)
    }

    override func sendEnd(trailers: HeaderBlock?) {
        exchange = nil
        guard let connection else { return }
        responseHasEnded = true
        // The exchange's own block is somebody else's by the time these can be sent.
        if let trailers, trailers.liveCount > 0 { self.trailers = trailers.copy() }
        discardStash(connection)
        resumeData(connection)
    }

    override func abort() {
        exchange = nil
        guard let connection else { return }
        wasAborted = true
        discardStash(connection)
        connection.reset(id, NGHTTP2_INTERNAL_ERROR.rawValue)
    }

    private func resumeData(_ connection: HTTP2Connection) {
        guard isDeferred else { return }
        isDeferred = false
        connection.resume(id)
    }

    // MARK: Sending

    var waitingCount: Int { queue.count }

    func nextData(_ limit: Int) -> NextData {
        let count = min(limit, queue.count)
        if count == queue.count && responseHasEnded { return .some(count, isLast: true) }
        if count > 0 { return .some(count, isLast: false) }
        isDeferred = true
        return .wait
    }

    /// Writes so many bytes out of the queue, which has them.
    func write(_ count: Int, to socket: StreamSocket) {
        var left = count
        while left > 0 {
            let size = min(left, queue.front.count)
            socket.write(queue.front.extracting(0..<size))
            queue.drop(size, pool: &worker.loop.chunks)
            left -= size
        }
        taken &+= UInt64(count)
        if isHolding && queue.count <= highMark / 2 {
            isHolding = false
            connection?.drained.append(self)
        }
    }

    /// Half of what waited has left.
    func didDrain() { exchange?.downstreamDidDrain() }

    /// The answer has left. A client that has not sent all of its request yet is given a moment for that, since some take a
    /// reset for a failure although the answer is complete; its window stays as it is, and what comes is thrown away.
    func didSendEnd() {
        endWasSent = true
        if closingCode != NGHTTP2_NO_ERROR.rawValue {
            connection?.reset(id, closingCode)
        } else if !requestHasEnded {
            arm(.linger, Self.lingerTime)
        }
    }

    // MARK: The end

    /// The stream ended before its answer had been sent, and not because of us; or its request was malformed.
    var wasCutShortByClient: Bool {
        if wasAborted { return false }
        return !endWasSent || closingCode != NGHTTP2_NO_ERROR.rawValue
    }

    /// The library has forgotten the stream.
    func didClose() {
        let exchange = self.exchange
        self.exchange = nil
        exchange?.downstreamGone()
        leave()
    }

    func connectionDidEnd() { didClose() }

    /// The client takes nothing any more.
    func sendTimedOut() {
        let exchange = self.exchange
        self.exchange = nil
        exchange?.sendTimedOut()
    }

    private func leave() {
        guard let connection else { return }
        self.connection = nil
        discardStash(connection)
        queue.removeAll(pool: &worker.loop.chunks)
        trailers = nil
        wait = .none
        worker.loop.timers.pause(self)
        worker.giveBack(self)
    }

    private func discardStash(_ connection: HTTP2Connection) {
        guard !stash.isEmpty else { return }
        connection.consume(stash.count, of: id)
        stash.removeAll(pool: &worker.loop.chunks)
    }

    // MARK: Time

    private func armBody() {
        guard !headWasSent, !isComplete, exchange?.isPatient != true else { return }
        arm(.body, worker.snapshot.settings.bodyIdle)
    }

    private func armSend() {
        takenAtTimer = taken
        arm(.send, worker.snapshot.settings.sendIdle)
    }

    private func arm(_ what: Wait, _ limit: Int64) {
        wait = what
        if limit >= Deadline.never {
            worker.loop.timers.pause(self)
        } else {
            worker.loop.timers.arm(self, at: worker.loop.now + limit)
        }
    }

    private func stopWaiting(for what: Wait) {
        guard wait == what else { return }
        wait = .none
        worker.loop.timers.pause(self)
    }

    override func timerDidFire() {
        let what = wait
        wait = .none
        switch what {
        case .none: break
        case .body: exchange?.refuse(.requestTimeout)
        case .linger: connection?.reset(id, closingCode)
        case .send:
            if queue.isEmpty { return }
            if taken != takenAtTimer { return armSend() }
            sendTimedOut()
            wasAborted = true
            connection?.reset(id, NGHTTP2_CANCEL.rawValue)
        }
    }
}
