internal import CNghttp2
internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// A client's HTTP/2 connection: one session of the library, and the streams that are open on it.
///
/// 1. Bytes are first looked at by the guards, frame head by frame head; then the session gets them, which calls back
///    with fields, data and ends. The callbacks (`HTTP2Connection+Session.swift`) hand them to their stream.
/// 2. What streams and session have to say is collected until the loop's turn ends; then it leaves in one write, the
///    answers of many streams together.
/// 3. While the client takes nothing, the session is asked for nothing: bodies wait in their streams, which hold back
///    their endpoints, and control frames are counted.
/// 4. A session that has nothing more to say ends the connection, which lingers as HTTP/1 does, so that the client can
///    read why.
@safe final class HTTP2Connection: StreamHandler, DownstreamConnection {
    enum Phase: UInt8 {
        /// Can transition to: draining, lingering, closed.
        case open
        /// The client was told that there will be no further streams. Can transition to: lingering, closed.
        case draining
        /// Everything was said; what still comes is thrown away. Can transition to: closed.
        case lingering
        case closed
    }

    private enum Wait: UInt8 { case none, head, keepAlive, send, drain, linger }

    let worker: Worker
    let slot: ListenerSlot
    private(set) var client: ClientIdentity
    let tlsFacts: TLSFacts?
    let certificate: ClientCertificate?
    var place = 0
    private(set) var socket: StreamSocket?
    private(set) var phase = Phase.open
    private(set) var session: OpaquePointer?
    /// The streams that carry an exchange, or the rest of its answer.
    var streams: [HTTP2Downstream] = []
    /// Streams whose request body can go on when nothing else is on the stack.
    private var waking: [HTTP2Downstream] = []
    /// Streams with room for more of their answer.
    var drained: [HTTP2Downstream] = []
    var frames: FrameGuard
    var resets = ResetGuard()
    /// Why the session has to end, found where it cannot be ended: in one of its callbacks.
    var flood: FrameGuard.Flood?
    /// Bytes of fields in the present header block, as they are without compression.
    var decoded = 0
    /// What that block may hold, and the stream that it is for: looked up once for all of its fields. nil when that has
    /// ended; while it has not, `streams` holds it.
    var limits = HeadLimits()
    var reading: Unmanaged<HTTP2Downstream>?
    /// When fields that never come twice are to be told with their names.
    var namesAreDue = Int64.min
    private var reader = FrameReader()
    private var numbers = StreamNumbers()
    private var wait = Wait.none
    /// The session is on the stack.
    private(set) var isInside = false
    private var isScheduled = false
    private var clientHasEnded = false
    private var requestCount = 0
    private var lingered = 0
    private var takenAtTimer: UInt64 = 0

    /// Control frames that may wait for a client at once.
    static let outboundLimit = 1_000
    /// A date a second fills the tables in about a minute.
    static let namesTime: Int64 = 20_000_000_000
    private static let lingerLimit = 1 << 20
    private static let lingerTime: Int64 = 2_000_000_000
    /// How long a client gets to show that it has heard of the end.
    private static let drainingTime: Int64 = 5_000_000_000

    /// Takes over a connection on which the client has spoken HTTP/2, or agreed to (ALPN). Nil: there is no memory.
    init?(socket: StreamSocket, takingOver other: HTTP1Downstream) {
        worker = other.worker
        slot = other.slot
        client = other.client
        tlsFacts = other.tlsFacts
        certificate = other.certificate
        frames = FrameGuard(headLimit: worker.snapshot.settings.head.head)
        super.init()
        let library = HTTP2Library.shared
        var session: OpaquePointer?
        // The session is deleted before this object lets go of itself.
        var memory = unsafe worker.sessionMemory.functions
        let made = unsafe nghttp2_session_server_new3(
            &session, library.callbacks, Unmanaged.passUnretained(self).toOpaque(), library.options, &memory)
        guard made == 0, unsafe session != nil else { return nil }
        unsafe self.session = session
        self.socket = socket
        socket.setHandler(self)
        worker.metrics.downstreamSpeaksHTTP2()
        greet(worker.snapshot.settings)
        rearm()
        schedule()
    }

    private func greet(_ settings: ClientSettings) {
        let own = settings.http2
        unsafe withUnsafeTemporaryAllocation(of: nghttp2_settings_entry.self, capacity: 5) { entries in
            unsafe entries[0] = entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, own.maxStreams)
            unsafe entries[1] = entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, own.streamWindow)
            unsafe entries[2] = entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.head.head)
            unsafe entries[3] = entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1)
            unsafe entries[4] = entry(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1)
            _ = unsafe nghttp2_submit_settings(session, 0, entries.baseAddress, entries.count)
        }
        _ = unsafe nghttp2_session_set_local_window_size(session, 0, 0, Int32(clamping: own.connectionWindow))
    }

    private func entry(_ name: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(bitPattern: name.rawValue), value: UInt32(clamping: value))
    }

    func judgeClientAgain() {
        client = client.judged(by: worker.snapshot.trustedProxies)
    }

    /// The address that the client's connection ends at.
    var localAddress: SocketAddress? { socket?.localAddress }

    // MARK: Reading

    override func socketDidReceive(_ bytes: Span<UInt8>) {
        if phase == .lingering {
            lingered += bytes.count
            if lingered > Self.lingerLimit { close() }
        }
        guard let session = unsafe session else { return }
        var offset = 0
        while let frame = reader.next(bytes, from: &offset) {
            if let flood = frames.note(frame, now: worker.loop.now) { return end(flood) }
            // Two errors that the library would pass over in silence.
            let isError =
                switch frame.kind {
                case .priority: frame.stream == 0
                case .headers: !numbers.note(frame.stream)
                default: false
                }
            if isError { return end(code: NGHTTP2_PROTOCOL_ERROR.rawValue) }
        }
        isInside = true
        // The pointer is used within the call only.
        let used = unsafe bytes.withUnsafeBufferPointer {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress, $0.count)
        }
        isInside = false
        if let flood { return end(flood) }
        guard used == bytes.count else {
            // Not even the preface was right, or the library is out of memory.
            return end(code: NGHTTP2_PROTOCOL_ERROR.rawValue)
        }
        if unsafe nghttp2_session_get_outbound_queue_size(session) > Self.outboundLimit + 2 * streams.count {
            return end(.outbound)
        }
        rearm()
        schedule()
    }

    override func socketDidReachEnd() {
        clientHasEnded = true
        if phase == .open || phase == .draining { socket?.closeAfterFlush() }
        close()
    }

    override func socketDidFail(_ error: Int32) { close() }

    // MARK: Writing

    /// Sees to it that what there is to say leaves at the end of this turn.
    func schedule() {
        guard !isScheduled, unsafe session != nil else { return }
        isScheduled = true
        worker.loop.atTurnEnd(self)
    }

    /// The body of a stream's request can go on.
    func wake(_ stream: HTTP2Downstream) {
        waking.append(stream)
        schedule()
    }

    override func loopTurnDidEnd() {
        isScheduled = false
        if !waking.isEmpty {
            let woken = waking
            waking.removeAll(keepingCapacity: true)
            for stream in woken where stream.connection === self { stream.deliver() }
        }
        flush()
    }

    override func socketDidDrain() { schedule() }

    private func flush() {
        guard let session = unsafe session, let socket else { return }
        isInside = true
        var failed = false
        while socket.isOpen && !socket.isCongested {
            var data: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(session, &data)
            failed = count < 0
            guard count > 0, let start = unsafe data else { break }
            // The bytes are good until the session is asked again.
            socket.write(unsafe Span(_unsafeStart: start, count: count))
        }
        isInside = false
        if let flood { return end(flood) }
        if failed { return end(code: NGHTTP2_INTERNAL_ERROR.rawValue) }
        if !drained.isEmpty { resumeDrained() }
        if unsafe nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 {
            return endConnection()
        }
        rearm()
    }

    private func resumeDrained() {
        let list = drained
        drained.removeAll(keepingCapacity: true)
        for stream in list where stream.connection === self { stream.didDrain() }
    }

    /// Bytes of a request's body have been taken: the client may send as many more.
    func consume(_ count: Int, of stream: Int32) {
        guard count > 0, unsafe session != nil else { return }
        _ = unsafe nghttp2_session_consume(session, stream, count)
        schedule()
    }

    /// Bytes that nobody takes any more: other streams may have as many, this one not.
    func discard(_ count: Int) {
        guard count > 0, unsafe session != nil else { return }
        _ = unsafe nghttp2_session_consume_connection(session, count)
        schedule()
    }

    // MARK: Streams

    func add(_ stream: HTTP2Downstream) {
        requestCount += 1
        stream.place = streams.count
        streams.append(stream)
        if requestCount >= worker.snapshot.settings.requestsPerConnection { drain(hasTime: true) }
    }

    func remove(_ stream: HTTP2Downstream) {
        if unsafe reading?.toOpaque() == Unmanaged.passUnretained(stream).toOpaque() { unsafe reading = nil }
        // The last one takes the free place.
        let place = stream.place
        guard place < streams.count, streams[place] === stream, let last = streams.popLast() else { return }
        if last !== stream {
            streams[place] = last
            last.place = place
        }
        if streams.isEmpty { schedule() }
    }

    // MARK: The end

    /// Tells the client in two steps (RFC 9113 §6.8): first that it should open no more streams, and when it shows that
    /// it has read that, which was the last one that was heard.
    func drain(hasTime: Bool) {
        guard phase == .open else { return }
        phase = .draining
        for stream in streams { stream.drainTunnel() }
        _ = unsafe nghttp2_submit_shutdown_notice(session)
        if !hasTime && streams.isEmpty && socket?.isQuiet == true {
            finishDraining()
        } else {
            _ = unsafe nghttp2_submit_ping(session, 0, nil)
            arm(.drain, Self.drainingTime)
        }
        schedule()
    }

    /// The client has heard of the end: what it sent up to now is answered, nothing else.
    func finishDraining() {
        guard phase == .draining, let session = unsafe session else { return }
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        _ = unsafe nghttp2_submit_goaway(session, 0, last, NGHTTP2_NO_ERROR.rawValue, nil, 0)
        wait = .none
        schedule()
    }

    /// The client floods: the connection ends, at once.
    private func end(_ flood: FrameGuard.Flood) {
        worker.metrics.downstreamFlooded()
        worker.log.warning(
            "a client was cut off for flooding",
            ["reason": .text("\(flood.label)"), "client": .text("\(client.address)")])
        end(code: NGHTTP2_ENHANCE_YOUR_CALM.rawValue)
    }

    /// Sends GOAWAY past the session, whose own frames may have to wait, and ends.
    private func end(code: UInt32) {
        guard let session = unsafe session, let socket else { return }
        let last = unsafe UInt32(bitPattern: nghttp2_session_get_last_proc_stream_id(session))
        var frame: InlineArray<17, UInt8> = .init(repeating: 0)
        frame[2] = 8
        frame[3] = 7
        for index in 0..<4 {
            let shift = UInt32(24 - 8 * index)
            frame[9 + index] = UInt8(truncatingIfNeeded: last >> shift)
            frame[13 + index] = UInt8(truncatingIfNeeded: code >> shift)
        }
        socket.write(frame.span)
        endConnection()
    }

    /// Lets what was written leave, then the end; reads on for a while, since unread bytes would make a reset of it.
    private func endConnection() {
        guard phase != .lingering, phase != .closed else { return }
        dropSession()
        guard let socket else { return }
        phase = .lingering
        if clientHasEnded {
            socket.closeAfterFlush()
            return close()
        }
        socket.shutdownWrite()
        socket.resume()
        arm(.linger, Self.lingerTime)
    }

    private func dropSession() {
        guard let session = unsafe session else { return }
        unsafe self.session = nil
        unsafe reading = nil
        waking.removeAll()
        drained.removeAll()
        while let stream = streams.popLast() { stream.connectionDidEnd() }
        unsafe nghttp2_session_del(session)
    }

    func closeIfIdle() {
        if streams.isEmpty { end(code: NGHTTP2_NO_ERROR.rawValue) }
    }

    func abandon() { close() }

    private func close() {
        guard phase != .closed else { return }
        phase = .closed
        dropSession()
        socket?.close()
        socket = nil
        worker.loop.timers.disarm(self)
        worker.downstreamDidClose(self)
    }

    // MARK: Time

    private func arm(_ what: Wait, _ limit: Int64) {
        wait = what
        if limit >= Deadline.never {
            worker.loop.timers.pause(self)
        } else {
            worker.loop.timers.arm(self, at: worker.loop.now + limit)
        }
    }

    /// What the connection itself waits for; its streams have their own times.
    private func rearm() {
        guard let socket, unsafe session != nil, wait != .drain else { return }
        let settings = worker.snapshot.settings
        if socket.waitingCount > 0 {
            guard wait != .send else { return }
            takenAtTimer = socket.takenCount
            arm(.send, settings.sendIdle)
        } else if frames.isInsideBlock || (streams.isEmpty && reader.isInside) {
            if wait != .head { arm(.head, settings.headTimeout) }
        } else if streams.isEmpty {
            if wait != .keepAlive { arm(.keepAlive, settings.keepAlive) }
        } else if wait != .none {
            wait = .none
            worker.loop.timers.pause(self)
        }
    }

    override func timerDidFire() {
        switch wait {
        case .none: break
        case .linger: close()
        case .drain: finishDraining()
        case .keepAlive, .head:
            let code = wait == .head ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_NO_ERROR
            wait = .none
            _ = unsafe nghttp2_session_terminate_session(session, code.rawValue)
            schedule()
        case .send:
            wait = .none
            if let socket, socket.waitingCount > 0, socket.takenCount == takenAtTimer {
                for stream in streams { stream.sendTimedOut() }
                socket.reset()
                return close()
            }
            rearm()
        }
    }
}
