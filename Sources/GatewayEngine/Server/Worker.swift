internal import ContentCodings
internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import JSONSchema
internal import RateLimits
internal import Reactor

/// One loop of the data plane and all that it owns: its connections, its pools, its buffers, its counters. Nothing in it
/// is touched by another thread once it runs; what comes from outside comes through `loop.execute`, which is why it may
/// be handed around.
final class Worker: @unchecked Sendable {
    let loop: EventLoop
    /// How many workers share the work; this one is `loop.index` of them.
    let count: Int
    let metrics: MetricsShard
    /// What new requests are served by; changed by `publish`.
    private(set) var view: WorkerView
    let healthChecks = HealthChecks()
    let ejections = Ejections()
    /// Tokens that this loop has seen verified.
    let tokens = VerifiedTokenCache()
    let keyDriver = KeyDriver()
    let certificateDriver = CertificateDriver()
    /// Connections to those who are asked about callers.
    let authorities = AuthorityPools()
    /// Passwords that this loop has seen verified; made when the first one comes.
    lazy var passwords = PasswordCache()
    private(set) var accessLog: AccessLogWorker?
    let scratch = MatchScratch()
    /// For rules of policies, which must not disturb what the route has matched.
    let policyScratch = MatchScratch()
    /// For bodies that are rewritten, kept from one to the next.
    let rewriters = RewriterPool()
    /// The same for those that are compressed or expanded.
    let coders: CoderPool
    let codingWork: CodingWork
    /// Asks schemas, for requests and responses that are checked.
    private(set) lazy var validator = SchemaValidator()
    /// Heads and chunk lines are put together here before they are written.
    let output = WireBuffer(capacity: 16 * 1024)
    /// Paths, targets and short values.
    let pathBuffer = WireBuffer(capacity: 4 * 1024)
    /// Bodies that the gateway makes itself.
    let bodyBuffer = WireBuffer(capacity: 4 * 1024)
    /// Given to bodies that cannot have trailers.
    let noTrailers = HeaderBlock()
    /// Counts of limits, shared by all workers.
    let limitStore: LimitStore
    let concurrency: ConcurrencyStore
    /// Where requests are counted for several gateways together; nil: nowhere but here.
    private(set) var remoteLimits: RemoteLimits?
    /// The limits of the request that is being asked about, and the key of one of them.
    let limitCheck = LimitCheck()
    let limitKey = WireBuffer(capacity: 512)
    var identifiers = IdentifierSource()
    private(set) var isDraining = false
    /// Tasks of Swift code under way, and how many there may be.
    private var programTasks = 0
    private var programLimit: Int
    /// When a failure of Swift code may be logged again.
    private var nextProgramError: Int64 = 0
    /// The pages of the admin listener.
    let pages: AdminPages

    /// The addresses that this worker accepts on.
    private(set) var slots: [ListenerSlot] = []
    /// When a refused PROXY header may be logged again.
    private var nextProxyWarning: Int64 = 0
    private var memoryLevel = MemoryGuard.Level.normal
    private var downstreams: [any DownstreamConnection] = []
    /// Of these, those that are not the admin listener's.
    private var clientCount = 0
    private var spare: [Exchange] = []
    private var spareStreams: [HTTP2Downstream] = []
    private let clock = WorkerClock()
    private var certificates = CertificateWatch()
    private let date = WireBuffer(capacity: 64)
    private var dateSecond: Int64 = -1
    private var addressLine = LineWriter(capacity: 64)
    private let addressText = WireBuffer(capacity: 64)
    private var lastAddress = SocketAddress.unspecified
    /// Called twice a second, on the loop.
    var onTick: (() -> Void)?
    private var onEmpty: (() -> Void)?
    let log: OperationLog
    let resolver: NameResolver

    /// Exchanges kept for later at most.
    private static let spareLimit = 1_024

    init(
        index: Int, of count: Int = 1, snapshot: Snapshot, metrics: Metrics, accessLog: AccessLogSink?,
        log: OperationLog, pages: AdminPages, limitStore: LimitStore = .random(),
        concurrency: ConcurrencyStore = ConcurrencyStore()
    ) {
        loop = EventLoop(index: index)
        self.count = count
        coders = CoderPool(memoryLimit: snapshot.configuration.limits.encoderMemory / count)
        codingWork = CodingWork(loop: loop)
        programLimit = max(1, snapshot.configuration.limits.handlers / count)
        self.metrics = metrics.makeShard()
        view = WorkerView(snapshot)
        self.log = log
        self.limitStore = limitStore
        self.concurrency = concurrency
        let (options, rejected) = NameResolverOptions.fromEnvironment()
        resolver = NameResolver(loop: loop, options: options)
        if index == 0, let rejected {
            log.warning("a setting of the environment is not understood", ["value": .text(rejected)])
        }
        self.pages = pages
        view = WorkerView(snapshot, worker: self, replacing: nil)
        self.accessLog = accessLog.map { AccessLogWorker(sink: $0, configuration: snapshot.configuration.accessLog) }
        healthChecks.worker = self
        healthChecks.reconcile(snapshot.services)
        ejections.worker = self
        keyDriver.worker = self
        keyDriver.reconcile(snapshot.auth.feeds)
        certificateDriver.worker = self
        certificateDriver.reconcile(snapshot.managed)
        remoteLimits = snapshot.limitStore.map { RemoteLimits($0, worker: self) }
        authorities.worker = self
        spare.reserveCapacity(Self.spareLimit)
        spareStreams.reserveCapacity(Self.spareLimit)
        clock.worker = self
        loop.timers.arm(clock, at: loop.now + WorkerClock.interval)
    }

    /// The configuration that new requests are served by.
    var snapshot: Snapshot { view.snapshot }

    /// The pools that new requests are served from.
    var services: [ServicePool] { view.services }

    // MARK: Publishing

    /// Serves by a snapshot from now on; requests under way go on as they began.
    ///
    /// 1. The view is made: pools that did not change go over with their connections, others are retired.
    /// 2. Addresses that are still there take it up with their next request; new ones are listened on; those that went
    ///    accept nothing more and let their connections end.
    /// 3. What else was made for the old snapshot is made again, and nothing holds on to that snapshot any more but the
    ///    requests under way.
    func publish(_ publication: Publication) {
        let old = snapshot
        let snapshot = publication.snapshot
        if snapshot !== old {
            view = WorkerView(snapshot, worker: self, replacing: view)
            coders.memoryLimit = snapshot.configuration.limits.encoderMemory / count
            programLimit = max(1, snapshot.configuration.limits.handlers / count)
            healthChecks.reconcile(snapshot.services)
            keyDriver.reconcile(snapshot.auth.feeds)
            certificateDriver.reconcile(snapshot.managed)
            takeUp(snapshot.limitStore)
            authorities.keepOnly(snapshot.auth.authorities)
        }
        for slot in slots {
            if let listener = publication.listeners.first(where: { $0.binding === slot.binding }) {
                slot.adopt(view, index: listener.index)
            } else {
                slot.drain()
            }
        }
        for listener in publication.listeners where !slots.contains(where: { $0.binding === listener.binding }) {
            listen(listener)
        }
        let gone = slots.filter(\.isDraining)
        slots.removeAll { $0.isDraining }
        for downstream in downstreams.reversed() where gone.contains(where: { $0 === downstream.slot }) {
            downstream.drain(hasTime: true)
        }
        if snapshot.trustedProxies != old.trustedProxies {
            for downstream in downstreams where !downstream.slot.isDraining { downstream.judgeClientAgain() }
        }
        for exchange in spare { exchange.view = view }
        rewriters.removeAll()
        takeUp(publication.accessLog, changed: snapshot.configuration.accessLog != old.configuration.accessLog)
    }

    /// Connections to a store that is still the same stay. Requests that wait for another one are decided without it.
    private func takeUp(_ store: CompiledLimitStore?) {
        if let remoteLimits, let store, remoteLimits.store.configuration == store.configuration {
            return remoteLimits.goOn(with: store)
        }
        let before = remoteLimits
        remoteLimits = store.map { RemoteLimits($0, worker: self) }
        before?.close()
    }

    private func takeUp(_ sink: AccessLogSink?, changed: Bool) {
        let settings = snapshot.configuration.accessLog
        if let accessLog, let sink, accessLog.sink === sink {
            if changed { accessLog.update(settings) }
            return
        }
        accessLog?.flush()
        accessLog = sink.map { AccessLogWorker(sink: $0, configuration: settings) }
    }

    // MARK: Listening

    /// Accepts on this worker's sockets of an address.
    private func listen(_ listener: Publication.Listener) {
        let slot = ListenerSlot(listener.binding, view: view, index: listener.index)
        slots.append(slot)
        for descriptor in listener.binding.descriptors(ofWorker: loop.index, of: count) {
            let socket = ListeningSocket(
                descriptor: descriptor, loop: loop,
                onAccept: { [unowned self, unowned slot] client, address in accept(client, address, slot) },
                onTrouble: { [unowned self] code in
                    log.warning("cannot accept connections for a moment", ["errno": .integer(Int(code))])
                })
            slot.add(socket)
            if memoryLevel == .full && !slot.isAdmin { socket.pauseAccepting() }
        }
    }

    private func accept(_ client: Int32, _ address: SocketAddress, _ slot: ListenerSlot) {
        var proxyHeader: ProxyHeaderReader?
        if let rules = slot.proxyProtocol {
            switch rules.judge(address) {
            case .sendsHeader: proxyHeader = ProxyHeaderReader(rules)
            case .isClient: break
            case .isRefused:
                proxyHeaderFailed(.untrusted, from: address, at: slot)
                ListeningSocket.discard(client)
                return
            }
        }
        let counter = slot.binding.counter
        guard counter.enter() else {
            metrics.downstreamRefused()
            ConnectionRefusal.answer(client, isTLS: slot.tls != nil)
            return
        }
        let downstream = HTTP1Downstream(
            descriptor: client, address: address, slot: slot, worker: self, proxyHeader: proxyHeader)
        guard let downstream else {
            counter.leave()
            return
        }
        metrics.downstreamAccepted()
        if !downstream.isAdmin { clientCount += 1 }
        downstream.place = downstreams.count
        downstreams.append(downstream)
    }

    /// A connection has not begun as it must. Counted always, logged once a second: whoever sends such connections decides
    /// how many there are.
    func proxyHeaderFailed(_ result: ProxyHeaderResult, from peer: SocketAddress, at slot: ListenerSlot) {
        metrics.proxyHeader(result)
        // Probes connect and go.
        guard result != .closed, loop.now >= nextProxyWarning else { return }
        nextProxyWarning = loop.now + 1_000_000_000
        log.warning(
            "a connection without a good PROXY header was ended",
            [
                "listener": .text(slot.binding.address.description), "peer": .text(peer.host),
                "reason": .text("\(result.label)"),
            ])
    }

    /// The client speaks another protocol than was thought.
    func replace(_ downstream: any DownstreamConnection, by other: any DownstreamConnection) {
        other.place = downstream.place
        downstreams[downstream.place] = other
        if isDraining || downstream.slot.isDraining { other.drain(hasTime: true) }
    }

    func downstreamDidClose(_ downstream: any DownstreamConnection) {
        metrics.downstreamClosed()
        downstream.slot.binding.counter.leave()
        // The last one takes the free place.
        let place = downstream.place
        guard let last = downstreams.popLast() else { return }
        if last !== downstream {
            downstreams[place] = last
            last.place = place
        }
        if !downstream.isAdmin { clientCount -= 1 }
        if isDraining { reportIfEmpty() }
    }

    // MARK: Swift code

    var hasProgramPlace: Bool { programTasks < programLimit }

    /// A task begins; false: there are as many as may be.
    func enterProgram(mustStart: Bool) -> Bool {
        guard mustStart || hasProgramPlace else { return false }
        programTasks += 1
        metrics.programTasks(by: 1)
        return true
    }

    /// It has ended, which may be after its request.
    func leaveProgram() {
        programTasks -= 1
        metrics.programTasks(by: -1)
        if isDraining { reportIfEmpty() }
    }

    /// Once a second: whoever sends requests that fail decides how many there are.
    func mayTellOfProgram() -> Bool {
        guard loop.now >= nextProgramError else { return false }
        nextProgramError = loop.now + 1_000_000_000
        return true
    }

    // MARK: Exchanges

    func takeExchange(for downstream: DownstreamStream) -> Exchange {
        let exchange = spare.popLast() ?? Exchange(worker: self)
        exchange.prepare(downstream)
        return exchange
    }

    /// For a request of the gateway's own.
    func takeExchange() -> Exchange { spare.popLast() ?? Exchange(worker: self) }

    func giveBack(_ exchange: Exchange) {
        if spare.count < Self.spareLimit {
            spare.append(exchange)
        } else {
            // Its timer may still be in the wheel, which holds no reference.
            loop.timers.disarm(exchange)
        }
    }

    func takeStream(for connection: HTTP2Connection) -> HTTP2Downstream {
        spareStreams.popLast() ?? HTTP2Downstream(worker: self, slot: connection.slot, client: connection.client)
    }

    func giveBack(_ stream: HTTP2Downstream) {
        if spareStreams.count < Self.spareLimit { spareStreams.append(stream) } else { loop.timers.disarm(stream) }
    }

    private func releaseSpare() {
        for stream in spareStreams { loop.timers.disarm(stream) }
        spareStreams.removeAll(keepingCapacity: true)
        for exchange in spare { loop.timers.disarm(exchange) }
        spare.removeAll(keepingCapacity: true)
    }

    // MARK: Draining

    /// Accepts nothing more and lets what is under way end; `done` is called on the loop when the last client is gone. The
    /// admin listener goes on to the end, so that a probe sees that this gateway is not ready any more; unless another
    /// program answers there now.
    func drain(handedOver: Bool = false, done: @escaping () -> Void) {
        isDraining = true
        // Whoever takes over gets the next ones.
        certificateDriver.shutDown()
        onEmpty = done
        for slot in slots where handedOver || !slot.isAdmin { slot.drain() }
        for downstream in downstreams.reversed() where !downstream.isAdmin {
            downstream.drain(hasTime: handedOver)
        }
        reportIfEmpty()
    }

    /// The last client is gone, and what worked for one has ended.
    private func reportIfEmpty() {
        guard clientCount == 0, programTasks == 0 else { return }
        let done = onEmpty
        onEmpty = nil
        done?()
    }

    /// Closes everything at once: before the loop is stopped.
    func shutDown() {
        isDraining = true
        for slot in slots { slot.drain() }
        slots.removeAll()
        for downstream in downstreams.reversed() { downstream.abandon() }
        healthChecks.shutDown()
        ejections.shutDown()
        keyDriver.shutDown()
        certificateDriver.shutDown()
        remoteLimits?.close()
        remoteLimits = nil
        authorities.shutDown()
        view.stop()
        resolver.close()
        loop.timers.disarm(clock)
        releaseSpare()
        accessLog?.flush()
    }

    // MARK: Small services

    /// The present second as HTTP writes it.
    func dateText() -> WireBuffer {
        let second = loop.wallNow / 1_000_000_000
        if second != dateSecond {
            dateSecond = second
            date.removeAll()
            HTTPDate.write(Int(second), into: date)
        }
        return date
    }

    /// A client's address as `X-Forwarded-For` carries it: made for each request, so that a connection need not keep it.
    func text(of address: SocketAddress) -> WireBuffer {
        if address.low == lastAddress.low && address.high == lastAddress.high && addressText.count > 0 {
            return addressText
        }
        lastAddress = address
        addressLine.reset()
        addressLine.append(addressHigh: address.high, low: address.low)
        addressText.removeAll()
        addressText.append(addressLine.span)
        return addressText
    }

    /// Memory is getting short, or is there again.
    func heed(_ level: MemoryGuard.Level) {
        // Operators must still be able to look: the admin listener goes on.
        memoryLevel = level
        for slot in slots where !slot.isAdmin {
            if level == .full { slot.pauseAccepting() } else { slot.resumeAccepting() }
        }
        guard level > .normal else { return }
        for downstream in downstreams.reversed() { downstream.closeIfIdle() }
        view.closeIdle()
        releaseSpare()
        rewriters.removeAll()
        coders.removeAll()
        loop.chunks.shrink()
    }

    func tick() {
        onTick?()
        // A quiet loop lets go of expired tokens too.
        tokens.sweep(64, at: loop.wallNow / 1_000_000_000)
        // One of them is enough.
        if loop.index == 0 { certificates.look(snapshot, now: loop.wallNow, log) }
        accessLog?.flush()
        metrics.loopLag(nanoseconds: loop.takeWorstLag())
    }
}

/// The worker's slow clock: flushes the access log, notes how late the loop ran.
private final class WorkerClock: TimerNode {
    static let interval: Int64 = 500_000_000
    weak var worker: Worker?

    override func timerDidFire() {
        guard let worker else { return }
        worker.tick()
        worker.loop.timers.arm(self, at: worker.loop.now + Self.interval)
    }
}
