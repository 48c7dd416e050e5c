import Gatehouse
import GatehouseTesting
import Testing

/// Policies in Swift, between the gateway's own.
@Suite(.timeLimit(.minutes(2))) struct PolicyTests {
    /// Says in a field that it was there, in the order in which they were; lets pass, refuses or answers by a query.
    struct Stamp: Policy {
        let name: String

        func request(_ request: inout PolicyRequest, _ context: RequestContext) async throws -> PolicyDecision {
            await Task.yield()
            request.headers["X-Seen"] = (request.headers["x-seen"].map { "\($0) " } ?? "") + name
            request.headers["X-Drop"] = nil
            guard request.query["by"] == name else { return .next }
            switch request.query["do"] {
            case "refuse": return .refuse(Refusal(403, "not_today", "Not \(name)'s day."))
            case "answer": return .answer(Response(status: 202, text: "by \(name)"))
            case "throw": throw Refusal(402, "pay", "Pay first.")
            case "fail": throw HandlerTests.Secret()
            case "host": request.headers["Host"] = "elsewhere"
            case "split": request.headers["X-A"] = "b\r\nX-Evil: 1"
            case "hang": try await Task.sleep(for: .seconds(3_600))
            default: break
            }
            return .next
        }

        func response(_ response: inout PolicyResponse, to request: Request) {
            response.headers.add("X-Left", "\(name) \(response.status) \(request.path)")
            if response.headers["x-upstream"] != nil { response.headers["X-Upstream"] = nil }
        }

        var timeout: Duration = .seconds(30)
    }

    static let program = makeProgram(timeout: .seconds(30))

    /// - Parameter timeout: of each policy.
    static func makeProgram(timeout: Duration) -> GatewayProgram {
        var program = GatewayProgram()
        program.policy("one", Stamp(name: "one", timeout: timeout))
        program.policy("two", Stamp(name: "two", timeout: timeout))
        program.route("/code", options: RouteOptions(policies: ["two"])) { request, _ in
            Response(text: request.headers["X-Seen"] ?? "none")
        }
        return program
    }

    static func configuration(_ origin: ScriptedUpstream, _ more: String = "") -> String {
        """
        \(more)
        policies: [ one, two ]
        services: { s: { endpoints: [ "\(origin.url)" ] } }
        routes:
          - { name: all, path: "/**", service: s }
          - { name: own, path: /own, service: s, policies: two }
          - { name: free, path: /free, service: s, policies: [] }
          - { name: fixed, path: /fixed, respond: { body: fixed } }
        """
    }

    @Test func theyRunInTheirOrderAndBack() async throws {
        let origin = try ScriptedUpstream(named: "origin")
        try await withGateway(Self.program, Self.configuration(origin)) { (gateway: Running) async throws in
            let answer = try gateway.ask("POST /a", "X-Seen: me", "X-Drop: 1", body: "body")
            #expect(answer.bodyText == "origin POST /a")
            #expect(answer.fields.values("x-left") == ["two 200 /a", "one 200 /a"])
            #expect(!answer.fields.contains("x-upstream"))
            let seen = try origin.waitForRequest()
            #expect(seen.fields.values("x-seen") == ["me one two"] && !seen.fields.contains("x-drop"))
            #expect(seen.bodyText == "body")
            #expect(try gateway.ask("GET /own").fields.values("x-left") == ["two 200 /own"])
            #expect(try gateway.ask("GET /free").fields.values("x-left").isEmpty)
            let fixed = try gateway.ask("GET /fixed")
            #expect(fixed.bodyText == "fixed" && fixed.fields.values("x-left").count == 2)
            let code = try gateway.ask("GET /code")
            #expect(code.bodyText == "two" && code.fields.values("x-left") == ["two 200 /code"])
        }
        try origin.check()
    }

    /// What a policy decides: status, code or text, and who saw the answer.
    @Test(arguments: [
        ("by=one&do=refuse", 403, "not_today", []), ("by=two&do=refuse", 403, "not_today", ["one 403 /a"]),
        ("by=two&do=throw", 402, "pay", ["one 402 /a"]), ("by=one&do=fail", 500, "policy_failed", []),
        ("by=one&do=host", 500, "policy_failed", ["two 500 /a", "one 500 /a"]),
        ("by=two&do=split", 500, "policy_failed", ["two 500 /a", "one 500 /a"]),
        ("by=two&do=hang", 504, "policy_timeout", []),
    ])
    func theyDecide(_ query: String, _ status: Int, _ code: String, _ left: [String]) async throws {
        let origin = try ScriptedUpstream(named: "origin")
        let program = query.hasSuffix("hang") ? Self.makeProgram(timeout: .milliseconds(300)) : Self.program
        try await withGateway(program, Self.configuration(origin)) { (gateway: Running) async throws in
            let answer = try gateway.ask("GET /a?\(query)")
            #expect(answer.status == status)
            #expect(try Value(answer.bodyText)["error"]?.text == code)
            #expect(answer.fields.values("x-left") == left)
            let record = try gateway.records(1)[0]
            #expect(record["route"]?.text == "all" && record["error"]?.text?.hasPrefix("policy_") == true)
        }
        #expect(origin.requests.isEmpty)
    }

    @Test func theyAnswer() async throws {
        let origin = try ScriptedUpstream(named: "origin")
        try await withGateway(Self.program, Self.configuration(origin)) { (gateway: Running) async throws in
            let answer = try gateway.ask("GET /a?by=two&do=answer")
            #expect(answer.status == 202 && answer.bodyText == "by two")
            #expect(answer.fields.values("x-left") == ["one 202 /a"])
        }
    }

    /// Behind those who ask who it is, before those who look at bodies.
    @Test func theirPlaceIsFixed() async throws {
        let origin = try ScriptedUpstream(named: "origin")
        let more = """
            auth: { type: jwt, secret: "0123456789abcdef0123456789abcdef" }
            validate: [ { path: /a, body: { schema: { type: object } } } ]
            """
        try await withGateway(Self.program, Self.configuration(origin, more)) { (gateway: Running) async throws in
            let nobody = try gateway.ask("GET /a?by=one&do=answer")
            #expect(nobody.status == 401 && nobody.fields.values("x-left").isEmpty)
            let token = TokenIssuer.token(secret: "0123456789abcdef0123456789abcdef", #""sub":"7""#)
            let bearer = "Authorization: Bearer \(token)"
            let json = "Content-Type: application/json"
            #expect(try gateway.ask("POST /a?by=one&do=answer", bearer, json, body: "[]").status == 202)
            let invalid = try gateway.ask("POST /a", bearer, json, body: "[]")
            #expect(invalid.status == 400 && invalid.fields.values("x-left").count == 2)
        }
    }

    /// A policy that asks a service, whose call stands in the record of the request.
    @Test func theyMayAskServices() async throws {
        struct Asking: Policy {
            func request(_ request: inout PolicyRequest, _ context: RequestContext) async throws -> PolicyDecision {
                let answer = try await context.service("judge").get("/may\(raw: request.path)")
                return answer.isSuccess ? .next : .refuse(Refusal(403, "judged", "No."))
            }
        }
        let judge = try ScriptedUpstream { request, connection in
            try connection.respond(request.target == "/may/a" ? 200 : 403)
        }
        let origin = try ScriptedUpstream(named: "origin")
        var program = GatewayProgram()
        program.policy("asking", Asking())
        let text = """
            policies: asking
            services: { judge: { endpoints: [ "\(judge.url)" ] }, s: { endpoints: [ "\(origin.url)" ] } }
            routes: [ { path: "/**", service: s } ]
            """
        try await withGateway(program, text) { (gateway: Running) async throws in
            #expect(try gateway.ask("GET /a").bodyText == "origin GET /a")
            #expect(try gateway.ask("GET /b").status == 403)
            let records = try gateway.records(2)
            #expect(records.map { $0["parts"]?.items.count } == [1, 1])
            #expect(records[0]["service"]?.text == "s")
        }
    }
}
