internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor
internal import Synchronization

/// One worker's connections to one endpoint.
///
/// Idle connections are used last in, first out: the busy ones stay warm, the surplus expires. An endpoint that a name
/// stands for has all of the name's addresses; new connections go round them, and one that fails tries the next.
final class EndpointPool {
    enum Lease {
        case connection(UpstreamStream)
        /// The request will hear `upstreamIsReady` or `upstreamDidFail`.
        case pending
        case failed(GatewayError)
    }

    let worker: Worker
    /// As the newest configuration has it: a reload that keeps the endpoint keeps this pool with its connections.
    private(set) var service: CompiledService
    private(set) var endpoint: CompiledEndpoint
    /// What all workers know of this endpoint.
    let state: EndpointState
    let addresses: EndpointAddresses
    /// Whom to expect over TLS, with the session that the next connection resumes; nil: in clear.
    let peer: TLSPeer?
    /// Taken out by a reload: no connection comes back.
    private(set) var isRetired = false

    private var idle: [HTTP1Upstream] = []
    /// Connections of HTTP/2.
    var shared: [HTTP2Upstream] = []
    var speech: Speech
    /// Connections that are being made, and of which it is not known that they are HTTP/1.
    private(set) var connecting = 0
    /// When a failed handshake may be logged again.
    private var nextWarning: Int64 = 0
    private var openCount = 0
    private var nextAddress = 0
    /// Requests that wait for a connection because a limit is reached, or for the name.
    private let waiting: PendingQueue
    /// The limit that was reached last is that of the service over all workers: nobody here can tell when it has room.
    private var isCapped = false
    /// How often the queue looks then.
    private static let capInterval: Int64 = 16_000_000

    init(worker: Worker, service: CompiledService, endpoint: CompiledEndpoint) {
        self.worker = worker
        self.service = service
        self.endpoint = endpoint
        state = endpoint.state
        speech = Speech(service, endpoint)
        waiting = PendingQueue(worker.loop)
        addresses = EndpointAddresses(endpoint, worker: worker)
        let name = service.serverName ?? endpoint.configuration.host
        let context = endpoint.configuration.tls ? service.tls : nil
        peer = context.map {
            TLSPeer(context: $0, name: name, isAddress: SocketAddress(literal: name, port: 0) != nil)
        }
        waiting.pool = self
    }

    /// Whether its connections are what a new configuration of the endpoint asks for: to the same place, made the same way.
    func canGoOn(as service: CompiledService, _ endpoint: CompiledEndpoint) -> Bool {
        let (now, then) = (self.endpoint.configuration, endpoint.configuration)
        return !isRetired && state === endpoint.state && now.host == then.host && now.port == then.port
            && now.path == then.path && now.tls == then.tls
            && self.service.proxyProtocol == service.proxyProtocol
            && (!now.tls || self.service.configuration.tls == service.configuration.tls)
            && self.service.configuration.protocol == service.configuration.protocol
    }

    /// Goes on under a new configuration of the same endpoint.
    func adopt(_ service: CompiledService, _ endpoint: CompiledEndpoint) {
        self.service = service
        self.endpoint = endpoint
    }

    /// A connection for the request: an idle one that is still alive, else a new one.
    func lease(for request: UpstreamRequest) -> Lease {
        let (service, worker) = (self.service, self.worker)
        if speech != .http1, let lease = leaseStream(for: request) { return lease }
        let origin = service.proxyProtocol == nil ? nil : request.proxyOrigin
        while let connection = takeIdle(for: origin) {
            worker.metrics.poolIdle(service.series, by: -1)
            worker.metrics.poolActive(service.series, by: 1)
            if connection.wake(for: request) {
                worker.metrics.connectionReused(service.series)
                return .connection(connection)
            }
        }
        // What is idle now is told of other clients: it gives its place where there is none.
        if openCount >= service.pool.maxConnections { closeOldestIdle() }
        if openCount >= service.pool.maxConnections { return wait(request) }
        switch addresses.state {
        case .known(let list):
            isCapped = !service.state.takeConnection(cap: service.breaker.maxConnections)
            if isCapped && closeOldestIdle() {
                isCapped = !service.state.takeConnection(cap: service.breaker.maxConnections)
            }
            return isCapped ? wait(request) : open(list, origin, for: request)
        case .resolving:
            let lease = wait(request)
            if case .pending = lease { addresses.whenResolved { [self] in serveWaiting() } }
            return lease
        case .failed:
            return .failed(.nameNotResolved)
        }
    }

    /// The idle connection that rested last; of those that are told of a client, of one that is told of this one.
    private func takeIdle(for origin: ProxyOrigin?) -> HTTP1Upstream? {
        guard service.proxyProtocol != nil else { return idle.popLast() }
        return idle.lastIndex { $0.origin == origin }.map { idle.remove(at: $0) }
    }

    @discardableResult
    private func closeOldestIdle() -> Bool {
        guard let oldest = idle.first else { return false }
        oldest.close()
        return true
    }

    /// Puts the request in the queue, if that and the service's own have a place.
    func wait(_ request: UpstreamRequest) -> Lease {
        guard waiting.count < service.pool.maxPending, service.state.takePending(cap: service.breaker.maxPending)
        else {
            worker.metrics.shed(service.series)
            return .failed(.overloaded)
        }
        waiting.append(request, deadline: worker.loop.now + service.breaker.pendingTimeout)
        if isCapped { waiting.look(within: Self.capInterval) }
        worker.metrics.pending(service.series, by: 1)
        return .pending
    }

    /// The place among the service's connections is taken.
    private func open(_ list: [StreamTarget], _ origin: ProxyOrigin?, for request: UpstreamRequest) -> Lease {
        // Every address gets its chance to at least begin.
        var code: Int32 = 0
        for _ in list {
            let target = list[nextAddress % list.count]
            nextAddress = (nextAddress + 1) % list.count
            let connection = HTTP1Upstream(pool: self, origin: origin)
            if let failure = connection.connect(to: target, for: request) {
                code = failure
            } else {
                openCount += 1
                connecting += 1
                worker.metrics.connectionOpened(service.series)
                worker.metrics.poolActive(service.series, by: 1)
                request.connecting(connection)
                return .pending
            }
            worker.metrics.connectionFailed(service.series)
        }
        service.state.giveBackConnection()
        if endpoint.configuration.path != nil { noteSocketFailure(code) }
        return .failed(code == SystemError.refused ? .upstreamConnectRefused : .upstreamConnectFailed)
    }

    /// What is the matter with a socket in the file system (none there, no permission, nobody listening) is for operators.
    private func noteSocketFailure(_ code: Int32) {
        guard worker.loop.now >= nextWarning else { return }
        nextWarning = worker.loop.now + 10_000_000_000
        worker.log.warning(
            "an endpoint's socket could not be connected to",
            [
                "service": .text(service.name), "endpoint": .text(endpoint.configuration.label),
                "reason": .text(SystemError.text(code)),
            ])
    }

    /// How many addresses a new connection may try.
    var addressCount: Int {
        if case .known(let list) = addresses.state { list.count } else { 1 }
    }

    /// Whether a connection that nobody needs now may wait for the next one who does.
    var keepsIdle: Bool { service.pool.maxIdle > 0 }

    /// A connection is there, or will not be.
    func connectingDidEnd() { connecting -= 1 }

    var hasWaiting: Bool { !waiting.isEmpty }

    func connectionFailed() {
        worker.metrics.connectionFailed(service.series)
    }

    /// Clients are not told more than that the service cannot be trusted; operators are, once in ten seconds.
    func handshakeFailed(_ failure: TLSFailure) {
        guard worker.loop.now >= nextWarning else { return }
        nextWarning = worker.loop.now + 10_000_000_000
        worker.log.warning(
            "no TLS connection to an endpoint could be made",
            [
                "service": .text(service.name), "endpoint": .text(endpoint.configuration.label),
                "reason": .text("\(failure.label)"),
            ])
    }

    /// A connection has finished its exchange and can carry another.
    func giveBack(_ connection: HTTP1Upstream) {
        let (service, worker) = (self.service, self.worker)
        worker.metrics.poolActive(service.series, by: -1)
        let isWantedElsewhere =
            waiting.isEmpty && service.state.wantsConnections(cap: service.breaker.maxConnections)
        if isRetired || isWantedElsewhere || idle.count >= service.pool.maxIdle {
            worker.metrics.poolIdle(service.series, by: 1)
            connection.close()
            return
        }
        idle.append(connection)
        worker.metrics.poolIdle(service.series, by: 1)
        if !waiting.isEmpty { serveWaiting() }
    }

    func didClose(_ connection: HTTP1Upstream, wasIdle: Bool) {
        openCount -= 1
        service.state.giveBackConnection()
        if wasIdle {
            worker.metrics.poolIdle(service.series, by: -1)
            if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
        } else {
            worker.metrics.poolActive(service.series, by: -1)
        }
        if !waiting.isEmpty { worker.loop.afterThis { [self] in serveWaiting() } }
    }

    func didClose(_ connection: HTTP2Upstream, wasResting: Bool) {
        openCount -= 1
        service.state.giveBackConnection()
        if wasResting {
            worker.metrics.poolIdle(service.series, by: -1)
        } else {
            worker.metrics.poolActive(service.series, by: -1)
        }
        shared.removeAll { $0 === connection }
        hasRoomAgain()
    }

    /// Gives connections to those that wait, in their order.
    func serveWaiting() {
        while !waiting.isEmpty {
            if speech != .http1 {
                if shared.contains(where: \.hasRoom) {
                    guard let request = waiting.popFirst() else { return }
                    didLeaveQueue()
                    request.leaseAgain(from: self)
                    continue
                }
                if mayHaveRoomSoon { return }
            }
            if openCount >= service.pool.maxConnections && idle.isEmpty { return }
            if case .resolving = addresses.state { return }
            if idle.isEmpty, service.state.connections.load(ordering: .relaxed) >= service.breaker.maxConnections {
                return waiting.look(within: Self.capInterval)
            }
            guard let request = waiting.popFirst() else { return }
            didLeaveQueue()
            request.leaseAgain(from: self)
        }
    }

    private func didLeaveQueue() {
        service.state.giveBackPending()
        worker.metrics.pending(service.series, by: -1)
    }

    /// The queue's timer: somebody has waited for too long, or the service may have room for a connection.
    func lookAtQueue() {
        if case .resolving = addresses.state {
            // A name is waited for until the request's own deadline, with an error of its own.
            return waiting.look(after: service.breaker.pendingTimeout)
        }
        while let request = waiting.popExpired(now: worker.loop.now) {
            didLeaveQueue()
            worker.metrics.shed(service.series)
            request.waitedTooLong(in: self)
        }
        serveWaiting()
    }

    /// The request has ended while it waited.
    func forget(_ request: UpstreamRequest) {
        if waiting.remove(request) { didLeaveQueue() }
    }

    func closeIdle() {
        for connection in idle { connection.close() }
        for connection in shared where connection.streams.isEmpty { connection.end() }
    }

    /// Idle connections close now, busy ones after their response. Exchanges that still come here get connections for
    /// themselves alone.
    func retire() {
        isRetired = true
        closeIdle()
        for connection in shared { connection.retire() }
        addresses.retire()
    }

    /// The worker ends, and with it every request that could have waited here.
    func stop() {
        retire()
        addresses.stop()
    }
}
