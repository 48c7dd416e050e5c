internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// One worker's connections to one endpoint.
///
/// Idle connections are used last in, first out: the busy ones stay warm, the surplus expires. An endpoint that a name
/// stands for has all of the name's addresses; new connections go round them, and one that fails tries the next.
final class EndpointPool {
    enum Lease {
        case connection(HTTP1Upstream)
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
    /// Smooth weighted round robin's running value.
    var currentWeight = 0
    let addresses: EndpointAddresses
    /// Whom to expect over TLS, with the session that the next connection resumes; nil: in clear.
    let peer: TLSPeer?
    /// Taken out by a reload: no connection comes back.
    private(set) var isRetired = false

    private var idle: [HTTP1Upstream] = []
    /// When a failed handshake may be logged again.
    private var nextWarning: Int64 = 0
    private var openCount = 0
    private var nextAddress = 0
    /// Requests that wait for a connection because the limit is reached.
    private var waiting: [UpstreamRequest] = []

    init(worker: Worker, service: CompiledService, endpoint: CompiledEndpoint) {
        self.worker = worker
        self.service = service
        self.endpoint = endpoint
        state = endpoint.state
        addresses = EndpointAddresses(endpoint, worker: worker)
        let name = service.serverName ?? endpoint.configuration.host
        let context = endpoint.configuration.tls ? service.tls : nil
        peer = context.map {
            TLSPeer(context: $0, name: name, isAddress: SocketAddress(literal: name, port: 0) != nil)
        }
    }

    /// Goes on under a new configuration of the same endpoint.
    func adopt(_ service: CompiledService, _ endpoint: CompiledEndpoint) {
        self.service = service
        self.endpoint = endpoint
    }

    /// A connection for the request: an idle one that is still alive, else a new one.
    func lease(for request: UpstreamRequest) -> Lease {
        while let connection = idle.popLast() {
            worker.metrics.poolIdle(service.series, by: -1)
            worker.metrics.poolActive(service.series, by: 1)
            if connection.wake(for: request) {
                worker.metrics.connectionReused(service.series)
                return .connection(connection)
            }
        }
        if openCount >= service.pool.maxConnections {
            guard waiting.count < service.pool.maxPending else { return .failed(.overloaded) }
            waiting.append(request)
            worker.metrics.pending(service.series, by: 1)
            return .pending
        }
        switch addresses.state {
        case .known(let list): return open(list, for: request)
        case .resolving:
            guard waiting.count < service.pool.maxPending else { return .failed(.overloaded) }
            waiting.append(request)
            worker.metrics.pending(service.series, by: 1)
            addresses.whenResolved { [self] in serveWaiting() }
            return .pending
        case .failed:
            return .failed(.nameNotResolved)
        }
    }

    private func open(_ list: [SocketAddress], for request: UpstreamRequest) -> Lease {
        // Every address gets its chance to at least begin.
        for _ in list {
            let address = list[nextAddress % list.count]
            nextAddress = (nextAddress + 1) % list.count
            let connection = HTTP1Upstream(pool: self)
            if connection.connect(to: address, for: request) {
                openCount += 1
                worker.metrics.connectionOpened(service.series)
                worker.metrics.poolActive(service.series, by: 1)
                request.connecting(connection)
                return .pending
            }
            worker.metrics.connectionFailed(service.series)
        }
        return .failed(.upstreamConnectFailed)
    }

    /// How many addresses a new connection may try.
    var addressCount: Int {
        if case .known(let list) = addresses.state { list.count } else { 1 }
    }

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
                "service": .text(service.name), "endpoint": .text(endpoint.configuration.authority),
                "reason": .text("\(failure.label)"),
            ])
    }

    /// A connection has finished its exchange and can carry another.
    func giveBack(_ connection: HTTP1Upstream) {
        worker.metrics.poolActive(service.series, by: -1)
        if isRetired || idle.count >= service.pool.maxIdle {
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
        if wasIdle {
            worker.metrics.poolIdle(service.series, by: -1)
            if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
        } else {
            worker.metrics.poolActive(service.series, by: -1)
        }
        if !waiting.isEmpty { worker.loop.afterThis { [self] in serveWaiting() } }
    }

    /// Gives connections to those that wait, in their order.
    private func serveWaiting() {
        while let request = waiting.first {
            if openCount >= service.pool.maxConnections && idle.isEmpty { return }
            if case .resolving = addresses.state { return }
            waiting.removeFirst()
            worker.metrics.pending(service.series, by: -1)
            request.leaseAgain(from: self)
        }
    }

    /// The request has ended while it waited.
    func forget(_ request: UpstreamRequest) {
        if let index = waiting.firstIndex(where: { $0 === request }) {
            waiting.remove(at: index)
            worker.metrics.pending(service.series, by: -1)
        }
    }

    func closeIdle() {
        for connection in idle { connection.close() }
    }

    /// No new exchanges: idle connections close now, busy ones after their response.
    func retire() {
        isRetired = true
        closeIdle()
        addresses.stop()
    }
}
