internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// One loop of the data plane and all that it owns: its connections, its pools, its buffers, its counters. Nothing in it
/// is touched by another thread once it runs; what comes from outside comes through `loop.execute`, which is why it may
/// be handed around.
final class Worker: @unchecked Sendable {
    let loop: EventLoop
    let metrics: MetricsShard
    private(set) var snapshot: Snapshot
    private(set) var services: [ServicePool] = []
    let accessLog: AccessLogWorker?
    let scratch = MatchScratch()
    /// Heads and chunk lines are put together here before they are written.
    let output = WireBuffer(capacity: 16 * 1024)
    /// Paths, targets and short values.
    let pathBuffer = WireBuffer(capacity: 4 * 1024)
    /// Bodies that the gateway makes itself.
    let bodyBuffer = WireBuffer(capacity: 4 * 1024)
    /// Given to bodies that cannot have trailers.
    let noTrailers = HeaderBlock()
    var identifiers = IdentifierSource()
    private(set) var isDraining = false
    /// The pages of the admin listener.
    let pages: AdminPages

    private var listeners: [ListeningSocket] = []
    /// What each of them listens for, in the same order.
    private var listenerIndices: [Int] = []
    private var downstreams: [HTTP1Downstream] = []
    /// Of these, those that are not the admin listener's.
    private var clientCount = 0
    private var spare: [Exchange] = []
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
        index: Int, snapshot: Snapshot, metrics: Metrics, accessLog: AccessLogSink?, log: OperationLog,
        pages: AdminPages
    ) {
        loop = EventLoop(index: index)
        self.metrics = metrics.makeShard()
        self.snapshot = snapshot
        self.log = log
        let (options, rejected) = NameResolverOptions.fromEnvironment()
        resolver = NameResolver(loop: loop, options: options)
        if index == 0, let rejected {
            log.warning("a setting of the environment is not understood", ["value": .text(rejected)])
        }
        self.pages = pages
        self.accessLog = accessLog.map { AccessLogWorker(sink: $0, configuration: snapshot.configuration.accessLog) }
        services = snapshot.services.map { service in
            let endpoints = service.endpoints.map { EndpointPool(worker: self, service: service, endpoint: $0) }
            return ServicePool(service, endpoints: endpoints)
        }
        spare.reserveCapacity(Self.spareLimit)
        clock.worker = self
        loop.timers.arm(clock, at: loop.now + WorkerClock.interval)
    }

    // MARK: Listening

    func listen(_ binding: ListenerBinding, _ descriptor: Int32) {
        let counter = binding.counter
        let index = binding.index
        listenerIndices.append(index)
        listeners.append(
            ListeningSocket(
                descriptor: descriptor, loop: loop,
                onAccept: { [unowned self] client, address in accept(client, address, listener: index, counter) },
                onTrouble: { [unowned self] code in
                    log.warning("cannot accept connections for a moment", ["errno": .integer(Int(code))])
                }))
    }

    private func accept(_ client: Int32, _ address: SocketAddress, listener: Int, _ counter: ConnectionCounter) {
        guard counter.enter() else {
            metrics.downstreamRefused()
            let isTLS = listener != ListenerBinding.adminIndex && snapshot.listeners[listener].tls != nil
            ConnectionRefusal.answer(client, isTLS: isTLS)
            return
        }
        guard
            let downstream = HTTP1Downstream(
                descriptor: client, address: address, listener: listener, worker: self, counter: counter)
        else {
            counter.leave()
            return
        }
        metrics.downstreamAccepted()
        if !downstream.isAdmin { clientCount += 1 }
        downstream.place = downstreams.count
        downstreams.append(downstream)
    }

    func downstreamDidClose(_ downstream: HTTP1Downstream) {
        metrics.downstreamClosed()
        downstream.counter.leave()
        // The last one takes the free place.
        let place = downstream.place
        guard let last = downstreams.popLast() else { return }
        if last !== downstream {
            downstreams[place] = last
            last.place = place
        }
        if !downstream.isAdmin { clientCount -= 1 }
        if isDraining && clientCount == 0 { reportEmpty() }
    }

    // MARK: Exchanges

    func takeExchange(for downstream: HTTP1Downstream) -> Exchange {
        let exchange = spare.popLast() ?? Exchange(worker: self)
        exchange.prepare(downstream)
        return exchange
    }

    func giveBack(_ exchange: Exchange) {
        if spare.count < Self.spareLimit {
            spare.append(exchange)
        } else {
            // Its timer may still be in the wheel, which holds no reference.
            loop.timers.disarm(exchange)
        }
    }

    private func releaseSpare() {
        for exchange in spare { loop.timers.disarm(exchange) }
        spare.removeAll(keepingCapacity: true)
    }

    // MARK: Draining

    /// Accepts nothing more and lets what is under way end; `done` is called on the loop when the last client is gone. The
    /// admin listener goes on to the end, so that a probe sees that this gateway is not ready any more.
    func drain(done: @escaping () -> Void) {
        isDraining = true
        onEmpty = done
        for (listener, index) in zip(listeners, listenerIndices) where index != ListenerBinding.adminIndex {
            listener.close()
        }
        for downstream in downstreams.reversed() where !downstream.isAdmin { downstream.drain() }
        if clientCount == 0 { reportEmpty() }
    }

    private func reportEmpty() {
        let done = onEmpty
        onEmpty = nil
        done?()
    }

    /// Closes everything at once: before the loop is stopped.
    func shutDown() {
        isDraining = true
        for listener in listeners { listener.close() }
        listeners.removeAll()
        for downstream in downstreams.reversed() { downstream.abandon() }
        for service in services { service.retire() }
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

    func splitSide(_ split: CompiledSplit) -> Int { split.next() }

    /// Memory is getting short, or is there again.
    func heed(_ level: MemoryGuard.Level) {
        // Operators must still be able to look: the admin listener goes on.
        for (listener, index) in zip(listeners, listenerIndices) where index != ListenerBinding.adminIndex {
            if level == .full { listener.pauseAccepting() } else { listener.resumeAccepting() }
        }
        guard level > .normal else { return }
        for downstream in downstreams.reversed() { downstream.closeIfIdle() }
        for service in services { service.closeIdle() }
        releaseSpare()
        loop.chunks.shrink()
    }

    func tick() {
        onTick?()
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
