import GatehouseTesting
import Synchronization

/// A server on the store's port that says what a test wants, when it wants.
///
/// It greets like a Redis, and answers each call of the script with what the plan says: the first planned answer, or,
/// where nothing is planned, that five requests are left.
final class FakeStore: Sendable {
    enum Answer: Sendable {
        /// The store admits the request, and so many are left.
        case left(Int)
        case bytes(String)
        /// Bytes, and then the end.
        case last(String)
        case reset
        /// In two pieces: what is between them must happen before the second one is sent.
        case pieces([UInt8], [UInt8], between: @Sendable () throws -> Void)
        /// Nothing before the gate opens; then five are left.
        case held(Gate)
        /// Nothing, ever.
        case silence
    }

    private struct State {
        var plan: [Answer] = []
        var commands: [[String]] = []
        var isSilent = false
    }

    let upstream: ScriptedUpstream
    private let state: Shared<State>
    /// Connections whose greeting was answered.
    let greetings = Counter("greetings")
    /// Calls of the script.
    let questions = Counter("questions")

    var url: String { "redis://127.0.0.1:\(upstream.port)" }

    /// - Parameters:
    ///   - role: `master` or `slave`.
    ///   - cluster: the answer to CLUSTER SLOTS.
    ///   - greeting: nothing is answered before it opens.
    init(role: String = "master", cluster: String = "-ERR no cluster\r\n", greeting: Gate? = nil) throws {
        let state = Shared(State())
        let (greetings, questions) = (greetings, questions)
        self.state = state
        upstream = try ScriptedUpstream { connection in
            while true {
                let words = try Self.readCommand(connection)
                let (answer, isSilent) = state.value.withLock { state -> (Answer, Bool) in
                    state.commands.append(words)
                    let isScript = words[0].hasPrefix("EVAL")
                    let planned = isScript && !state.plan.isEmpty ? state.plan.removeFirst() : .left(5)
                    return (planned, state.isSilent)
                }
                if isSilent { continue }
                switch words[0] {
                case "AUTH", "SELECT": try connection.send("+OK\r\n")
                case "HELLO":
                    try greeting?.wait()
                    try connection.send("*4\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n")
                    try connection.send("$\(role.utf8.count)\r\n\(role)\r\n")
                case "SCRIPT":
                    try connection.send("$40\r\n\(String(repeating: "a", count: 40))\r\n")
                    greetings.add()
                case "CLUSTER": try connection.send(cluster)
                case "ASKING": try connection.send("+OK\r\n")
                default:
                    questions.add()
                    let count = Int(words[2]) ?? 1
                    switch answer {
                    case .left(let left): try connection.send(Self.admitted(count, left: left))
                    case .bytes(let text): try connection.send(text)
                    case .last(let text):
                        try connection.send(text)
                        return connection.close()
                    case .reset: return connection.reset()
                    case .pieces(let first, let second, let between):
                        try connection.send(first)
                        try between()
                        try connection.send(second)
                    case .held(let gate):
                        try gate.wait()
                        try connection.send(Self.admitted(count, left: 5))
                    case .silence: break
                    }
                }
            }
        }
    }

    /// What is said to the next calls of the script.
    func plan(_ answers: Answer...) { state.value.withLock { $0.plan += answers } }

    /// It takes everything and says nothing any more.
    func fallSilent() { state.value.withLock { $0.isSilent = true } }

    /// Everything that was asked, greetings and all.
    var commands: [[String]] { state.value.withLock { $0.commands } }

    /// The calls of the script.
    var calls: [[String]] { commands.filter { $0[0].hasPrefix("EVAL") } }

    /// The script's answer for a request with so many limits.
    static func admitted(_ limits: Int = 1, left: Int) -> String {
        let numbers = [1] + (0..<limits).flatMap { _ in [1, left, 2_000_000_000, 0] }
        return "*\(numbers.count)\r\n" + numbers.map { ":\($0)\r\n" }.joined()
    }

    private static func readCommand(_ connection: UpstreamConnection) throws -> [String] {
        let count = try readNumber(connection, "*")
        return try (0..<count).map { _ in
            let length = try readNumber(connection, "$")
            return String(decoding: try connection.readRaw(length + 2).dropLast(2), as: UTF8.self)
        }
    }

    private static func readNumber(_ connection: UpstreamConnection, _ sign: String) throws -> Int {
        var line: [UInt8] = []
        while line.last != 10 { line += try connection.readRaw(1) }
        let text = String(decoding: line, as: UTF8.self)
        guard text.hasPrefix(sign), text.hasSuffix("\r\n"), let number = Int(text.dropFirst().dropLast(1)) else {
            throw KitFailure(.violation, "no command of Redis: \(text)")
        }
        return number
    }
}

/// A value that scripts share with their test.
private final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }
}

/// A gateway whose route `/c/**` is counted in a store, and whose `/free` is not limited at all.
func stored(
    _ url: String, _ keys: String = "timeout: 20s", limits: String = "{ requests_per_day: 1000 }", workers: Int = 1,
    more: String = ""
) -> String {
    let url = url.hasPrefix("[") ? url : "\"\(url)\""
    return """
        listeners: [ { address: "127.0.0.1:0" } ]
        admin: { address: "127.0.0.1:0" }
        workers: \(workers)
        access_log: { enabled: false }
        rate_limiting: { store: { redis: \(url), \(keys) } }
        \(more)
        routes:
          - { name: counted, path: "/c/**", respond: { body: counted }, rate_limiting: \(limits) }
          - { name: free, path: /free, respond: { body: free } }

        """
}

extension GatewayProcess {
    /// A request that is counted, in a few words: `200 5`, status and what is left; `429` without a number where nobody
    /// said one.
    func count(_ fields: String...) -> String {
        do {
            let response = try exchange(
                "GET /c/x HTTP/1.1\r\nHost: gateway.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
            return Self.told(response)
        } catch { return "\(error)" }
    }

    static func told(_ response: StrictResponse) -> String {
        "\(response.status)" + (response.fields["x-ratelimit-remaining"].map { " " + $0 } ?? "")
    }

    func metric(_ name: String, _ labels: [String: String] = [:]) throws -> Double {
        guard let adminPort else { throw KitFailure(.program, "no admin listener") }
        let page = try PrometheusPage(RawClient.exchange(port: adminPort, scrape).bodyText)
        guard let value = page.value("gatehouse_limit_store_" + name, labels) else {
            throw KitFailure(.violation, "no metric \(name) \(labels)")
        }
        return value
    }

    func waitForStore(isUp: Bool = true) throws {
        try eventually("the store to be \(isUp ? "there" : "gone")") { try metric("up") == (isUp ? 1 : 0) }
    }
}
