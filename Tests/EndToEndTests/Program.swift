import GatehouseTesting
import Testing

/// The program as its operator meets it: exit codes, one clear line for what is wrong, and an orderly end.
@Suite struct Program {
    private func run(_ arguments: String...) throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
        let process = try ChildProcess(try GatewayProcess.binary(), arguments)
        let exit = try process.waitForExit()
        return (exit, process.output, process.errors)
    }

    private func failed(_ exit: ChildProcess.Exit) -> Bool {
        if case .code(let code) = exit { code > 0 && code < 126 } else { false }
    }

    // MARK: What is wrong, in one clear line

    @Test func aFileThatIsNotThere() throws {
        let result = try run("run", "/nonexistent/gateway.yaml")
        #expect(failed(result.exit))
        #expect(result.errors.contains("/nonexistent/gateway.yaml"))
        #expect(result.errors.split(separator: "\n").count <= 2)
        #expect(result.output.isEmpty)
    }

    @Test func aFileThatMayNotBeRead() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("workers: 1\n", to: "gateway.yaml", mode: 0o000)
        // Root may read everything: then there is nothing to see.
        guard TemporaryDirectory.read(file) == nil else { return }
        let result = try run("run", file)
        #expect(failed(result.exit))
        #expect(result.errors.contains(file))
        #expect(result.errors.lowercased().contains("permission"))
    }

    @Test(arguments: ["routes: [ { path: /a", "a: b: c", "\t- x", "routes:\n  - path: /a\n   upstream: x\n"])
    func badYAML(_ text: String) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(text, to: "gateway.yaml")
        for command in ["run", "check"] {
            let result = try run(command, file)
            #expect(failed(result.exit))
            #expect((result.errors + result.output).contains("\(file):"), "file:line:column")
        }
    }

    @Test func everyErrorAtOnceWithPlaceAndFix() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            """
            workers: many
            routes:
              - { path: "/a", servce: users }
              - { path: "a", respond: { status: 999 } }

            """, to: "gateway.yaml")
        let result = try run("check", file)
        let text = result.errors + result.output
        #expect(failed(result.exit))
        for place in ["\(file):1:", "\(file):3:", "\(file):4:"] { #expect(text.contains(place), "\(place) in \(text)") }
        #expect(text.contains("servce") && text.contains("service"), "the nearest known key")
    }

    @Test func aGoodFilePassesCheck() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("routes: [ { path: /a, respond: { body: a } } ]\n", to: "gateway.yaml")
        #expect(try run("check", file).exit == .code(0))
    }

    @Test func aPortThatIsTaken() throws {
        let taken = try ScriptedUpstream(named: "taken")
        let directory = try TemporaryDirectory()
        let file = try directory.write("listeners: [ { address: \"\(taken.authority)\" } ]\n", to: "gateway.yaml")
        let result = try run("run", file)
        #expect(failed(result.exit))
        #expect(result.errors.contains("\(taken.port)"))
        #expect(["in use", "taken"].contains { result.errors.contains($0) })
    }

    /// Two gateways on one port would share the traffic between two configurations without a word.
    @Test func aPortThatAnotherGatewayHas() throws {
        try withGateway(oneListener) { gateway in
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                "listeners: [ { address: \"127.0.0.1:\(gateway.port)\" } ]\nworkers: 1\n", to: "gateway.yaml")
            let result = try run("run", file)
            #expect(failed(result.exit))
            #expect(result.errors.contains("\(gateway.port)"))
        }
    }

    @Test func anAddressThatIsNotOurs() throws {
        let directory = try TemporaryDirectory()
        // TEST-NET-1 (RFC 5737) is nobody's.
        let file = try directory.write("listeners: [ { address: \"192.0.2.1:8080\" } ]\n", to: "gateway.yaml")
        let result = try run("run", file)
        #expect(failed(result.exit))
        #expect(result.errors.contains("192.0.2.1"))
    }

    @Test func anAccessLogThatCannotBeWritten() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            """
            listeners: [ { address: "127.0.0.1:0" } ]
            access_log: { path: /nonexistent/access.log }

            """, to: "gateway.yaml")
        let result = try run("run", file)
        #expect(failed(result.exit))
        #expect(result.errors.contains("/nonexistent/access.log"))
    }

    @Test func unknownWords() throws {
        for arguments in [["frobnicate"], ["run"], ["run", "--frobnicate", "x"]] {
            let process = try ChildProcess(try GatewayProcess.binary(), arguments)
            #expect(failed(try process.waitForExit()))
            #expect(!process.errors.isEmpty)
        }
    }

    @Test func helpVersionAndSchema() throws {
        let help = try run("--help")
        #expect(help.exit == .code(0))
        for command in ["run", "check", "explain", "demo", "schema"] { #expect(help.output.contains(command)) }
        #expect(!help.output.contains("\u{1B}["), "colour only on a terminal")
        #expect(try run("version").exit == .code(0))
        let schema = try run("schema")
        #expect(schema.exit == .code(0))
        #expect(try JSON(schema.output)["$schema"] != nil)
    }

    /// The same choice as the running gateway's, in words.
    @Test func explainSaysWhoWouldAnswer() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            """
            routes:
              - { name: users, path: "/api/users/**", upstream: "http://127.0.0.1:3001", strip_prefix: /api }
              - { name: posters, path: "/api/users/**", methods: [ POST ], upstream: "http://127.0.0.1:3002" }

            """, to: "gateway.yaml")
        let result = try run("explain", "--config", file, "GET", "http://gateway.test/api/users/7?a=b")
        #expect(result.exit == .code(0))
        #expect(result.output.contains("users"))
        #expect(result.output.contains("posters"))
        #expect(result.output.contains("http://127.0.0.1:3001/users/7?a=b"))
    }

    // MARK: The end

    @Test(arguments: [ChildProcess.Signal.terminate, .interrupt])
    func anIdleGatewayEndsAtOnce(_ signal: ChildProcess.Signal) throws {
        let gateway = try GatewayProcess(withAdmin, admin: true)
        let idle = try gateway.connect()
        gateway.process.send(signal)
        #expect(try gateway.process.waitForExit() == .code(0))
        _ = try idle.expectClosed()
    }

    /// A request under way is answered, its connection is then closed; nobody new comes in.
    @Test func sigtermDrains() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.sendChunk("first ")
            try gate.wait()
            try connection.sendChunk("second")
            try connection.send("0\r\n\r\n")
        }
        let gateway = try GatewayProcess(everything(to: origin))
        let client = try gateway.connect()
        try client.send(request())
        _ = try client.readHead()
        #expect(try client.readBody(atLeast: 6) == Array("first ".utf8))
        let idle = try gateway.connect()
        try idle.send(request("GET /none"))
        _ = try idle.readHead()
        gateway.process.send(.terminate)
        try eventually("new connections to be refused") { (try? RawClient(port: gateway.port)) == nil }
        #expect(gateway.process.isRunning, "a request is under way")
        gate.open()
        #expect(try client.readBody(atLeast: 6) == Array("second".utf8))
        #expect(try client.readPiece() == nil)
        try client.expectClosed()
        #expect(try gateway.process.waitForExit() == .code(0))
        try origin.check()
    }

    /// An answer that has not begun is waited for too, and says that the connection ends.
    @Test func drainingAnswersSayClose() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            try gate.wait()
            try connection.respond(body: "late")
        }
        let gateway = try GatewayProcess(everything(to: origin))
        let client = try gateway.connect()
        try client.send(request())
        try origin.waitForRequest()
        gateway.process.send(.terminate)
        try eventually("new connections to be refused") { (try? RawClient(port: gateway.port)) == nil }
        gate.open()
        let response = try client.readResponse()
        #expect(response.bodyText == "late")
        #expect(response.fields["connection"]?.lowercased() == "close")
        try client.expectClosed()
        #expect(try gateway.process.waitForExit() == .code(0))
    }

    /// Readiness goes first, so that whoever balances the load before the gateway takes it out.
    @Test func drainingIsBounded() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.waitForClose()
        })
        let gateway = try GatewayProcess(everything(to: origin, "timeouts: { drain: 300ms }"))
        let client = try gateway.connect()
        try client.send(request())
        try origin.waitForRequest()
        gateway.process.send(.terminate)
        let exit = try gateway.process.waitForExit()
        if case .signal(let number) = exit { Issue.record("ended by signal \(number)") }
        try origin.waitForClose()
    }

    /// Many clients under load while it ends: each request is answered whole, or was never taken.
    @Test func noRequestIsLostWhileDraining() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let gateway = try GatewayProcess(everything(to: origin))
        var answered = 0
        let clients = try (0..<8).map { _ in try gateway.connect() }
        for round in 0..<50 {
            if round == 25 { gateway.process.send(.terminate) }
            for client in clients {
                do {
                    try client.send(request("GET /\(round)"))
                    let response = try client.readResponse()
                    #expect(response.status == 200)
                    #expect(response.bodyText == "origin GET /\(round)")
                    answered += 1
                    if response.fields["connection"]?.lowercased() == "close" { client.close() }
                } catch let failure as KitFailure {
                    // Closed before the request reached it, never in the middle of an answer.
                    #expect([.closed, .reset].contains(failure.kind), "\(failure)")
                    #expect(!failure.message.contains("body"))
                    client.close()
                }
            }
        }
        #expect(answered >= 8 * 25)
        #expect(try gateway.process.waitForExit() == .code(0))
    }
}
