import Gatehouse
import GatehouseTesting
import Testing

/// Handlers that ask services: calls of the gateway's own.
@Suite(.timeLimit(.minutes(2))) struct ServiceTests {
    struct User: Codable, Sendable {
        var name: String
    }

    struct Both: Codable, Sendable {
        var user: User
        var orders: [Int]
    }

    static let json = "Content-Type: application/json\r\n"

    static func services(_ list: [String: String], _ more: String = "") -> String {
        let lines = list.sorted { $0.key < $1.key }.map { "  \($0.key): { endpoints: [ \"\($0.value)\" ]\(more) }" }
        return "services:\n" + lines.joined(separator: "\n") + "\n"
    }

    /// Both calls are under way at once: each service answers when the other has been asked.
    @Test func callsRunSideBySide() async throws {
        let (first, second) = (Gate("the users to be asked"), Gate("the orders to be asked"))
        let users = try ScriptedUpstream { request, connection in
            first.open()
            try second.wait()
            try connection.respond(200, fields: Self.json, body: #"{"name":"Ann","age":5}"#)
        }
        let orders = try ScriptedUpstream { request, connection in
            second.open()
            try first.wait()
            try connection.respond(200, fields: Self.json, body: "[3,4]")
        }
        var program = GatewayProgram()
        program.route("/both/{id}") { request, context in
            let id = try request.parameters.require("id")
            async let user = context.service("users").get("/users/\(id)", as: User.self)
            async let orders = context.service("orders").get(
                "/of", as: [Int].self, query: ["user": id, "a b": "c&d"],
                headers: ["X-Own": "1", "Content-Length": "7"],
                forward: ["X-Client-Version"])
            return try await Both(user: user, orders: orders)
        }
        try await withGateway(program, Self.services(["users": users.url, "orders": orders.url])) {
            (gateway: Running) async throws in
            let answer = try gateway.ask("GET /both/a%2Fb", "X-Client-Version: 9", "Cookie: c", "X-Request-Id: r-1")
            #expect(answer.bodyText == #"{"orders":[3,4],"user":{"name":"Ann"}}"#)
            let id = try #require(answer.fields["x-request-id"])
            let user = try users.waitForRequest()
            #expect(user.target == "/users/a%2Fb" && !user.fields.contains("x-own"))
            let order = try orders.waitForRequest()
            #expect(order.target == "/of?user=a%2Fb&a%20b=c%26d")
            #expect(order.fields.values("x-own") == ["1"] && order.fields.values("x-client-version") == ["9"])
            #expect(order.fields.values("content-length").isEmpty)
            for request in [user, order] {
                #expect(request.fields.values("x-request-id") == [id] && !request.fields.contains("cookie"))
                #expect(request.fields.values("x-forwarded-for") == ["127.0.0.1"])
            }
            let traces = [user, order].compactMap { $0.fields["traceparent"] }
            #expect(Set(traces).count == 2 && Set(traces.map { $0.prefix(35) }).count == 1)
            let parts = try gateway.records(1)[0]["parts"]?.items ?? []
            #expect(Set(parts.map { $0["part"]?.text }) == ["users", "orders"])
            #expect(parts.allSatisfy { $0["status"] == .number(200) && $0["total_ms"] != nil })
            let page = try gateway.metrics()
            #expect(page.contains("gatehouse_upstream_requests_total{service=\"users\",status=\"2xx\"} 1\n"))
        }
        try users.check()
        try orders.check()
    }

    @Test func bodiesGoAndStatusesComeBack() async throws {
        let origin = try ScriptedUpstream { request, connection in
            if request.method == "POST" {
                try connection.respond(201, fields: Self.json, body: request.body)
            } else {
                try connection.respond(404, fields: "X-Why: none\r\nContent-Type: text/plain\r\n", body: "nothing")
            }
        }
        var program = GatewayProgram()
        program.route("/post") { _, context in
            try await context.service("s").post("/users", User(name: "Bo"), as: User.self)
        }
        program.route("/raw") { _, context in
            let answer = try await context.service("s").get("/none")
            return Response(status: answer.status, text: answer.headers["x-why"] ?? "")
        }
        program.route("/pass") { _, context in try await context.service("s").get("/none").response }
        program.route("/typed") { _, context in try await context.service("s").get("/none", as: User.self) }
        try await withGateway(program, Self.services(["s": origin.url])) { (gateway: Running) async throws in
            #expect(try gateway.ask("GET /post").bodyText == #"{"name":"Bo"}"#)
            let sent = try origin.waitForRequest()
            #expect(sent.fields.values("content-type") == ["application/json"] && sent.bodyText == #"{"name":"Bo"}"#)
            let raw = try gateway.ask("GET /raw")
            #expect(raw.status == 404 && raw.bodyText == "none")
            let pass = try gateway.ask("GET /pass")
            #expect(pass.status == 404 && pass.bodyText == "nothing" && pass.fields["content-type"] == "text/plain")
            let typed = try gateway.ask("GET /typed")
            #expect(typed.status == 502)
            #expect(try Value(typed.bodyText)["error"]?.text == "part_failed")
        }
        try origin.check()
    }

    /// Short only where it has to pass.
    private static func limit(_ request: Request) -> Duration {
        request.parameters["service"] == "silent" ? .milliseconds(100) : .seconds(20)
    }

    /// Calls that come to nothing, and what a handler that catches nothing answers then.
    @Test func failuresAreTold() async throws {
        let silent = try BlackholeListener()
        let odd = try ScriptedUpstream { _, connection in
            try connection.respond(200, fields: Self.json, body: #"{"name": 5}"#)
        }
        let gone = try ScriptedUpstream(named: "gone")
        let closed = gone.url
        gone.stop()
        var program = GatewayProgram()
        program.route("/call/{service}/{path}") { request, context in
            let service = context.service(try request.parameters.require("service"))
            let path = try request.parameters.require("path")
            return try await service.get("/\(path)", as: User.self, timeout: Self.limit(request))
        }
        program.route("/reason/{service}/{path}") { request, context in
            do {
                let service = context.service(try request.parameters.require("service"))
                let path = try request.parameters.require("path")
                _ = try await service.get("/\(path)", as: User.self, timeout: Self.limit(request))
                return Response(text: "none")
            } catch let error as ServiceError {
                return Response(text: "\(error.reason)")
            }
        }
        let text = Self.services(
            ["silent": "http://127.0.0.1:\(silent.port)", "odd": odd.url, "gone": closed], ", retries: { attempts: 0 }")
        try await withGateway(program, text) { (gateway: Running) async throws in
            func ask(_ path: String) throws -> [String] {
                let answer = try gateway.ask("GET /call/\(path)")
                return [
                    "\(answer.status)", try Value(answer.bodyText)["error"]?.text ?? "",
                    try gateway.ask("GET /reason/\(path)").bodyText,
                ]
            }
            #expect(try ask("silent/a") == ["504", "part_timeout", "timeout"])
            #expect(try ask("gone/a") == ["502", "part_failed", "unavailable(\"upstream_connect_refused\")"])
            #expect(
                try ask("odd/a") == [
                    "502", "part_failed", "undecodable(\"it has another type than it must at /name\")",
                ])
            #expect(try ask("unknown/a") == ["500", "handler_failed", "unknownService"])
        }
    }

    /// A path made of what a client sent stays where the program meant it.
    @Test func pathsStayInTheirPlace() {
        let evil = "../admin?x#y /%2e"
        #expect(("/users/\(evil)/x" as ServicePath).description == "/users/..%2Fadmin%3Fx%23y%20%2F%252e/x")
        #expect(("/a?b=\(1)&c=\(raw: "d/e")" as ServicePath).description == "/a?b=1&c=d/e")
    }

    @Test func aDotSegmentIsNotSent() async throws {
        var program = GatewayProgram()
        program.route("/") { request, context in
            try await context.service("s").get("/users/\(request.query["id"] ?? "")/x").response
        }
        let origin = try ScriptedUpstream(named: "origin")
        try await withGateway(program, Self.services(["s": origin.url])) { (gateway: Running) async throws in
            #expect(try gateway.ask("GET /?id=..").status == 500)
            #expect(try gateway.ask("GET /?id=7").bodyText == "origin GET /users/7/x")
        }
        #expect(origin.requests.count == 1)
    }

    /// The client goes, and so do the calls.
    @Test func callsEndWithTheirRequest() async throws {
        let asked = Gate("the service to be asked")
        let closed = Gate("its connection to be closed")
        let origin = try ScriptedUpstream { connection in
            _ = try connection.readRequest()
            asked.open()
            try connection.waitForClose()
            closed.open()
        }
        let cancelled = Counter("handlers to be cancelled")
        var program = GatewayProgram()
        program.route("/") { _, context in
            do {
                return try await context.service("s").get("/").response
            } catch {
                if error is CancellationError { cancelled.add() }
                throw error
            }
        }
        try await withGateway(program, Self.services(["s": origin.url])) { (gateway: Running) async throws in
            let client = try RawClient(port: gateway.port)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try asked.wait()
            client.reset()
            try closed.wait()
            try cancelled.wait(for: 1)
        }
    }

    /// A call that is cancelled by the handler itself, and one from another thread than the loop's.
    @Test func aHandlerMayGiveACallUp() async throws {
        let silent = try BlackholeListener()
        let origin = try ScriptedUpstream(named: "origin")
        let elsewhere = QueueExecutor()
        var program = GatewayProgram()
        program.route("/") { _, context in
            let lost = Task(executorPreference: elsewhere) { try await context.service("silent").get("/") }
            lost.cancel()
            let isCancelled: Bool
            do {
                _ = try await lost.value
                isCancelled = false
            } catch { isCancelled = error is CancellationError }
            let other = Task(executorPreference: elsewhere) { try await context.service("s").get("/a") }
            return Response(text: "\(isCancelled) \(String(decoding: try await other.value.body, as: UTF8.self))")
        }
        let text = Self.services(["silent": "http://127.0.0.1:\(silent.port)", "s": origin.url])
        try await withGateway(program, text) { (gateway: Running) async throws in
            #expect(try gateway.ask("GET /").bodyText == "true origin GET /a")
        }
    }
}
