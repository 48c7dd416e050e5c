/// Clients that ask without a pause until they are told to stop: half of them on connections that they keep, half with a new
/// connection for each request. Whatever is not a whole answer with status 200 is a failure.
///
/// A client that keeps its connection heeds `Connection: close`, as every client has to.
public final class ContinuousLoad: Sendable {
    private struct State {
        var isStopping = false
        var running = 0
        var answered = 0
        var failures: [String] = []
    }
    private let state = Monitor(State())
    private let port: UInt16
    private let target: String

    /// - Parameter clients: of each kind.
    public init(port: UInt16, target: String = "/", clients: Int = 2) throws {
        self.port = port
        self.target = target
        for index in 0..<clients * 2 {
            state.withLock { $0.running += 1 }
            try WorkerThread.start { [self] in
                run(keeps: index % 2 == 0)
                state.withLock { $0.running -= 1 }
            }
        }
    }

    /// Answers so far.
    public var answered: Int { state.withLock { $0.answered } }

    /// Waits until so many more requests were answered: a stretch of load, measured in work and not in time.
    public func wait(more count: Int) throws {
        let target = answered + count
        try state.wait(for: "\(count) more answers") { $0.answered >= target || !$0.failures.isEmpty ? () : nil }
    }

    /// Ends the load, and gives what went wrong.
    public func stop() throws -> [String] {
        state.withLock { $0.isStopping = true }
        return try state.wait(for: "the clients to end") { $0.running == 0 ? $0.failures : nil }
    }

    private func run(keeps: Bool) {
        var connection: RawClient?
        while !state.withLock({ $0.isStopping }) {
            let isNew = connection == nil
            do {
                let client = try connection ?? RawClient(port: port)
                let field = keeps ? "" : "Connection: close\r\n"
                try client.send("GET \(target) HTTP/1.1\r\nHost: gateway.test\r\n\(field)\r\n")
                let response = try client.readResponse()
                guard response.status == 200 else { throw KitFailure(.program, "status \(response.status)") }
                let ends = !keeps || response.fields["connection"]?.lowercased() == "close"
                if ends { client.close() }
                connection = ends ? nil : client
                state.withLock { $0.answered += 1 }
            } catch {
                connection = nil
                let kind = "\(keeps ? "kept" : "single"), \(isNew ? "first" : "further") request"
                state.withLock { if $0.failures.count < 100 { $0.failures.append("\(kind): \(error)") } }
            }
        }
    }
}
