internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import JSONStream
internal import RateLimits
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

    /// Who asks.
    enum Caller: UInt8 {
        /// Not yet found out.
        case unasked
        /// Showed nothing, and need not.
        case nobody
        /// Was recognised; as a consumer where `consumer` says so.
        case known
        /// Whoever could have said is gone, and the configuration lets requests pass all the same.
        case unknowable
    }

    let request = RequestHead()
    var record = AccessRecord()
    /// What the record has no place for; nil: nothing.
    var details: AccessDetails?
    var phase = Phase.unused

    /// What this request is served by, from its complete head on: the configuration, and the pools that belong to it.
    var view: WorkerView
    var downstream: DownstreamStream?
    var client: ClientIdentity?
    /// What services are told of the client's certificate; nil: it showed none.
    var clientCertificate: ClientCertificate?
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
    /// Read once, so that every try of a request wants the same.
    var affinity = Affinity()
    /// Which policy is next.
    var policyStep = PolicyStep.preflight
    /// Who asks; nil: nobody that is known.
    var identity: VerifiedToken?
    /// Which consumer that is, by its place among the snapshot's; -1: none.
    var consumer: Int32 = -1
    /// What is known of who asks.
    var caller = Caller.unasked
    /// Somebody else is being asked about the request.
    var authorityCall: InternalRequest?
    /// The path needs no identity.
    var isExcluded = false
    /// `WWW-Authenticate` of the refusal.
    var challenge: [UInt8] = []
    /// The number of the present wait for keys, over all requests that this object serves.
    var identityWait: UInt64 = 0
    /// The split that is told how it went, and the side; nil: none is.
    var splitLane: SplitLane?
    var splitSide = 0
    /// Addresses of the endpoint that were tried for the present connection.
    var addressesTried = 0
    /// How often the present endpoint has refused a stream.
    var refusals = 0
    var bodyReceived = 0
    var bodyLimit = Int.max
    var streamIdle = Deadline.never
    var requestDeadline = Deadline.never
    var upstreamStart: Int64 = 0
    /// When the present try at an endpoint began; -1: none is open.
    var tryStart: Int64 = -1
    var tryDeadline = Deadline.never
    /// When the pause before the next try, or before a hedge, is over.
    var wakeAt = Deadline.never
    var triesMade = 0
    /// Where tries have failed: the next one goes elsewhere.
    var triedEndpoints: [EndpointPool] = []
    /// The place that the present retry or hedge holds among all of the service's.
    var heldRetry: RetryBudget?
    /// The copy for another service that takes the body along.
    var mirror: MirrorRequest?
    /// Tries beside the present one that have not been answered.
    var hedges: [HedgeRequest] = []
    var hedgesMade = 0
    /// Why the first one was lost, while the hedge still may win.
    var lostTry: LostTry?
    /// The request is a call of gRPC.
    var isCall = false
    /// When its caller wants it to be over, its last message included.
    var callDeadline = Deadline.never
    /// When the call's caller was heard last, and how long an endpoint that has heard all of it has to begin.
    var callHeardAt: Int64 = 0
    var callLimit = Deadline.never
    /// What the client speaks instead of gRPC; nil: gRPC itself.
    var web: WebCall?
    /// The client wants to speak WebSocket, and its route lets it.
    var wantsTunnel = false
    /// It does: the bytes of both sides pass as they are.
    var isTunnel = false
    var closing = Closing.no
    /// Of what the endpoint sends.
    var frames = FrameTracker()
    /// A further try may need the body: it is kept.
    var keepsBody = false
    var keptBody: [UInt8] = []
    var keptLimit = 0
    /// The client's side was told to let the body flow.
    var bodyHasBegun = false
    var startedAt: Int64 = 0
    var isWaitingInPool = false
    /// The client has sent its end while the answer was not there yet.
    var halfClosed = false
    /// The place at the service; nil: none is taken.
    var ticket: ServiceTicket?
    /// An OPTIONS request that the gateway answers for the route of the method that it asks about.
    var isPreflight = false
    /// The place that the client holds on a route which limits its requests at once.
    var concurrencyPlace: KeyDigest?
    /// What a store is asked about the request's limits, while it is waited for.
    var limitCall: LimitCall?
    /// What the client is told of its limits, in the same arena.
    var limitFields = LimitFields()
    /// The route's parameters while a policy waits: other requests use the worker's scratch then.
    var keptMatch: [ByteRange] = []
    /// Nanoseconds until a refused request may come again; 0: not known.
    var retryAfter: Int64 = 0
    /// Runs while the request is delayed on purpose.
    var faultTimer: FaultTimer?
    /// A call of the admin API that waits for its body or its answer.
    var adminCall: PendingAdminCall?
    /// What `strip_prefix` took away, in the same arena.
    var removedPrefix = ByteRange.empty
    var hasResponseTrailers = false
    /// What is done to the request and its response; nil: they pass as they are.
    var transformation: CompiledTransformation?
    /// The client's query, where it was edited.
    var receivedQuery: ByteRange?
    /// The response's body is rewritten by this.
    var reshaping: BodyRewriter?
    /// The request's body is rewritten by this, into `keptBody`, before the request goes on.
    var gathering: BodyRewriter?
    /// `keptBody` is the whole body that is sent.
    var isBodyReplaced = false
    /// How far checking has come; nil: nothing is checked.
    var check: ExchangeCheck?
    /// `keptBody` is the whole body as it came.
    var isBodyHeld = false
    /// The response's head waits until its body is known to be sound, or large.
    var isHeadHeld = false
    var heldDeadline = Deadline.never
    /// The place of what compresses responses of the route; -1: nothing does.
    var compression: Int32 = -1
    /// Bodies on their way through decoders and encoders.
    var coder = BodyCoder()
    /// The service's answer is read and thrown away: the gateway's form stands in its place.
    var isReplacing = false
    var replacedBytes = 0
    /// Bodies as they came, where values of header fields and the like refer to them.
    /// Edits of the response's head that wait for its body.
    var lateEdits: CompiledTransformation.Response?
    /// The path that a transformation has made, in the arena of the request's fields; empty: none.
    var editedPath = ByteRange.empty
    var requestDocument: JSONDocument?
    var responseDocument: JSONDocument?
    /// The calls that the answer is made of.
    var aggregation: AggregateRun?
    /// The same when it has failed, while that is told.
    var failedAggregate: AggregateMachine?
    /// Swift code that works on the request.
    var program: ProgramRun?
    /// The error that it wants its client to see, while that is told.
    var refusal: ProgramRefusal?
    /// Whose part of an aggregate this is, in place of a client.
    var part: PartCall?
    private var ownRequestTrailers: HeaderBlock?
    private var ownResponseTrailers: HeaderBlock?

    override init(worker: Worker) {
        view = worker.view
        super.init(worker: worker)
    }

    /// Made ready for a request whose first byte has just come.
    func prepare(_ downstream: DownstreamStream) {
        reset()
        phase = .receiving
        record.version = downstream.version
        capture(downstream.slot)
        self.downstream = downstream
        client = downstream.client
        clientCertificate = downstream.certificate
        record.tls = downstream.tlsFacts
        let address = downstream.client.address
        record.clientHigh = address.high
        record.clientLow = address.low
        record.clientPort = address.port
        worker.metrics.requestStarted()
    }

    /// Made ready for a part of an aggregate: its client, route and configuration are those of the whole.
    func prepare(for call: PartCall, of parent: Exchange) {
        reset()
        phase = .waiting
        part = call
        downstream = call
        view = parent.view
        listener = parent.listener
        routeIndex = parent.routeIndex
        client = parent.client
        clientCertificate = parent.clientCertificate
        consumer = parent.consumer
        identity = parent.identity
        record.tls = parent.record.tls
        record.clientHigh = parent.record.clientHigh
        record.clientLow = parent.record.clientLow
        record.clientPort = parent.record.clientPort
        request.removeAll()
    }

    private func reset() {
        record = AccessRecord()
        record.start = worker.loop.wallNow
        startedAt = worker.loop.now
        routeIndex = -1
        path = .empty
        publicPath = .empty
        target = .empty
        originalAuthority = .empty
        framing = .none
        halfClosed = false
        retryAfter = 0
        isExcluded = false
        caller = .unasked
        consumer = -1
        limitFields = LimitFields()
        isPreflight = false
        removedPrefix = .empty
        hasResponseTrailers = false
        addressesTried = 0
        tryStart = -1
        tryDeadline = Deadline.never
        wakeAt = Deadline.never
        triesMade = 0
        hedgesMade = 0
        isCall = false
        callDeadline = Deadline.never
        if web != nil { web = nil }
        wantsTunnel = false
        isTunnel = false
        keepsBody = false
        bodyHasBegun = false
        isBodyReplaced = false
        compression = -1
        isReplacing = false
        editedPath = .empty
        isBodyHeld = false
        bodyReceived = 0
        bodyLimit = .max
        streamIdle = Deadline.never
        requestDeadline = Deadline.never
    }

    override var method: Method { request.method }

    override var isRepeatable: Bool {
        framing.isEmpty && request.method.isIdempotent
    }

    /// Where the trailers of a chunked request body go. A body without trailers gets a block that stays empty.
    var requestTrailers: HeaderBlock {
        framing.isChunked ? Self.block(&ownRequestTrailers) : worker.noTrailers
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

    var snapshot: Snapshot { view.snapshot }

    /// Takes what the slot has now: for the refusals of a head at its first byte, and once more when the head is complete.
    /// Between two reloads that is a comparison, and touches no count of references.
    func capture(_ slot: ListenerSlot) {
        listener = slot.index
        guard view !== slot.view else { return }
        view = slot.view
        // Whom to believe is a part of the configuration.
        if let client { self.client = client.judged(by: snapshot.trustedProxies) }
    }

    var settings: ClientSettings { snapshot.settings }

    /// As the client asked.
    var scheme: StaticString { record.tls == nil && client?.cameByTLS != true ? "http" : "https" }

    /// The client as far as it is known, for endpoints that are told by a PROXY header.
    override var proxyOrigin: ProxyOrigin? {
        let source = SocketAddress(mapped: record.clientHigh, record.clientLow, port: record.clientPort)
        let destination = client?.proxied?.destination ?? downstream?.localAddress ?? .unspecified
        return ProxyOrigin(source: source, destination: destination)
    }

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
        let due = streamIdle < Deadline.never ? worker.loop.now + streamIdle : Deadline.never
        let end = min(due, callDeadline)
        if end < Deadline.never { worker.loop.timers.arm(self, at: end) }
    }

    override func timerDidFire() {
        switch phase {
        case .unused, .receiving:
            break
        case .waiting:
            waitingTimerDidFire()
        case .responding:
            record.error = worker.loop.now >= callDeadline ? .upstreamTimeout : .streamIdleTimeout
            breakOff()
        }
    }

    /// Notes what the record has no place for.
    func tell(_ note: (AccessDetails) -> Void) {
        let details = self.details ?? AccessDetails()
        note(details)
        self.details = details
    }

    // MARK: The end

    /// The exchange is over: counts, logs, and goes back to the pool. Both sides have been told by now.
    func finish() {
        guard phase != .unused else { return }
        phase = .unused
        worker.loop.timers.pause(self)
        stopFault()
        leaveEndpoint()
        endTransformation()
        if coder.isUsed { endCoding() }
        endAggregation()
        if program != nil { endProgram() }
        endValidation()
        if let mirror {
            self.mirror = nil
            mirror.cancel()
        }
        if !triedEndpoints.isEmpty { triedEndpoints.removeAll(keepingCapacity: true) }
        leaveService()
        if adminCall != nil { adminCall = nil }
        leaveRoute()
        if limitCall != nil { forgetLimits() }
        downstream = nil
        client = nil
        service = nil
        splitLane = nil
        identity = nil
        if let authorityCall {
            self.authorityCall = nil
            authorityCall.cancel()
        }
        if !challenge.isEmpty { challenge = [] }
        record.duration = worker.loop.now - startedAt
        if record.status == 0, let error = record.error { record.status = UInt16(truncatingIfNeeded: error.status) }
        if let part { return partIsOver(part) }
        worker.metrics.requestFinished(record)
        worker.accessLog?.write(record, details: details, request: request, labels: snapshot.labels)
        if details != nil { details = nil }
        worker.giveBack(self)
    }

    /// Lets go of the upstream side as a whole: nothing more is tried.
    func leaveEndpoint() {
        leaveTry()
        cancelHedges()
        lostTry = nil
        giveBackRetry()
        dropKeptBody()
    }

    /// A few bytes may stay for the next request's; a large body's memory goes.
    func dropKeptBody() {
        keepsBody = false
        if !keptBody.isEmpty { keptBody.removeAll(keepingCapacity: keptBody.capacity <= 4_096) }
    }

    // MARK: Events of the endpoint's side

    override func leaseAgain(from pool: EndpointPool) { goOn(from: pool) }
    override func waitedTooLong(in pool: EndpointPool) {
        isWaitingInPool = false
        refuse(.pendingTimeout)
    }
    override func upstreamIsReady(_ connection: UpstreamStream) { sendRequest(on: connection) }
    override func upstreamDidReceiveInformational() { passInformational() }
    override func upstreamDidReceiveHead(_ framing: BodyFraming) { passHead(framing) }
    override var acceptsSwitch: Bool { wantsTunnel }
    override func upstreamDidSwitch() { beginTunnel() }

    override func upstreamDidReceiveBody(_ bytes: Span<UInt8>) {
        if isTunnel { tunnelFromEndpoint(bytes) } else { passBody(bytes) }
    }

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
        guard !resumeCoding() else { return }
        upstream?.resumeResponse()
        program?.drained()
    }

    func sendTimedOut() {
        record.error = .sendTimeout
        finish()
    }
}
