internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor
internal import Synchronization

/// One request and its response: couples a client's side with an endpoint's, from the first byte of the head to the
/// access record.
///
/// The steps, in the order in which they happen; each is one method or one file:
/// 1. `begin`: the head is complete. Route, policies, answer (`Exchange+Request.swift` reads from top to bottom).
/// 2. `proxy`: an endpoint is picked and a connection leased (`Exchange+Upstream.swift`).
/// 3. `sendRequest`: the edited head is sent, and the body flows behind it.
/// 4. `passHead`: the response's head goes to the client, the body flows behind it
///    (`Exchange+Response.swift`).
/// 5. `finish`: the record is completed, counted and logged, and this object goes back to its worker.
/// Whatever goes wrong ends in `refuse` (nothing was sent to the client yet) or `breakOff` (something was).
///
/// Exchanges are pooled: between two requests they belong to nobody, and all that a request leaves behind is cleared by
/// `prepare`. An exchange belongs to one worker and one thread.
final class Exchange: UpstreamRequest {
    enum Phase: UInt8 {
        /// In the worker's pool. Can transition to: receiving.
        case unused
        /// The request's head is being read. Can transition to: waiting, responding, unused.
        case receiving
        /// No byte of the response was sent. Can transition to: responding, unused.
        case waiting
        /// The response's head was sent. Can transition to: unused.
        case responding
    }

    let request = RequestHead()
    var record = AccessRecord()
    var phase = Phase.unused

    /// The configuration that this request was routed by.
    var snapshot: Snapshot
    var downstream: DownstreamStream?
    var client: ClientIdentity?
    /// What services are told of the client's certificate; nil: it showed none.
    var clientCertificate: [UInt8]?
    var listener = 0
    var routeIndex = -1
    /// The path that was matched and is forwarded: normalised, the stage removed; in the arena of the request's fields.
    var path = ByteRange.empty
    /// The same with the stage: what a redirect leads to when it names no path.
    var publicPath = ByteRange.empty
    /// The target for the upstream, in the same arena.
    var target = ByteRange.empty
    /// `Host` as the client sent it, in the same arena.
    var originalAuthority = ByteRange.empty
    var framing = BodyFraming.none
    var service: ServicePool?
    var endpoint: EndpointPool?
    /// Addresses of the endpoint that were tried for the present connection.
    var addressesTried = 0
    var bodyReceived = 0
    var bodyLimit = Int.max
    var streamIdle = Deadline.never
    var requestDeadline = Deadline.never
    var upstreamStart: Int64 = 0
    /// When the present try at an endpoint began; -1: none is open.
    var tryStart: Int64 = -1
    var startedAt: Int64 = 0
    var isWaitingInPool = false
    /// The client has sent its end while the answer was not there yet.
    var halfClosed = false
    /// What `strip_prefix` took away, in the same arena.
    var removedPrefix = ByteRange.empty
    var hasResponseTrailers = false
    private var ownRequestTrailers: HeaderBlock?
    private var ownResponseTrailers: HeaderBlock?

    override init(worker: Worker) {
        snapshot = worker.snapshot
        super.init(worker: worker)
    }

    /// Made ready for a request whose first byte has just come.
    func prepare(_ downstream: HTTP1Downstream) {
        phase = .receiving
        record = AccessRecord()
        record.start = worker.loop.wallNow
        startedAt = worker.loop.now
        snapshot = worker.snapshot
        self.downstream = downstream
        client = downstream.client
        listener = downstream.listener
        clientCertificate = downstream.certificate
        record.tls = downstream.tlsFacts
        routeIndex = -1
        path = .empty
        publicPath = .empty
        target = .empty
        originalAuthority = .empty
        framing = .none
        halfClosed = false
        removedPrefix = .empty
        hasResponseTrailers = false
        addressesTried = 0
        tryStart = -1
        bodyReceived = 0
        bodyLimit = .max
        streamIdle = Deadline.never
        requestDeadline = Deadline.never
        let address = downstream.client.address
        record.clientHigh = address.high
        record.clientLow = address.low
        record.clientPort = address.port
        worker.metrics.requestStarted()
    }

    override var method: Method { request.method }

    override var isRepeatable: Bool {
        (framing == .none || framing == .length(0)) && request.method.isIdempotent
    }

    /// Where the trailers of a chunked request body go. A body without trailers gets a block that stays empty.
    var requestTrailers: HeaderBlock {
        framing == .chunked ? Self.block(&ownRequestTrailers) : worker.noTrailers
    }

    /// The same for the response.
    override var responseTrailers: HeaderBlock {
        hasResponseTrailers ? Self.block(&ownResponseTrailers) : worker.noTrailers
    }

    /// The trailers that are passed on; nil when the framing has no place for any.
    var receivedTrailers: HeaderBlock? { hasResponseTrailers ? responseTrailers : nil }

    /// Made when a first chunked body comes, and kept.
    private static func block(_ slot: inout HeaderBlock?) -> HeaderBlock {
        if let slot { return slot }
        let made = HeaderBlock()
        slot = made
        return made
    }

    var settings: ClientSettings { snapshot.settings }

    /// As the client asked.
    var scheme: StaticString { record.tls == nil ? "http" : "https" }

    /// The request's path as it will be forwarded, before edits.
    @_lifetime(borrow self)
    func matchedPath() -> Span<UInt8> {
        let fields = request.fields
        // The arena lives as long as the request's head, which lives as long as this object.
        return unsafe _overrideLifetime(fields.bytes(path), borrowing: self)
    }

    // MARK: Time

    /// Moves the one deadline: of the whole request before the response's head, of the stream's silence after it.
    func touch() {
        guard streamIdle < Deadline.never else { return }
        worker.loop.timers.arm(self, at: worker.loop.now + streamIdle)
    }

    override func timerDidFire() {
        switch phase {
        case .unused, .receiving:
            break
        case .waiting:
            if upstream != nil { noteTry(.timeout) }
            refuse(isWaitingInPool && upstream == nil ? endpointTimeoutError : .upstreamTimeout)
        case .responding:
            record.error = .streamIdleTimeout
            breakOff()
        }
    }

    private var endpointTimeoutError: GatewayError {
        if let endpoint, case .resolving = endpoint.addresses.state { .nameResolutionTimeout } else { .upstreamTimeout }
    }

    // MARK: The end

    /// The exchange is over: counts, logs, and goes back to the pool. Both sides have been told by now.
    func finish() {
        guard phase != .unused else { return }
        phase = .unused
        worker.loop.timers.pause(self)
        leaveEndpoint()
        downstream = nil
        client = nil
        service = nil
        record.duration = worker.loop.now - startedAt
        if record.status == 0, let error = record.error { record.status = UInt16(truncatingIfNeeded: error.status) }
        worker.metrics.requestFinished(record)
        worker.accessLog?.write(record, request: request, labels: snapshot.labels)
        worker.giveBack(self)
    }

    /// Lets go of the upstream side.
    func leaveEndpoint() {
        guard let endpoint else { return }
        self.endpoint = nil
        if isWaitingInPool {
            isWaitingInPool = false
            endpoint.forget(self)
        }
        if tryStart >= 0 { noteTry(.abandoned) }
        if let upstream {
            self.upstream = nil
            upstream.cancel()
        }
        endpoint.state.inFlight.subtract(1, ordering: .relaxed)
        worker.metrics.upstreamFinished(endpoint.service.series)
    }

    // MARK: Events of the endpoint's side

    override func leaseAgain(from pool: EndpointPool) { goOn(from: pool) }
    override func upstreamIsReady(_ connection: UpstreamStream) { sendRequest(on: connection) }
    override func upstreamDidReceiveInformational() { passInformational() }
    override func upstreamDidReceiveHead(_ framing: BodyFraming) { passHead(framing) }
    override func upstreamDidReceiveBody(_ bytes: Span<UInt8>) { passBody(bytes) }
    override func upstreamDidFinish(_ connection: UpstreamStream) { responseIsComplete() }
    override func upstreamDidFail(_ failure: UpstreamFailure) { tryFailed(failure) }
    override func upstreamDidDrain() { downstream?.resumeBody() }

    // MARK: Events of the client's side

    func downstreamGone() {
        if record.error == nil { record.error = .clientClosed }
        finish()
    }

    /// The client has sent its end and may be gone: it gets a moment for the answer to begin.
    func downstreamHalfClosed() {
        guard phase == .waiting else { return }
        let soon = worker.loop.now + HTTP1Downstream.halfClosedTime
        if soon < requestDeadline {
            requestDeadline = soon
            halfClosed = true
            worker.loop.timers.arm(self, at: soon)
        }
    }

    func downstreamDidDrain() {
        upstream?.resumeResponse()
    }

    func sendTimedOut() {
        record.error = .sendTimeout
        finish()
    }
}
