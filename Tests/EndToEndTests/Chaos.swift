import GatehouseTesting
import Synchronization
import Testing

/// Six endpoints, each a process of its own, and a gateway in front that clients never stop asking. One endpoint is
/// killed, one is frozen, one begins to answer 500; then all are gone, and come back.
@Suite(.serialized) struct Chaos {
    /// Endpoints are gateways themselves: they answer what their file says and log every request with its id.
    private func endpoint(_ name: String, port: UInt16 = 0, status: Int = 200) throws -> GatewayProcess {
        try GatewayProcess(
            """
            listeners: [ { address: "127.0.0.1:\(port)" } ]
            workers: 1
            routes: [ { path: "/**", respond: { status: \(status), body: "\(name)" } } ]
            """)
    }

    private func configuration(_ endpoints: [UInt16]) -> String {
        let urls = endpoints.map { "\"http://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        return """
            listeners: [ { address: "127.0.0.1:0" } ]
            admin: { address: "127.0.0.1:0" }
            workers: 2
            access_log: { enabled: false }
            services:
              pool:
                endpoints: [ \(urls) ]
                health_check: { path: /health, interval: 1s, timeout: 900ms, healthy_after: 1, unhealthy_after: 2 }
                timeouts: { per_try: 1s, request: 10s }
                retries: { attempts: 4, retry_on: [connect_failure, reset, timeout, 500], budget: 100% }
            routes: [ { name: all, path: "/**", service: pool } ]
            """
    }

    /// What a client met, by what it had asked.
    private final class Tally: Sendable {
        private let state = Mutex([String: Int]())
        let isOver = Atomic<Bool>(false)

        private let active = Atomic<Int>(0)

        func began() { active.add(1, ordering: .relaxed) }
        func ended() { active.subtract(1, ordering: .relaxed) }
        var running: Int { active.load(ordering: .relaxed) }

        func count(_ what: String) { state.withLock { $0[what, default: 0] += 1 } }
        var answers: [String: Int] { state.withLock { $0 } }
    }

    /// The endpoint that begins to answer 500, and the POSTs it got.
    private final class Failing: Sendable {
        private let state = Mutex((isSet: false, posts: [String: Int]()))

        func set() { state.withLock { $0.isSet = true } }
        var isSet: Bool { state.withLock { $0.isSet } }
        var posts: [String: Int] { state.withLock { $0.posts } }

        func note(_ request: StrictRequest) {
            guard request.method == "POST", let id = request.fields["x-request-id"] else { return }
            state.withLock { $0.posts[id, default: 0] += 1 }
        }
    }

    /// Asks until it is told to stop: idempotent requests, and in between POSTs with an id each.
    private func load(_ gateway: GatewayProcess, _ tally: Tally, clients: Int) throws {
        for client in 0..<clients {
            tally.began()
            let port = gateway.port
            try WorkerThread.start {
                var connection: RawClient?
                var number = 0
                while !tally.isOver.load(ordering: .relaxed) {
                    number += 1
                    let isPost = number % 5 == 0
                    let id = "chaos-\(client)-\(number)"
                    let line = isPost ? "POST / HTTP/1.1\r\nContent-Length: 0" : "GET / HTTP/1.1"
                    do {
                        let socket = try connection ?? RawClient(port: port)
                        connection = socket
                        try socket.send("\(line)\r\nHost: a\r\nX-Request-Id: \(id)\r\n\r\n")
                        let response = try socket.readResponse()
                        tally.count("\(isPost ? "POST" : "GET") \(response.status)")
                        if response.fields["connection"] == "close" { connection = nil }
                    } catch {
                        tally.count("\(isPost ? "POST" : "GET") failed: \(error)")
                        connection = nil
                    }
                }
                tally.ended()
            }
        }
    }

    @Test func clientsNoticeNothing() throws {
        var endpoints: [GatewayProcess] = []
        for index in 0..<5 { endpoints.append(try endpoint("e\(index)")) }
        // The sixth can be told to fail, which a program of its own cannot.
        let failing = Failing()
        let sixth = try ScriptedUpstream { request, connection in
            failing.note(request)
            try connection.respond(failing.isSet ? 500 : 200, body: "e5")
        }
        let gateway = try GatewayProcess(configuration(endpoints.map(\.port) + [sixth.port]), admin: true)
        let tally = Tally()
        try load(gateway, tally, clients: 12)

        try eventually("traffic") { tally.answers["GET 200", default: 0] > 200 }
        endpoints[0].process.send(.kill)
        endpoints[1].process.send(.stop)
        failing.set()
        // From the first checks on nobody notices; before that, nobody whose request may be repeated.
        try eventually("traffic through it all", within: .seconds(120)) { tally.answers["GET 200", default: 0] > 3_000 }
        let during = tally.answers
        #expect(during.keys.filter { $0.hasPrefix("GET") } == ["GET 200"], "\(during)")

        endpoints[1].process.send(.resume)
        tally.isOver.store(true, ordering: .relaxed)
        try eventually("the clients to end") { tally.running == 0 }

        // No POST has reached two endpoints, or one twice.
        var seen: [String: Int] = failing.posts
        for endpoint in endpoints[1...] {
            endpoint.process.send(.terminate)
            _ = try endpoint.process.waitForExit()
            for line in endpoint.process.output.split(separator: "\n") where line.contains("\"POST\"") {
                guard let start = String(line).range(after: "\"request_id\":\"") else { continue }
                let id = String(String(line)[start...].prefix { $0 != "\"" })
                seen[id, default: 0] += 1
            }
        }
        #expect(seen.count > 100)
        #expect(seen.filter { $0.value > 1 } == [:])
        try gateway.stop()
    }

    /// With nobody left the answer comes at once; when they are back, so is the service, without a restart.
    @Test func allDownAndBack() throws {
        // One that no connection gets while nobody listens there.
        let port = try PebbleServer.freePort()
        let first = try endpoint("first", port: port)
        let gateway = try GatewayProcess(configuration([port]), admin: true)
        try eventually("the endpoint to answer") { gateway.ask("GET /") == "first" }
        first.process.send(.kill)
        _ = try first.process.waitForExit()
        try eventually("the checks to notice") { gateway.ask("GET /") == "503 no_endpoint" }
        #expect(gateway.ask("POST /", "Content-Length: 0") == "503 no_endpoint")
        let again = try endpoint("again", port: port)
        try eventually("the endpoint to be back") { gateway.ask("GET /") == "again" }
        try again.stop()
        try gateway.stop()
    }
}
