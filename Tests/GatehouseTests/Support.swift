import Dispatch
import Gatehouse
import GatehouseTesting
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A running gateway with Swift code in it, in the test's own process.
struct Running {
    let gateway: Gateway
    let port: UInt16
    let adminPort: UInt16
    let log: String

    func ask(_ line: String, _ fields: String..., body: String = "") throws -> StrictResponse {
        let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
        let head = "\(line) HTTP/1.1\r\nHost: gateway.test\r\n" + (fields + length).map { $0 + "\r\n" }.joined()
        let method = String(line.prefix { $0 != " " })
        return try RawClient.exchange(port: port, head + "\r\n" + body, method: method)
    }

    /// The lines of the access log, once there are so many.
    func records(_ count: Int) throws -> [Value] {
        var text = ""
        try eventually("\(count) lines of the access log") {
            gateway.reopenLogs()
            text = TemporaryDirectory.read(log) ?? ""
            return text.filter { $0 == "\n" }.count >= count
        }
        return try text.split(separator: "\n").map { try Value(String($0)) }
    }

    func metrics() throws -> String {
        try RawClient.exchange(port: adminPort, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").bodyText
    }
}

/// Runs a gateway for the length of a body, by a configuration that needs no listeners.
func withGateway(
    _ program: GatewayProgram, _ text: String = "", _ body: (Running) async throws -> Void
) async throws {
    let directory = try TemporaryDirectory()
    let log = directory.file("access.log")
    let all = """
        listeners: [ { address: "127.0.0.1:0", http2: true } ]
        admin: { address: "127.0.0.1:0" }
        workers: 1
        access_log: { path: "\(log)" }
        \(text)
        """
    let gateway = try Gateway(text: all, program: program)
    try gateway.start()
    let addresses = gateway.addresses
    let running = Running(gateway: gateway, port: addresses[0].port, adminPort: addresses[1].port, log: log)
    do {
        try await body(running)
    } catch {
        await gateway.stop()
        throw error
    }
    #expect(await gateway.stop())
}

/// JSON, compared by what it means.
enum Value: Decodable, Hashable, CustomStringConvertible {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case array([Value])
    case object([String: Value])

    init(_ text: String) throws { self = try JSONDecoder().decode(Value.self, from: Data(text.utf8)) }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let array = try? value.decode([Value].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: Value].self))
        }
    }

    subscript(key: String) -> Value? { if case .object(let members) = self { members[key] } else { nil } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var items: [Value] { if case .array(let items) = self { items } else { [] } }

    var description: String {
        switch self {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .number(let number): "\(number)"
        case .text(let text): "\"\(text)\""
        case .array(let items): "\(items)"
        case .object(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
    }
}

/// Waits in a handler until the test lets it go on, or its task is cancelled: which of them it was.
struct Hold: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    let entered = Counter("handlers to begin")
    let cancelled = Counter("handlers to be cancelled")

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func wait() async {
        entered.add()
        for await _ in stream { return }
        if Task.isCancelled { cancelled.add() }
    }

    func release() { continuation.yield() }
}

/// Runs tasks on a thread that is no loop's, and none of the pool that blocking tests may have taken.
final class QueueExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "elsewhere")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
