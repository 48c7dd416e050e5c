import Gatehouse
import GatehouseTesting
import Testing

/// What a program and a configuration must agree on.
@Suite struct ProgramTests {
    private struct Nothing: Policy {
        func request(_ request: inout PolicyRequest, _ context: RequestContext) async throws -> PolicyDecision { .next }
    }

    private func findings(_ text: String, _ program: GatewayProgram = GatewayProgram()) -> [Gateway.Finding] {
        do {
            _ = try Gateway(text: text, name: "inline", program: program)
            return []
        } catch .configuration(let findings) {
            return findings
        } catch {
            Issue.record("\(error)")
            return []
        }
    }

    @Test func namesMustBeRegistered() {
        let text = """
            policies: [ tenants ]
            routes:
              - { path: /a, handler: dashboard }
              - { path: /b, handler: dashbord, policies: none-such }
            """
        let none = findings(text)
        #expect(none.map(\.line) == [3, 1, 4, 4])
        #expect(none.allSatisfy { $0.message.contains("is Swift code that this program does not have") })
        #expect(none.allSatisfy { $0.fix?.contains("built with the Gatehouse library") == true })
        var program = GatewayProgram()
        program.handler("dashboard") { _, _ in Response() }
        program.policy("tenants", Nothing())
        let some = findings(text, program)
        #expect(some.map(\.line) == [4, 4])
        #expect(some.map(\.fix) == ["register it, or name one of dashboard", "register it, or name one of tenants"])
    }

    /// Mistakes in code point at the code.
    @Test func codeIsCheckedAsAFileIs() {
        var program = GatewayProgram()
        program.handler("a") { _, _ in Response() }
        program.handler("a") { _, _ in Response() }
        program.route("no-slash") { _, _ in Response() }
        program.route("/a", "get") { _, _ in Response() }
        program.route("/b", options: RouteOptions(settings: "timeuts: {}")) { _, _ in Response() }
        program.route("/c", options: RouteOptions(settings: "service: s")) { _, _ in Response() }
        let found = findings("", program)
        #expect(Set(found.map(\.line)).count == 5, "\(found)")
        #expect(found.allSatisfy { $0.file == "GatehouseTests/ProgramTests.swift" && $0.line > 0 })
    }

    @Test func routesThatTieAreFound() {
        var program = GatewayProgram()
        program.route("/a", .get) { _, _ in Response() }
        let found = findings("routes: [ { path: /a, methods: GET, respond: {} } ]", program)
        #expect(!found.isEmpty)
    }

    @Test func everythingMayStandInCode() async throws {
        let origin = try ScriptedUpstream(named: "origin")
        var program = GatewayProgram()
        program.route("/ask/{what}", options: RouteOptions(settings: "auth: none, limits: { concurrency: 5 }")) {
            request, context in
            try await context.service("origin").get("/\(request.parameters["what"] ?? "")").response
        }
        let gateway = try Gateway(listen: ["127.0.0.1:0"], services: ["origin": [origin.url]], program: program)
        try gateway.start()
        let port = gateway.addresses[0].port
        let answer = try RawClient.exchange(port: port, "GET /ask/it HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(answer.bodyText == "origin GET /it")
        #expect(await gateway.stop())
    }

    /// A reload keeps the code, and what it names is checked again.
    @Test func aReloadKeepsTheCode() async throws {
        let directory = try TemporaryDirectory()
        func text(_ routes: String) -> String {
            "listeners: [ { address: \"127.0.0.1:0\" } ]\naccess_log: { enabled: false }\nroutes: [ \(routes) ]\n"
        }
        let file = try directory.write(text("{ path: /a, handler: one }"), to: "gateway.yaml")
        var program = GatewayProgram()
        program.handler("one") { _, _ in Response(text: "one") }
        program.handler("two") { _, _ in Response(text: "two") }
        program.route("/own") { _, _ in Response(text: "own") }
        let gateway = try Gateway(file: file, program: program)
        try gateway.start()
        let port = gateway.addresses[0].port
        func ask(_ path: String) throws -> String {
            try RawClient.exchange(port: port, "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n").bodyText
        }
        #expect(try ask("/a") == "one" && ask("/own") == "own")
        _ = try directory.write(text("{ path: /a, handler: two }"), to: "gateway.yaml")
        try await gateway.reload()
        #expect(try ask("/a") == "two" && ask("/own") == "own")
        _ = try directory.write(text("{ path: /a, handler: three }"), to: "gateway.yaml")
        await #expect(throws: Gateway.Failure.self) { try await gateway.reload() }
        #expect(try ask("/a") == "two" && ask("/own") == "own")
        #expect(await gateway.stop())
    }

    /// What works for a client is waited for.
    @Test func stoppingWaitsForHandlers() async throws {
        let hold = Hold()
        var program = GatewayProgram()
        program.route("/") { _, _ in
            await hold.wait()
            return Response(text: "done")
        }
        let gateway = try Gateway(listen: ["127.0.0.1:0"], program: program)
        try gateway.start()
        let client = try RawClient(port: gateway.addresses[0].port)
        try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try hold.entered.wait(for: 1)
        async let isComplete = gateway.stop()
        hold.release()
        #expect(try client.readResponse().bodyText == "done")
        #expect(await isComplete)
    }
}
