internal import HTTPWire
internal import Reactor
internal import Synchronization

/// A copy of a client's request, sent to another service. Nothing that happens to it reaches the client: its answer is
/// thrown away, its failures are counted, and when it cannot keep pace it is given up.
///
/// 1. `begin` is called with the head as the mirrored service shall see it; a connection is leased.
/// 2. The exchange hands over each piece of the body as it comes. Until the connection is there, and while it is
///    congested, pieces wait, up to a limit; beyond it the copy is given up.
/// 3. `end` follows the last piece. The response is read to its end, so that the connection can serve again.
/// The object lives until then or until its own deadline, whatever becomes of the exchange.
final class MirrorRequest: UpstreamRequest {
    private let requestMethod: Method
    private let framing: BodyFraming
    private let head: [UInt8]
    private let bodyLimit: Int
    private var pool: EndpointPool?
    private var service: ServicePool?
    private let origin: ProxyOrigin?
    private var waitingBody: [UInt8] = []
    private var isReady = false
    private var isWaiting = false
    private var bodyIsComplete = false
    private var endWasSent = false
    private var start: Int64 = 0
    /// Holds the object while the loop works for it: neither the wheel nor a connection does.
    private var keepAlive: MirrorRequest?

    init(
        worker: Worker, method: Method, framing: BodyFraming, head: [UInt8], bodyLimit: Int, origin: ProxyOrigin?
    ) {
        self.origin = origin
        requestMethod = method
        self.framing = framing
        self.head = head
        self.bodyLimit = bodyLimit
        super.init(worker: worker)
    }

    override var method: Method { requestMethod }
    override var proxyOrigin: ProxyOrigin? { origin }

    func begin(_ service: ServicePool, _ pool: EndpointPool) {
        self.service = service
        self.pool = pool
        keepAlive = self
        start = worker.loop.now
        pool.state.inFlight.add(1, ordering: .relaxed)
        worker.metrics.upstreamStarted(pool.service.series)
        let limit = pool.service.requestTimeout
        // A copy has no client that would give up: it gets a deadline in any case.
        worker.loop.timers.arm(self, at: start + (limit < Deadline.never ? limit : Self.longest))
        lease(from: pool)
    }

    private static let longest: Int64 = 300_000_000_000

    private func lease(from pool: EndpointPool) {
        switch pool.lease(for: self) {
        case .connection(let connection):
            upstream = connection
            upstreamIsReady(connection)
        case .pending: if upstream == nil { isWaiting = true }
        case .failed: leave(.abandoned)
        }
    }

    override func leaseAgain(from pool: EndpointPool) {
        isWaiting = false
        lease(from: pool)
    }

    // MARK: The request

    override func upstreamIsReady(_ connection: UpstreamStream) {
        isReady = true
        let head = self.head
        connection.sendHead(head.span, framing: framing)
        flush()
    }

    override func upstreamDidDrain() { flush() }

    func body(_ bytes: Span<UInt8>) {
        guard pool != nil else { return }
        if isReady, waitingBody.isEmpty, let upstream, !upstream.isCongested {
            upstream.sendBody(bytes)
            return
        }
        guard waitingBody.count + bytes.count <= bodyLimit else { return leave(.abandoned) }
        // The pointer is used within the call only.
        unsafe bytes.withUnsafeBufferPointer { unsafe waitingBody.append(contentsOf: $0) }
    }

    /// The client has sent everything.
    func end() {
        bodyIsComplete = true
        flush()
    }

    /// The client's request will never be complete, so neither will the copy.
    func cancel() {
        if !bodyIsComplete { leave(.abandoned) }
    }

    private func flush() {
        guard isReady, let upstream, !endWasSent, !upstream.isCongested else { return }
        if !waitingBody.isEmpty {
            let body = waitingBody
            waitingBody = []
            upstream.sendBody(body.span)
        }
        if bodyIsComplete {
            endWasSent = true
            upstream.sendEnd(trailers: nil)
        }
    }

    // MARK: The response, which nobody reads

    override func upstreamDidReceiveHead(_ framing: BodyFraming) {
        guard let pool else { return }
        let now = worker.loop.now
        let status = UInt16(truncatingIfNeeded: response.status)
        service?.note(TryOutcome(kind: .response, status: status, latency: now - start), at: pool, now: now)
        start = -1
    }

    override func upstreamDidFinish(_ connection: UpstreamStream) {
        upstream = nil
        leave(.response)
    }

    override func upstreamDidFail(_ failure: UpstreamFailure) {
        upstream = nil
        leave(failure.sentNothing ? .connectFailure : .broken)
    }

    override func timerDidFire() { leave(.timeout) }

    private func leave(_ kind: TryOutcome.Kind) {
        guard let pool else { return }
        self.pool = nil
        worker.loop.timers.disarm(self)
        if isWaiting {
            isWaiting = false
            pool.forget(self)
        }
        if let upstream {
            self.upstream = nil
            upstream.cancel()
        }
        let now = worker.loop.now
        if start >= 0 { service?.note(TryOutcome(kind: kind, latency: now - start), at: pool, now: now) }
        pool.state.inFlight.subtract(1, ordering: .relaxed)
        worker.metrics.upstreamFinished(pool.service.series)
        service = nil
        waitingBody = []
        // Whoever called this still holds the object until the call returns.
        worker.loop.afterThis { [self] in keepAlive = nil }
    }
}
