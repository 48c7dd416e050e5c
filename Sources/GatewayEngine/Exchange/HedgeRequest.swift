internal import HTTPWire
internal import Reactor
internal import Synchronization

/// A second try beside the first, when the first takes long: whichever endpoint begins to answer first wins, the other
/// try is given up.
///
/// It sends the bytes that the exchange sent, to another endpoint. When its response's head comes first, the
/// exchange takes over connection, endpoint and head, as if it had asked there itself; this object is done then.
final class HedgeRequest: UpstreamRequest {
    private unowned let exchange: Exchange
    private let head: [UInt8]
    private let body: [UInt8]
    private var pool: EndpointPool?
    private var isWaiting = false
    private var start: Int64 = 0

    init(exchange: Exchange, head: [UInt8], body: [UInt8]) {
        self.exchange = exchange
        self.head = head
        self.body = body
        super.init(worker: exchange.worker)
    }

    override var method: Method { exchange.request.method }
    override var isRepeatable: Bool { body.isEmpty }
    override var proxyOrigin: ProxyOrigin? { exchange.proxyOrigin }

    func send(to pool: EndpointPool) {
        self.pool = pool
        start = worker.loop.now
        pool.state.inFlight.add(1, ordering: .relaxed)
        worker.metrics.upstreamStarted(pool.service.series)
        exchange.record.attempts &+= 1
        lease(from: pool)
    }

    private func lease(from pool: EndpointPool) {
        switch pool.lease(for: self) {
        case .connection(let connection):
            upstream = connection
            upstreamIsReady(connection)
        case .pending: if upstream == nil { isWaiting = true }
        case .failed: worker.loop.afterThis { [self] in if self.pool != nil { fail(.abandoned) } }
        }
    }

    override func leaseAgain(from pool: EndpointPool) {
        isWaiting = false
        lease(from: pool)
    }

    override func upstreamIsReady(_ connection: UpstreamStream) {
        let (head, body) = (self.head, self.body)
        connection.sendHead(head.span, framing: exchange.framing)
        if !body.isEmpty { connection.sendBody(body.span) }
        connection.sendEnd(trailers: nil)
    }

    override func upstreamDidReceiveHead(_ framing: BodyFraming) {
        guard let pool, let connection = upstream else { return }
        self.pool = nil
        upstream = nil
        exchange.adopt(self, pool, connection, since: start, framing)
    }

    override func upstreamDidFail(_ failure: UpstreamFailure) {
        upstream = nil
        fail(failure.sentNothing ? .connectFailure : .broken)
    }

    private func fail(_ kind: TryOutcome.Kind) {
        leave(kind)
        exchange.hedgeFailed(self)
    }

    /// The first try was faster, or nobody wants an answer any more.
    func cancel() { leave(.abandoned) }

    private func leave(_ kind: TryOutcome.Kind) {
        guard let pool else { return }
        self.pool = nil
        if isWaiting {
            isWaiting = false
            pool.forget(self)
        }
        if let upstream {
            self.upstream = nil
            upstream.cancel()
        }
        let now = worker.loop.now
        exchange.service?.note(TryOutcome(kind: kind, latency: now - start), at: pool, now: now)
        pool.state.inFlight.subtract(1, ordering: .relaxed)
        worker.metrics.upstreamFinished(pool.service.series)
    }
}
