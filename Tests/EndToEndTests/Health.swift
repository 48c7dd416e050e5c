import GatehouseTesting
import Synchronization
import Testing

/// Endpoints that die, freeze, answer nonsense and come back. What is waited for is what the metrics page says, and what
/// answers requests get; no test measures when.
@Suite struct Health {
    /// Often, and with a time limit that a busy machine keeps too.
    private static let often = "interval: 700ms, timeout: 600ms, healthy_after: 2, unhealthy_after: 2"

    /// An origin that answers `NAME TARGET`, with a status and a health that can be changed.
    private final class Origin: Sendable {
        let name: String
        let upstream: ScriptedUpstream
        private let state: State

        private final class State: Sendable {
            let status = Mutex(200)
            let health = Mutex("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")
        }

        init(_ name: String, port: UInt16 = 0) throws {
            self.name = name
            let state = State()
            self.state = state
            upstream = try ScriptedUpstream(port: port) { request, connection in
                if request.target == "/health" {
                    try connection.send(state.health.withLock { $0 })
                } else {
                    try connection.respond(state.status.withLock { $0 }, body: name)
                }
            }
        }

        func answer(_ status: Int) { state.status.withLock { $0 = status } }
        func answerChecks(_ response: String) { state.health.withLock { $0 = response } }

        /// Requests of clients.
        var served: Int { upstream.requests.count { $0.target != "/health" } }
        var checks: [StrictRequest] { upstream.requests.filter { $0.target == "/health" } }
    }

    private func configuration(_ urls: [String], _ keys: String, workers: Int = 1) -> String {
        let endpoints = urls.map { "\"\($0)\"" }.joined(separator: ", ")
        return """
            listeners: [ { address: "127.0.0.1:0" } ]
            workers: \(workers)
            access_log: { enabled: false }
            admin: { address: "127.0.0.1:0" }
            services: { s: { endpoints: [ \(endpoints) ], \(keys) } }
            routes: [ { path: "/**", service: s } ]

            """
    }

    private func page(_ gateway: GatewayProcess) throws -> PrometheusPage {
        let response = try RawClient.exchange(port: try #require(gateway.adminPort), scrape)
        return try PrometheusPage(response.bodyText)
    }

    private func waitFor(_ gateway: GatewayProcess, _ name: String, _ url: String, _ value: Double) throws {
        try eventually("\(name) of \(url) to be \(value)") {
            try page(gateway).value(name, ["service": "s", "endpoint": url]) == value
        }
    }

    private func waitForHealth(_ gateway: GatewayProcess, _ url: String, _ value: Double) throws {
        try waitFor(gateway, "gatehouse_endpoint_healthy", url, value)
    }

    /// The page may be ahead of the log by a moment.
    private func waitForLog(_ gateway: GatewayProcess, _ texts: String...) throws {
        _ = try gateway.process.wait(for: "\(texts) in the log") { _, errors in
            texts.allSatisfy(errors.contains) ? true : nil
        }
    }

    // MARK: Active checks

    /// Killed: out, and no client hears of it any more. Back: in again, by itself.
    @Test(arguments: ["path: /health", "type: tcp"])
    func anEndpointDiesAndComesBack(_ kind: String) throws {
        let (a, b) = (try Origin("a"), try Origin("b"))
        let url = b.upstream.url
        let keys = "health_check: { \(kind), \(Self.often) }, outlier_detection: { enabled: false }"
        try withGateway(configuration([a.upstream.url, url], keys, workers: 2), a.upstream, admin: true) { gateway in
            try waitForHealth(gateway, a.upstream.url, 1)
            try waitForHealth(gateway, url, 1)
            #expect(Set((0..<10).map { _ in gateway.ask("GET /") }) == ["a", "b"])
            b.upstream.stop()
            try waitForHealth(gateway, url, 0)
            #expect((0..<20).map { _ in gateway.ask("POST /") }.allSatisfy { $0 == "a" })
            let again = try Origin("b", port: b.upstream.port)
            try waitForHealth(gateway, url, 1)
            try eventually("the endpoint to get requests again") { gateway.ask("GET /") == "b" }
            try waitForLog(gateway, "an endpoint is unhealthy", "connect_failure", "an endpoint is healthy")
            let counts = try page(gateway)
            #expect(counts.sum("gatehouse_health_checks_total", ["service": "s", "result": "success"]) >= 4)
            #expect(counts.sum("gatehouse_health_checks_total", ["service": "s", "result": "connect_failure"]) >= 2)
            try again.upstream.check()
        }
    }

    /// Each answer that is not what was asked for, with the reason that the log gives.
    @Test(arguments: [
        ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfine", "status 503"),
        ("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 4\r\n\r\nfine", "status 302"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsick", "body"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfin\r\n1\r\nx\r\n0\r\n\r\n", "body"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4, 5\r\n\r\nfine", "broken"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nfine", "timeout"),
    ])
    func answersThatAreNotWell(_ response: String, _ reason: String) throws {
        let (a, b) = (try Origin("a"), try Origin("b"))
        let keys = "health_check: { path: /health, expected_body: fine, \(Self.often) }"
        try withGateway(configuration([a.upstream.url, b.upstream.url], keys), admin: true) { gateway in
            try waitForHealth(gateway, b.upstream.url, 1)
            b.answerChecks(response)
            try waitForHealth(gateway, b.upstream.url, 0)
            try waitForLog(gateway, "an endpoint is unhealthy", reason)
            #expect((0..<10).map { _ in gateway.ask("GET /") }.allSatisfy { $0 == "a" })
            b.answerChecks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfin\r\n1\r\ne\r\n0\r\n\r\n")
            try waitForHealth(gateway, b.upstream.url, 1)
        }
        try a.upstream.check()
    }

    /// The text may stand anywhere in the first 64 KiB, and what lies beyond is not waited for.
    @Test func aLongPage() throws {
        let a = try Origin("a")
        let page = "fine" + String(repeating: "x", count: 100_000)
        a.answerChecks("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + page)
        let keys = "health_check: { path: /health, expected_body: fine, \(Self.often) }"
        try withGateway(configuration([a.upstream.url], keys), admin: true) { gateway in
            try waitForHealth(gateway, a.upstream.url, 1)
        }
    }

    /// An endpoint that is frozen accepts connections at first and then none, and answers nothing.
    @Test func anEndpointThatIsFrozen() throws {
        let a = try Origin("a")
        let hole = try BlackholeListener()
        let keys = "health_check: { path: /health, \(Self.often) }"
        let url = "http://127.0.0.1:\(hole.port)"
        try withGateway(configuration([a.upstream.url, url], keys), a.upstream, admin: true) { gateway in
            try waitForHealth(gateway, url, 0)
            #expect((0..<10).map { _ in gateway.ask("GET /") }.allSatisfy { $0 == "a" })
            try waitForLog(gateway, "an endpoint is unhealthy", "timeout")
        }
    }

    /// With nobody left it is 503 at once, whatever the panic threshold; and no restart is needed afterwards.
    @Test func allAreDown() throws {
        let (a, b) = (try Origin("a"), try Origin("b"))
        let keys = "health_check: { path: /health, \(Self.often) }"
        try withGateway(configuration([a.upstream.url, b.upstream.url], keys, workers: 2), admin: true) { gateway in
            let down = "HTTP/1.1 500 Down\r\nContent-Length: 0\r\n\r\n"
            a.answerChecks(down)
            b.answerChecks(down)
            try waitForHealth(gateway, a.upstream.url, 0)
            try waitForHealth(gateway, b.upstream.url, 0)
            let served = a.served + b.served
            #expect((0..<5).map { _ in gateway.ask("GET /") }.allSatisfy { $0 == "503 no_endpoint" })
            #expect(a.served + b.served == served)
            let ready = try RawClient.exchange(port: try #require(gateway.adminPort), request("GET /readyz"))
            #expect(ready.status == 200, "a service that is down is no reason to take the gateway out")
            b.answerChecks("HTTP/1.1 204 No Content\r\n\r\n")
            try waitForHealth(gateway, b.upstream.url, 1)
            #expect((0..<5).map { _ in gateway.ask("GET /") }.allSatisfy { $0 == "b" })
        }
    }

    /// Not a single request before the first result: the start waits for it, and longer than the time limit for nobody.
    @Test func firstResultsBeforeFirstRequests() throws {
        let (a, b) = (try Origin("a"), try Origin("b"))
        b.answerChecks("HTTP/1.1 500 Down\r\nContent-Length: 0\r\n\r\n")
        let hole = try BlackholeListener()
        let keys = "health_check: { path: /health, required: true, interval: 5s, timeout: 2s }"
        let urls = [b.upstream.url, "http://127.0.0.1:\(hole.port)", a.upstream.url]
        try withGateway(configuration(urls, keys, workers: 2), a.upstream, b.upstream, admin: true) { gateway in
            #expect((0..<20).map { _ in gateway.ask("GET /") }.allSatisfy { $0 == "a" })
            #expect(b.served == 0)
        }
    }

    /// What a check looks like, and that each comes on a connection of its own.
    @Test func whatIsAsked() throws {
        let a = try Origin("a")
        let keys =
            "health_check: { path: /health, host: a.internal, headers: { X-Probe: \"1\", User-Agent: me }, \(Self.often) }"
        try withGateway(configuration([a.upstream.url], keys), a.upstream, admin: true) { gateway in
            for _ in 0..<3 { #expect(gateway.ask("GET /") == "a") }
            try eventually("three checks") { a.checks.count >= 3 }
            let check = a.checks[0]
            #expect(check.method == "GET")
            #expect(check.fields["host"] == "a.internal" && check.fields["x-probe"] == "1")
            #expect(check.fields.values("user-agent") == ["me"])
            #expect(check.fields["connection"] == "close")
            #expect(a.served == 3)
            #expect(a.upstream.connectionCount >= a.checks.count + 1)
            let counts = try page(gateway)
            #expect(counts.sum("gatehouse_upstream_connections_opened_total", ["service": "s"]) == 1)
        }
    }

    /// A check neither waits for a place in a full pool nor takes one.
    @Test func aFullPool() throws {
        let isAsked = Counter("requests held")
        let isFree = Counter("requests let go")
        let origin = try ScriptedUpstream { request, connection in
            if request.target == "/health" { return try connection.respond(204) }
            isAsked.add()
            try isFree.wait(for: 1)
            try connection.respond(body: "a")
        }
        let keys = "health_check: { type: tcp, \(Self.often) }, pool: { max_connections: 1, max_pending: 0 }"
        try withGateway(configuration([origin.url], keys), origin, admin: true) { gateway in
            let client = try gateway.connect()
            try client.send(request())
            try isAsked.wait(for: 1)
            let before = try page(gateway).sum("gatehouse_health_checks_total", ["result": "success"])
            try eventually("further checks") {
                try page(gateway).sum("gatehouse_health_checks_total", ["result": "success"]) >= before + 2
            }
            try waitForHealth(gateway, origin.url, 1)
            #expect(gateway.ask("GET /") == "503 overloaded")
            isFree.add()
            #expect(try client.readResponse().bodyText == "a")
        }
    }

    // MARK: Passive ejection

    /// Answers of 500 take an endpoint out without any check, and it comes back by itself.
    @Test func anEndpointThatFailsRequests() throws {
        let (a, b, c) = (try Origin("a"), try Origin("b"), try Origin("c"))
        let keys = "outlier_detection: { base_ejection_time: 1s }"
        let urls = [a.upstream.url, b.upstream.url, c.upstream.url]
        try withGateway(
            configuration(urls, keys, workers: 2), a.upstream, b.upstream, c.upstream, admin: true
        ) { gateway in
            c.answer(500)
            var failures = 0
            try eventually("the endpoint to be ejected") {
                if gateway.ask("GET /") == "500 c" { failures += 1 }
                return try page(gateway).sum("gatehouse_ejections_total", ["reason": "consecutive_5xx"]) == 1
            }
            #expect(failures == 5, "as many as the limit, whichever worker saw them")
            #expect(c.served == 5)
            try waitForLog(gateway, "an endpoint is ejected", "consecutive_5xx")
            c.answer(200)
            try eventually("the endpoint to be back") { gateway.ask("GET /") == "c" }
            try waitFor(gateway, "gatehouse_endpoint_ejected", c.upstream.url, 0)
            try waitForLog(gateway, "an ejected endpoint is back")
        }
    }

    /// On without a word in the configuration; and of two that fail, one stays in.
    @Test func neverMoreThanTheCap() throws {
        let (a, b) = (try Origin("a"), try Origin("b"))
        a.answer(503)
        b.answer(503)
        let configuration = configuration([a.upstream.url, b.upstream.url], "pool: {}")
        try withGateway(configuration, a.upstream, b.upstream, admin: true) { gateway in
            try eventually("an ejection that is not made") {
                #expect(gateway.ask("GET /").hasPrefix("503 "))
                return try page(gateway).sum("gatehouse_ejections_held_back_total", ["service": "s"]) >= 1
            }
            let counts = try page(gateway)
            #expect(counts.sum("gatehouse_ejections_total", ["reason": "consecutive_gateway_failures"]) == 1)
            #expect(counts.sum("gatehouse_endpoint_ejected", ["service": "s"]) == 1)
        }
    }

    /// A connection that is refused is a failure like any other; answers that blame the client are none.
    @Test func whatCounts() throws {
        let (a, b) = (try Origin("a"), try Origin("b"))
        a.answer(404)
        let gone = try Origin("gone")
        gone.upstream.stop()
        let urls = [a.upstream.url, b.upstream.url, gone.upstream.url]
        try withGateway(configuration(urls, "pool: {}"), a.upstream, b.upstream, admin: true) { gateway in
            try eventually("the endpoint to be ejected") {
                _ = gateway.ask("POST /")
                let page = try page(gateway)
                return page.value("gatehouse_endpoint_ejected", ["service": "s", "endpoint": gone.upstream.url]) == 1
            }
            let answers = (0..<20).map { _ in gateway.ask("POST /") }
            #expect(Set(answers) == ["404 a", "b"])
        }
    }

    /// What a client holds up is not the endpoint's fault: an upload that does not come in time, a client that leaves.
    @Test(arguments: [true, false])
    func clientsToBlame(_ leaves: Bool) throws {
        let upstreams = try (0..<2).map { _ in
            try ScriptedUpstream(connection: { connection in
                guard try connection.readHead() != nil else { return }
                try connection.waitForClose()
            })
        }
        let configuration = configuration(
            upstreams.map(\.url), "timeouts: { request: \(leaves ? "60s" : "500ms") }")
        try withGateway(configuration, admin: true) { gateway in
            let clients = try (0..<14).map { _ in try gateway.connect() }
            for client in clients {
                try client.send(leaves ? request() : request("POST /", "Content-Length: 3") + "a")
            }
            for upstream in upstreams { try upstream.waitForConnections(7) }
            for client in clients {
                if leaves { client.close() } else { #expect(try client.readResponse().status == 504) }
            }
            for upstream in upstreams { try upstream.waitForClose() }
            let counts = try page(gateway)
            #expect(counts.sum("gatehouse_ejections_total", ["service": "s"]) == 0)
            #expect(counts.sum("gatehouse_ejections_held_back_total", ["service": "s"]) == 0)
        }
        for upstream in upstreams { try upstream.check() }
    }

    /// An only endpoint is asked, come what may.
    @Test func anOnlyEndpoint() throws {
        let a = try Origin("a")
        a.answer(500)
        try withGateway(configuration([a.upstream.url], "pool: {}"), a.upstream, admin: true) { gateway in
            #expect((0..<20).map { _ in gateway.ask("GET /") }.allSatisfy { $0 == "500 a" })
            let counts = try page(gateway)
            #expect(counts.sum("gatehouse_ejections_total", ["service": "s"]) == 0)
        }
    }
}
