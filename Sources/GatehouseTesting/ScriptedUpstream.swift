internal import Synchronization

/// A real HTTP/1.1 origin on 127.0.0.1 that does what a script says, and judges what reaches it.
///
/// Each connection runs the script on a thread of its own. What the gateway sends is read by the kit's strict reader;
/// a message that breaks the protocol is kept in `violations`, its connection is closed, and `check()` throws.
///
/// ```swift
/// let users = try ScriptedUpstream { request, connection in
///     try connection.respond(200, body: "hello from \(request.target)")
/// }
/// ```
public final class ScriptedUpstream: Sendable {
    private struct State {
        var connections: [Socket] = []
        var open = 0
        var heads: [StrictRequest] = []
        var requests: [StrictRequest] = []
        var violations: [String] = []
        var failures: [String] = []
    }
    private let listener: Socket
    private let state = Monitor(State())

    /// The port it listens on.
    public let port: UInt16

    /// `http://127.0.0.1:PORT`
    public var url: String { "http://127.0.0.1:\(port)" }

    /// `127.0.0.1:PORT`
    public var authority: String { "127.0.0.1:\(port)" }

    /// An origin whose script is given each connection to do with as it likes.
    ///
    /// - Parameters:
    ///   - port: 0 lets the system choose.
    ///   - receiveBuffer: SO_RCVBUF of its connections: a small one makes backpressure show early.
    public convenience init(
        port: UInt16 = 0, receiveBuffer: Int? = nil,
        connection script: @escaping @Sendable (UpstreamConnection) throws -> Void
    ) throws {
        try self.init(listener: Socket.listen(port: port, receiveBuffer: receiveBuffer), script)
    }

    /// An origin on a socket in the file system, where nothing must be yet. Its `port` is 0.
    public convenience init(
        path: String, connection script: @escaping @Sendable (UpstreamConnection) throws -> Void
    ) throws {
        try self.init(listener: Socket.listen(path: path), script)
    }

    private init(listener: Socket, _ script: @escaping @Sendable (UpstreamConnection) throws -> Void) throws {
        self.listener = listener
        port = listener.localPort
        // The accepting thread does not keep the upstream alive: when the test lets go of it, the listener closes.
        try WorkerThread.start { [weak self] in
            while let socket = try? listener.accept() {
                guard let upstream = self else { return }
                upstream.begin(socket, script)
            }
        }
    }

    /// An origin that reads each request whole and hands it to the script, which answers on the connection.
    public convenience init(
        port: UInt16 = 0,
        _ script: @escaping @Sendable (_ request: StrictRequest, _ connection: UpstreamConnection) throws -> Void
    ) throws {
        try self.init(port: port) { connection in
            while !connection.isClosed, let request = try connection.readRequest() {
                try script(request, connection)
            }
        }
    }

    /// An origin that answers 200 with its name in `X-Upstream` and `NAME METHOD TARGET` as the body.
    public convenience init(named name: String) throws {
        try self.init { request, connection in
            let isHead = request.method == "HEAD"
            let body = "\(name) \(request.method) \(request.target)"
            let head = "HTTP/1.1 200 OK\r\nX-Upstream: \(name)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            try connection.send(isHead ? head : head + body)
        }
    }

    deinit { stop() }

    /// Closes the listener and every connection.
    public func stop() {
        stopListening()
        for socket in state.withLock({ $0.connections }) { socket.close() }
    }

    /// Refuses new connections; those that are open go on.
    public func stopListening() { listener.close() }

    private func begin(_ socket: Socket, _ script: @escaping @Sendable (UpstreamConnection) throws -> Void) {
        let number = state.withLock { state in
            state.connections.append(socket)
            state.open += 1
            return state.connections.count - 1
        }
        try? WorkerThread.start {
            // The thread holds the upstream until its script ends; `stop` closes the socket, which ends the script.
            let connection = UpstreamConnection(number: number, socket: socket, upstream: self)
            var failure: String?
            var isViolation = false
            do {
                try script(connection)
            } catch let error as KitFailure {
                isViolation = error.kind == .violation
                if isViolation || error.kind == .timeout { failure = error.message }
            } catch {
                failure = "\(error)"
            }
            let wasStopped = socket.isClosed
            socket.close()
            self.state.withLock { state in
                state.open -= 1
                guard let failure, !wasStopped || isViolation else { return }
                if isViolation { state.violations.append(failure) } else { state.failures.append(failure) }
            }
        }
    }

    func note(head: StrictRequest) { state.withLock { $0.heads.append(head) } }

    func note(request: StrictRequest) { state.withLock { $0.requests.append(request) } }

    // MARK: What was seen

    /// The requests that arrived whole, in order.
    public var requests: [StrictRequest] { state.withLock { $0.requests } }

    /// The requests whose head arrived, whether the body did or not.
    public var heads: [StrictRequest] { state.withLock { $0.heads } }

    /// Connections accepted so far.
    public var connectionCount: Int { state.withLock { $0.connections.count } }

    /// Connections whose script still runs.
    public var openConnectionCount: Int { state.withLock { $0.open } }

    /// How what arrived broke the protocol.
    public var violations: [String] { state.withLock { $0.violations } }

    /// - Throws: `KitFailure` when the gateway broke the protocol, or a script waited in vain.
    public func check() throws {
        let (violations, failures) = state.withLock { ($0.violations, $0.failures) }
        if let first = violations.first { throw KitFailure(.violation, "reached an origin: \(first)") }
        if let first = failures.first { throw KitFailure(.timeout, "in an origin's script: \(first)") }
    }

    /// Waits for the request of this number (from 1) to arrive whole.
    @discardableResult
    public func waitForRequest(_ count: Int = 1, within limit: Duration = Patience.standard) throws -> StrictRequest {
        try state.wait(for: "request \(count) at an origin", within: limit) { state in
            state.requests.count >= count ? state.requests[count - 1] : nil
        }
    }

    /// Waits for the head of the request of this number (from 1).
    @discardableResult
    public func waitForHead(_ count: Int = 1, within limit: Duration = Patience.standard) throws -> StrictRequest {
        try state.wait(for: "the head of request \(count) at an origin", within: limit) { state in
            state.heads.count >= count ? state.heads[count - 1] : nil
        }
    }

    /// Waits until at least so many connections were accepted.
    public func waitForConnections(_ count: Int, within limit: Duration = Patience.standard) throws {
        try state.wait(for: "connection \(count) at an origin", within: limit) { state in
            state.connections.count >= count ? () : nil
        }
    }

    /// Waits until at least one connection came and every script has ended: each returns when its gateway closed the connection.
    public func waitForClose(within limit: Duration = Patience.standard) throws {
        try state.wait(for: "the gateway to close its connections", within: limit) { state in
            state.open == 0 && !state.connections.isEmpty ? () : nil
        }
    }
}
