internal import CNghttp2
internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// An HTTP/2 connection to an endpoint, shared by the requests of one worker.
///
/// 1. `HTTP1Upstream` makes the connection; when it turns out to be one of HTTP/2, this object takes the socket over.
/// 2. The pool asks `hasRoom` and opens streams on it, as many as the endpoint allows at once.
/// 3. What streams have to send is collected until the loop's turn ends, and leaves in one write.
/// 4. Bytes open the connection's window again as soon as they are there: a client that is slow holds back its own stream,
///    whose window opens by what it took, and no other. What waits here is bounded by the streams' windows together.
/// 5. GOAWAY, a reload or an end of the program lets the streams under way end, and the connection with the last.
///
/// Whether the other side is still there is asked by PING: `PingMachine` says when.
@safe final class HTTP2Upstream: StreamHandler {
    enum Phase: UInt8 {
        /// Can transition to: draining, closed.
        case open
        /// No further streams. Can transition to: closed.
        case draining
        case closed
    }

    let pool: EndpointPool
    private(set) var socket: StreamSocket?
    private(set) var phase = Phase.open
    private(set) var session: OpaquePointer?
    /// Streams that carry a request.
    private(set) var streams: [HTTP2UpstreamStream] = []
    /// Streams with room for more of their request.
    var drained: [HTTP2UpstreamStream] = []
    /// Bytes of fields in the present header block, as they are without compression.
    var decoded = 0
    /// The session is on the stack: it cannot be deleted now.
    private var isInside = false
    private var mustEnd = false
    private var isScheduled = false
    private var ping: PingMachine
    /// Streams that were opened.
    private(set) var useCount = 0
    /// The endpoint has said how many streams it takes: until then one has to do.
    var isGreeted = false

    /// Streams at once at most, whatever the endpoint allows.
    private static let streamLimit = 256

    var worker: Worker { pool.worker }

    /// Takes over a connection on which the endpoint has agreed to HTTP/2, or is known to speak it. Nil: there is no memory.
    init?(socket: StreamSocket, pool: EndpointPool) {
        self.pool = pool
        ping = PingMachine(pool.service.ping, at: pool.worker.loop.now)
        super.init()
        let library = HTTP2UpstreamLibrary.shared
        var session: OpaquePointer?
        // The session is deleted before this object lets go of itself.
        var memory = unsafe pool.worker.sessionMemory.functions
        let made = unsafe nghttp2_session_client_new3(
            &session, library.callbacks, Unmanaged.passUnretained(self).toOpaque(), library.options, &memory)
        guard made == 0, unsafe session != nil else { return nil }
        unsafe self.session = session
        self.socket = socket
        socket.setHandler(self)
        greet(worker.snapshot.settings)
        schedule()
    }

    private func greet(_ settings: ClientSettings) {
        unsafe withUnsafeTemporaryAllocation(of: nghttp2_settings_entry.self, capacity: 3) { entries in
            unsafe entries[0] = entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0)
            unsafe entries[1] = entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.http2.streamWindow)
            unsafe entries[2] = entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.responseHead.head)
            _ = unsafe nghttp2_submit_settings(session, 0, entries.baseAddress, entries.count)
        }
        let window = Int32(clamping: settings.http2.connectionWindow)
        _ = unsafe nghttp2_session_set_local_window_size(session, 0, 0, window)
    }

    private func entry(_ name: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(bitPattern: name.rawValue), value: UInt32(clamping: value))
    }

    // MARK: Streams

    /// Nobody knows yet how many requests may be sent.
    var isNew: Bool { !isGreeted && phase == .open && !mustEnd }

    /// Another request may be sent.
    var hasRoom: Bool {
        guard phase == .open, !mustEnd, let session = unsafe session else { return false }
        let allowed = unsafe nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
        let isAllowed = unsafe nghttp2_session_check_request_allowed(session) != 0
        return isAllowed && (isGreeted || streams.isEmpty) && streams.count < min(Int(allowed), Self.streamLimit)
    }

    func open(for request: UpstreamRequest) -> HTTP2UpstreamStream {
        let stream = HTTP2UpstreamStream(self, request)
        if streams.isEmpty && useCount > 0 { pool.didWake(self) }
        useCount += 1
        stream.place = streams.count
        streams.append(stream)
        if ping.requestBegins(isFirst: streams.count == 1, at: worker.loop.now) == .ask { ask() }
        rearm()
        return stream
    }

    /// The stream carries nothing any more.
    func remove(_ stream: HTTP2UpstreamStream) {
        let place = stream.place
        guard place < streams.count, streams[place] === stream, let last = streams.popLast() else { return }
        if last !== stream {
            streams[place] = last
            last.place = place
        }
        if stream.id > 0, let session = unsafe session {
            _ = unsafe nghttp2_session_set_stream_user_data(session, stream.id, nil)
        }
        guard phase != .closed else { return }
        if streams.isEmpty { rest() } else { pool.hasRoomAgain() }
    }

    /// Nothing is under way on it.
    func rest() {
        pool.didRest(self)
        if phase == .draining || !pool.keepsIdle { endSoon() } else { rearm() }
        pool.hasRoomAgain()
    }

    // MARK: Reading

    override func socketDidReceive(_ bytes: Span<UInt8>) {
        guard let session = unsafe session else { return }
        ping.heard(at: worker.loop.now)
        isInside = true
        // The pointer is used within the call only.
        let used = unsafe bytes.withUnsafeBufferPointer {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress, $0.count)
        }
        isInside = false
        if mustEnd || used != bytes.count { return end() }
        rearm()
        schedule()
    }

    override func socketDidReachEnd() { end() }
    override func socketDidFail(_ error: Int32) { end() }

    // MARK: Writing

    func schedule() {
        guard !isScheduled, unsafe session != nil else { return }
        isScheduled = true
        worker.loop.atTurnEnd(self)
    }

    override func loopTurnDidEnd() {
        isScheduled = false
        if mustEnd { end() } else { flush() }
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
        if failed || mustEnd { return end() }
        if !drained.isEmpty {
            let list = drained
            drained.removeAll(keepingCapacity: true)
            for stream in list { stream.didDrain() }
        }
        if unsafe nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 { end() }
    }

    func send(_ bytes: Span<UInt8>) { socket?.write(bytes) }

    var isCongested: Bool { socket?.isCongested != false }

    // MARK: The end

    /// No further streams; those under way go on.
    func retire() {
        guard phase == .open else { return }
        phase = .draining
        if streams.isEmpty { endSoon() }
    }

    /// Ends it when nothing of it is on the stack.
    func endSoon() {
        mustEnd = true
        schedule()
    }

    /// The connection is over: what was under way on it has failed.
    func end() {
        guard phase != .closed else { return }
        if isInside { return endSoon() }
        let wasResting = streams.isEmpty
        phase = .closed
        let open = streams
        streams.removeAll()
        drained.removeAll()
        unsafe nghttp2_session_del(session)
        unsafe session = nil
        socket?.close()
        socket = nil
        worker.loop.timers.disarm(self)
        pool.didClose(self, wasResting: wasResting)
        for stream in open { stream.connectionDidEnd() }
    }

    // MARK: Time

    private func ask() {
        guard let session = unsafe session else { return }
        _ = unsafe nghttp2_submit_ping(session, 0, nil)
        schedule()
    }

    private func rearm() {
        guard phase != .closed else { return }
        var due = ping.due(isBusy: !streams.isEmpty)
        let keepAlive = pool.service.keepAlive
        if streams.isEmpty && keepAlive < Deadline.never { due = min(due, worker.loop.now + keepAlive) }
        if due < Deadline.never { worker.loop.timers.arm(self, at: due) } else { worker.loop.timers.pause(self) }
    }

    override func timerDidFire() {
        // At rest the time is up in any case: nobody has answered, or nobody has come.
        if streams.isEmpty { return end() }
        switch ping.timeHasPassed(isBusy: true, at: worker.loop.now) {
        case .ask: ask()
        case .end: return end()
        case .none: break
        }
        rearm()
    }
}
