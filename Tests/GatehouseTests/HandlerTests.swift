import Gatehouse
import GatehouseTesting
import Testing

/// Handlers in Swift as answers of routes, over real connections.
@Suite(.timeLimit(.minutes(2))) struct HandlerTests {
    struct Greeting: Codable, Sendable {
        var hello: String
        var times: Int
    }

    struct Secret: Error, CustomStringConvertible {
        let description = "password is hunter2"
    }

    // MARK: What goes in and comes out

    @Test func valuesAreAnsweredAsJSON() async throws {
        var program = GatewayProgram()
        program.handler("greet") { request, _ in
            Greeting(hello: try request.parameters.require("name"), times: try request.query.value("times") ?? 1)
        }
        try await withGateway(program, "routes: [ { name: g, path: \"/hello/{name}\", handler: greet } ]") {
            (gateway: Running) async throws in
            let answer = try gateway.ask("GET /hello/Ann%20B?times=3")
            #expect(answer.status == 200 && answer.bodyText == #"{"hello":"Ann B","times":3}"#)
            #expect(answer.fields.values("content-type") == ["application/json"])
            #expect(answer.fields["x-request-id"] != nil && answer.fields["date"] != nil)
            let wrong = try gateway.ask("GET /hello/x?times=many")
            #expect(wrong.status == 400)
            #expect(try Value(wrong.bodyText)["error"]?.text == "parameter_invalid")
            let head = try gateway.ask("HEAD /hello/x")
            #expect(head.status == 200 && head.body.isEmpty && head.fields["content-length"] == "23")

            let records = try gateway.records(3)
            #expect(records[0]["handler"]?.text == "greet" && records[0]["status_from"]?.text == "gateway")
            #expect(records[1]["error"]?.text == "handler_refused" && records[1]["status"] == .number(400))
            let page = try gateway.metrics()
            #expect(page.contains("gatehouse_handler_requests_total{handler=\"greet\",result=\"answered\"} 2\n"))
            #expect(page.contains("gatehouse_handler_requests_total{handler=\"greet\",result=\"refused\"} 1\n"))
            #expect(page.contains("gatehouse_handler_tasks 0\n"))
        }
    }

    @Test func aRouteOfTheProgramsOwn() async throws {
        var program = GatewayProgram()
        program.route("/text/{rest+}", .get, .post) { request, context in
            Response(
                status: 201, headers: ["X-Route": context.route, "X-Client": context.clientAddress],
                text: "\(request.method) \(request.path) \(request.host) \(request.headers["x-asked"] ?? "")")
        }
        program.route("/order", .post, body: Greeting.self, options: RouteOptions(name: "order")) { input, _, context in
            Greeting(hello: input.hello + context.route, times: input.times + 1)
        }
        try await withGateway(program, "routes: [ { path: /other, respond: { body: other } } ]") {
            (gateway: Running) async throws in
            let text = try gateway.ask("GET /text/a/../b/c", "X-Asked: yes")
            #expect(text.status == 201 && text.bodyText == "GET /text/b/c gateway.test yes")
            #expect(text.fields.values("x-route") == ["GET POST /text/{rest+}"])
            #expect(text.fields.values("x-client") == ["127.0.0.1"])
            #expect(text.fields.values("content-type") == ["text/plain; charset=utf-8"])
            #expect(try gateway.ask("DELETE /text/a").status == 405)
            #expect(try gateway.ask("GET /other").bodyText == "other")
            let json = "Content-Type: application/json"
            let good = try gateway.ask("POST /order", json, body: #"{"hello": "x", "times": 1, "more": []}"#)
            #expect(good.bodyText == #"{"hello":"xorder","times":2}"#)
        }
    }

    /// Bodies that are not what the handler asks for.
    @Test(arguments: [
        ("Content-Type: application/json", #"{"hello": "x", "times": "1"}"#, 400, "request_body_malformed", "/times"),
        ("Content-Type: application/json", #"{"hello": "x"}"#, 400, "request_body_malformed", "/times"),
        ("Content-Type: application/json", #"{"hello""#, 400, "request_body_malformed", "JSON"),
        ("Content-Type: text/plain", #"{}"#, 415, "unsupported_media_type", "JSON"),
        ("Content-Type: application/json\r\nContent-Encoding: gzip", "x", 415, "request_body_encoded", "compressed"),
    ])
    func badBodies(_ fields: String, _ body: String, _ status: Int, _ code: String, _ part: String) async throws {
        var program = GatewayProgram()
        program.route("/", body: Greeting.self) { input, _, _ in input }
        try await withGateway(program) { (gateway: Running) async throws in
            let answer = try gateway.ask("POST /", fields, body: body)
            #expect(answer.status == status)
            let value = try Value(answer.bodyText)
            #expect(value["error"]?.text == code)
            #expect(value["message"]?.text?.contains(part) == true, "\(value)")
        }
    }

    @Test func bodiesComeAsAWhole() async throws {
        var program = GatewayProgram()
        program.route("/count", .post) { request, _ in Response(text: "\(request.body.count)") }
        try await withGateway(program, "limits: { buffered_body: 64KiB }") { (gateway: Running) async throws in
            let client = try RawClient(port: gateway.port)
            try client.send("POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<4 { try client.send("8\r\n01234567\r\n") }
            try client.send("0\r\n\r\n")
            #expect(try client.readResponse().bodyText == "32")
            // The connection goes on, and 100 Continue is said.
            try client.send("POST /count HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            #expect(try client.readAnyHead().status == 100)
            try client.send("abc")
            #expect(try client.readResponse().bodyText == "3")
            let large = try gateway.ask("POST /count", body: String(repeating: "x", count: 70_000))
            #expect(large.status == 413)
            #expect(try Value(large.bodyText)["error"]?.text == "body_too_large")
        }
    }

    // MARK: Errors

    @Test func whatIsThrownTellsNothing() async throws {
        var program = GatewayProgram()
        program.route("/secret") { _, _ -> Response in throw Secret() }
        program.route("/gone") { _, _ -> Greeting in throw Refusal(410, "gone_\"for\"_good", "It was \"moved\".\n") }
        program.route("/status") { _, _ in Response(status: 99) }
        program.route("/field") { _, _ in Response(headers: ["X-A": "b\r\nX-Evil: 1"]) }
        program.route("/framing") { _, _ in
            Response(headers: ["Content-Length": "99", "Connection": "close"], text: "ok")
        }
        try await withGateway(program) { (gateway: Running) async throws in
            for path in ["/secret", "/status", "/field"] {
                let answer = try gateway.ask("GET \(path)")
                #expect(answer.status == 500, "\(path)")
                #expect(
                    answer.bodyText
                        == "{\"error\": \"handler_failed\", \"message\": \"The request could not be answered.\"}\n")
                #expect(answer.fields["proxy-status"]?.contains("handler_failed") == true)
                #expect(!answer.fields.contains("x-evil"))
            }
            let gone = try gateway.ask("GET /gone")
            #expect(gone.status == 410)
            #expect(
                try Value(gone.bodyText)
                    == .object(["error": .text("gone_\"for\"_good"), "message": .text("It was \"moved\".\n")]))
            let problem = try Value(gateway.ask("GET /gone", "Accept: application/problem+json").bodyText)
            #expect(problem["status"] == .number(410) && problem["detail"]?.text == "It was \"moved\".\n")
            #expect(problem["title"]?.text == "Gone" && problem["error"]?.text == "gone_\"for\"_good")
            let framing = try gateway.ask("GET /framing")
            #expect(framing.bodyText == "ok" && framing.fields.values("content-length") == ["2"])
        }
    }

    // MARK: Time

    @Test func aHandlerThatNeverReturnsIsGivenUp() async throws {
        let hold = Hold()
        var program = GatewayProgram()
        program.route("/", options: RouteOptions(timeout: .milliseconds(50))) { _, context in
            #expect(context.deadline != nil)
            await hold.wait()
            return Response()
        }
        try await withGateway(program) { (gateway: Running) async throws in
            let answer = try gateway.ask("GET /")
            #expect(answer.status == 504)
            #expect(try Value(answer.bodyText)["error"]?.text == "handler_timeout")
            try hold.cancelled.wait(for: 1)
            #expect(try gateway.metrics().contains("result=\"timeout\"} 1\n"))
        }
    }

    @Test func aClientThatGoesAwayCancels() async throws {
        let hold = Hold()
        var program = GatewayProgram()
        program.route("/") { _, _ in
            await hold.wait()
            return Response()
        }
        try await withGateway(program) { (gateway: Running) async throws in
            let client = try RawClient(port: gateway.port)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try hold.entered.wait(for: 1)
            client.reset()
            try hold.cancelled.wait(for: 1)
            #expect(try gateway.records(1)[0]["error"]?.text == "client_closed")
        }
    }

    @Test func noMoreRunAtOnceThanMay() async throws {
        let hold = Hold()
        var program = GatewayProgram()
        program.route("/") { _, _ in
            await hold.wait()
            return Response(text: "done")
        }
        try await withGateway(program, "limits: { handlers: 1 }") { (gateway: Running) async throws in
            let first = try RawClient(port: gateway.port)
            try first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try hold.entered.wait(for: 1)
            #expect(try gateway.metrics().contains("gatehouse_handler_tasks 1\n"))
            for body in ["", "body"] {
                let shed = try gateway.ask("POST /", body: body)
                #expect(shed.status == 503 && shed.fields["retry-after"] != nil)
                #expect(try Value(shed.bodyText)["error"]?.text == "handler_overloaded")
            }
            hold.release()
            #expect(try first.readResponse().bodyText == "done")
        }
    }

    /// What a handler does between two waits, it does on the thread of its loop.
    @Test func itStaysOnItsLoop() async throws {
        var program = GatewayProgram()
        program.route("/") { _, _ in
            let before = thread()
            await Task.yield()
            async let child = thread()
            let threads = [before, await child, thread()]
            return Response(text: Set(threads).count == 1 ? "one" : "several: \(threads)")
        }
        try await withGateway(program) { (gateway: Running) async throws in
            #expect(try gateway.ask("GET /").bodyText == "one")
        }
    }

    /// It may leave it, for what would block, and comes back.
    @Test func itMayLeaveItsLoop() async throws {
        let elsewhere = QueueExecutor()
        var program = GatewayProgram()
        program.route("/") { _, _ in
            let before = thread()
            let away = await withTaskExecutorPreference(elsewhere) { thread() }
            return Response(text: "\(before == away) \(before == thread())")
        }
        try await withGateway(program) { (gateway: Running) async throws in
            #expect(try gateway.ask("GET /").bodyText == "false true")
        }
    }

    /// Through the route's transformation, check and compression; and so does what an aggregate makes.
    @Test(arguments: ["/code", "/made", "/pieces"])
    func answersGoTheWayOfAll(_ path: String) async throws {
        let body = #"{"kept":"\#(String(repeating: "text ", count: 200))","secret":1}"#
        let origin = try ScriptedUpstream { _, connection in
            try connection.respond(200, fields: ServiceTests.json, body: body)
        }
        var program = GatewayProgram()
        program.handler("code") { _, _ in
            Response(headers: ["Content-Type": "application/json"], body: Array("{\"a\":\(body)}".utf8))
        }
        program.handler("pieces") { _, _ in
            .stream(headers: ["Content-Type": "application/json"]) { writer in
                for piece in ["{\"a\":", body, "}"] { try await writer.write(piece) }
            }
        }
        let rules = """
            transformations: { response: { remove_fields: [ secret ] } }, \
            validate: { response: { status: 200, schema: { required: [ a ] } } }
            """
        let text = """
            compression: { algorithms: [ gzip ], min_size: 1 }
            services: { s: { endpoints: [ "\(origin.url)" ] } }
            routes:
              - { path: /code, handler: code, \(rules) }
              - { path: /pieces, handler: pieces, \(rules) }
              - { path: /made, aggregate: { parts: { a: { service: s, path: / } } }, \(rules) }
            """
        try await withGateway(program, text) { (gateway: Running) async throws in
            let plain = try gateway.ask("GET \(path)")
            #expect(plain.status == 200 && plain.bodyText.contains("text text") && !plain.bodyText.contains("secret"))
            #expect(try Value(plain.bodyText)["a"]?["kept"] != nil)
            let curl = try ChildProcess(
                "/usr/bin/env", ["curl", "-sS", "-m", "30", "--compressed", "http://127.0.0.1:\(gateway.port)\(path)"])
            #expect(try curl.waitForExit() == .code(0) && curl.output == plain.bodyText, "\(curl.errors)")
            let coded = try gateway.ask("GET \(path)", "Accept-Encoding: gzip")
            #expect(coded.fields["content-encoding"] == "gzip" && coded.body.count < 200)
        }
    }

    // MARK: Pieces

    @Test func piecesGoOutAsTheyCome() async throws {
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
        var program = GatewayProgram()
        program.route("/events") { _, _ in .stream(headers: ["Content-Type": "text/event-stream"], stream) }
        try await withGateway(program) { (gateway: Running) async throws in
            let client = try RawClient(port: gateway.port)
            try client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = try client.readHead()
            #expect(head.status == 200 && head.framing == .chunked)
            for text in ["data: 1\n\n", "data: 2\n\n"] {
                continuation.yield(Array(text.utf8))
                #expect(try client.readBody(atLeast: text.utf8.count) == Array(text.utf8))
            }
            continuation.finish()
            #expect(try client.readPiece() == nil)
            #expect(try gateway.ask("HEAD /events").body.isEmpty)
        }
    }

    @Test func aSlowReaderHoldsTheWriterUp() async throws {
        let written = Counter("pieces")
        let ended = Counter("writers to end")
        var program = GatewayProgram()
        program.route("/") { _, _ in
            .stream { writer in
                defer { ended.add() }
                let piece = [UInt8](repeating: 0x61, count: 64 * 1024)
                for _ in 0..<4_096 {
                    try await writer.write(piece)
                    written.add()
                }
            }
        }
        try await withGateway(program) { (gateway: Running) async throws in
            let client = try RawClient(port: gateway.port, receiveBuffer: 4_096)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try client.readHead()
            _ = try client.readBody(atLeast: 1 << 20)
            // 256 MiB are to come: it is held up somewhere, whatever the system's buffers take.
            #expect(written.value < 2_048)
            client.reset()
            try ended.wait(for: 1)
            #expect(written.value < 4_096)
        }
    }

    @Test func aStreamThatFailsIsBrokenOff() async throws {
        var program = GatewayProgram()
        program.route("/") { _, _ in
            .stream { writer in
                try await writer.write("half")
                throw Secret()
            }
        }
        try await withGateway(program) { (gateway: Running) async throws in
            let client = try RawClient(port: gateway.port)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try client.readHead()
            #expect(try client.readBody(atLeast: 4) == Array("half".utf8))
            let failure = #expect(throws: KitFailure.self) { try client.readPiece() }
            #expect(failure?.kind == .closed)
            #expect(try gateway.records(1)[0]["error"]?.text == "handler_failed")
        }
    }

    // MARK: HTTP/2

    @Test func overHTTP2() async throws {
        let hold = Hold()
        var program = GatewayProgram()
        program.route("/echo", .post) { request, _ in Response(headers: ["X-Case": "y"], body: request.body) }
        program.route("/hold") { _, _ in
            await hold.wait()
            return Response()
        }
        program.route("/stream") { _, _ in
            .stream { writer in for number in 0..<100 { try await writer.write("\(number),") } }
        }
        try await withGateway(program) { (gateway: Running) async throws in
            func curl(_ path: String, _ options: String...) throws -> ChildProcess {
                try ChildProcess(
                    "/usr/bin/env",
                    ["curl", "-sS", "-m", "30", "--http2-prior-knowledge", "-w", "%{http_version} %{http_code}"]
                        + options + ["http://127.0.0.1:\(gateway.port)\(path)"])
            }
            let echo = try curl("/echo", "-d", String(repeating: "x", count: 100_000))
            #expect(try echo.waitForExit() == .code(0), "\(echo.errors)")
            #expect(echo.output.count == 100_005 && echo.output.hasSuffix("x2 200"))
            let stream = try curl("/stream")
            #expect(try stream.waitForExit() == .code(0))
            #expect(stream.output == (0..<100).map { "\($0)," }.joined() + "2 200")
            let gone = try curl("/hold")
            try hold.entered.wait(for: 1)
            gone.send(.kill)
            try hold.cancelled.wait(for: 1)
        }
    }
}

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The thread that runs this, by a number.
@Sendable private func thread() -> UInt {
    #if canImport(Glibc)
        UInt(pthread_self())
    #else
        UInt(bitPattern: pthread_self())
    #endif
}
