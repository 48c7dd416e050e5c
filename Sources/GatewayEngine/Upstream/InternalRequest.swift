internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// A request that the gateway makes for itself: a health check, a set of keys, a question to an authority.
///
/// It takes the same way as a client's: leased from an endpoint's pool, sent on the same kind of connection, and nothing
/// of it can hold up the loop. The response's body is collected up to a limit.
///
/// 1. `send` leases a connection; `completion` is called exactly once, on the loop, unless `cancel` comes first. It may
///    be called before `send` returns.
/// 2. The deadline covers everything from then to the last byte of the body.
/// 3. A response that is larger than the limit fails with `.tooLarge`, or is cut there, as the caller wishes; either way
///    its connection is closed.
///
/// One that was made by `init(connecting:)` asks nothing: it is complete when there is a connection.
final class InternalRequest: UpstreamRequest {
    enum Failure: Error {
        case upstream(UpstreamFailure)
        case gateway(GatewayError)
        case timeout
        case tooLarge
    }

    /// What came back. The head is `response`, which stays as it is until this object goes.
    struct Reply {
        /// 0 where nothing was asked.
        let status: Int
        let body: [UInt8]
        /// The body went on beyond the limit.
        let isCut: Bool
    }

    typealias Completion = (InternalRequest, Result<Reply, Failure>) -> Void

    /// Empty: only a connection is wanted.
    private let head: [UInt8]
    private let body: [UInt8]
    private let requestMethod: Method
    private let bodyLimit: Int
    private let cutsBody: Bool
    private let mayRepeat: Bool
    private let completion: Completion
    private var received: [UInt8] = []
    private var trailers: HeaderBlock?
    private var pool: EndpointPool?
    private var addressesTried = 0
    private var isWaiting = false
    private var isOver = false
    /// Holds the object while the loop works for it: neither the wheel nor a connection does.
    private var keepAlive: InternalRequest?

    /// - Parameters:
    ///   - target: path and query, already in their wire form.
    ///   - fields: everything but `Host` and the framing, already valid.
    ///   - lines: further fields, serialised and valid.
    ///   - mayRepeat: whether asking twice does no harm, whatever the method and the body.
    ///   - cutsBody: whether a body beyond the limit is cut there instead of failing.
    init(
        worker: Worker, method: Method, target: String, host: [UInt8], fields: [(name: String, value: String)] = [],
        lines: [UInt8] = [], body: [UInt8] = [], bodyLimit: Int = 1 << 20, cutsBody: Bool = false,
        mayRepeat: Bool = false, completion: @escaping Completion
    ) {
        requestMethod = method
        self.body = body
        self.bodyLimit = bodyLimit
        self.cutsBody = cutsBody
        self.mayRepeat = mayRepeat
        self.completion = completion
        var head = Array("\(method.text) \(target) HTTP/1.1\r\nHost: ".utf8)
        head += host
        head += Array("\r\n".utf8)
        for field in fields { head += Array("\(field.name): \(field.value)\r\n".utf8) }
        head += lines
        if !body.isEmpty || method == .post || method == .put {
            head += Array("Content-Length: \(body.count)\r\n".utf8)
        }
        self.head = head + Array("\r\n".utf8)
        super.init(worker: worker)
    }

    /// Asks for no more than a connection, which is then given back to the pool.
    init(connecting worker: Worker, completion: @escaping Completion) {
        requestMethod = .get
        head = []
        body = []
        bodyLimit = 0
        cutsBody = false
        mayRepeat = false
        self.completion = completion
        super.init(worker: worker)
    }

    override var method: Method { requestMethod }
    override var isRepeatable: Bool { mayRepeat || body.isEmpty && requestMethod.isIdempotent }

    override var responseTrailers: HeaderBlock {
        if let trailers { return trailers }
        let made = HeaderBlock()
        trailers = made
        return made
    }

    /// Sends it to an endpoint. The object lives on its own until it is over.
    func send(to pool: EndpointPool, timeout: Int64) {
        self.pool = pool
        keepAlive = self
        if timeout < Deadline.never { worker.loop.timers.arm(self, at: worker.loop.now + timeout) }
        lease()
    }

    /// Ends it without a word.
    func cancel() {
        guard !isOver else { return }
        letGo()
    }

    private func lease() {
        guard let pool else { return }
        addressesTried += 1
        switch pool.lease(for: self) {
        case .connection(let connection):
            upstream = connection
            upstreamIsReady(connection)
        case .pending:
            if upstream == nil { isWaiting = true }
        case .failed(let error):
            finish(.failure(.gateway(error)))
        }
    }

    override func leaseAgain(from pool: EndpointPool) {
        isWaiting = false
        addressesTried -= 1
        lease()
    }

    override func waitedTooLong(in pool: EndpointPool) {
        isWaiting = false
        finish(.failure(.gateway(.pendingTimeout)))
    }

    override func upstreamIsReady(_ connection: UpstreamStream) {
        if head.isEmpty { return finish(.success(Reply(status: 0, body: [], isCut: false))) }
        let (head, body) = (self.head, self.body)
        connection.sendHead(head.span, framing: body.isEmpty ? .none : .length(body.count))
        if !body.isEmpty { connection.sendBody(body.span) }
        connection.sendEnd(trailers: nil)
    }

    override func upstreamDidReceiveBody(_ bytes: Span<UInt8>) {
        let room = bodyLimit - received.count
        // The pointer is used within the call only.
        unsafe bytes.withUnsafeBufferPointer { unsafe received.append(contentsOf: $0.prefix(room)) }
        guard bytes.count > room else { return }
        finish(
            cutsBody
                ? .success(Reply(status: response.status, body: received, isCut: true)) : .failure(.tooLarge))
    }

    override func upstreamDidFinish(_ connection: UpstreamStream) {
        upstream = nil
        finish(.success(Reply(status: response.status, body: received, isCut: false)))
    }

    override func upstreamDidFail(_ failure: UpstreamFailure) {
        upstream = nil
        if failure.sentNothing, let pool, addressesTried < pool.addressCount { return lease() }
        // It had waited in the pool and was closed meanwhile: a new connection will tell.
        if case .closedEarly(reused: true) = failure, isRepeatable { return lease() }
        finish(.failure(.upstream(failure)))
    }

    override func timerDidFire() { finish(.failure(.timeout)) }

    private func finish(_ result: Result<Reply, Failure>) {
        guard !isOver else { return }
        letGo()
        completion(self, result)
    }

    private func letGo() {
        isOver = true
        worker.loop.timers.disarm(self)
        if isWaiting {
            isWaiting = false
            pool?.forget(self)
        }
        if let upstream {
            self.upstream = nil
            upstream.cancel()
        }
        pool = nil
        // Whoever called this still holds the object until the call returns.
        worker.loop.afterThis { [self] in keepAlive = nil }
    }
}
