import GatehouseTesting
import Testing

/// The program itself is replaced while clients are served, and none of them notices.
@Suite(.serialized) struct Replacing {
    @Test func twentyReplacementsUnderLoad() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            guard request.target == "/long" else { return try connection.respond(body: "short") }
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.sendChunk("first ")
            try gate.wait(within: .seconds(120))
            try connection.sendChunk("last")
            try connection.send("0\r\n\r\n")
        }
        var gateways = [try GatewayProcess(everything(to: origin, "timeouts: { drain: 120s }"))]
        let port = gateways[0].port
        let load = try ContinuousLoad(port: port)
        var long: [RawClient] = []
        for _ in 0..<20 {
            let client = try RawClient(port: port)
            try client.send(request("GET /long"))
            #expect(try client.readHead().status == 200)
            long.append(client)
            try load.wait(more: 50)
            let next = try GatewayProcess(replacing: gateways[gateways.count - 1])
            #expect(next.port == port)
            gateways.append(next)
        }
        try load.wait(more: 50)
        #expect(try load.stop() == [])
        gate.open()
        for client in long {
            #expect(try client.readBody(atLeast: 10) == Array("first last".utf8))
            #expect(try client.readPiece() == nil)
        }
        for gateway in gateways.dropLast() { #expect(try gateway.process.waitForExit() == .code(0)) }
        try gateways[gateways.count - 1].stop()
        try origin.check()
    }

    /// More workers than sockets, and fewer: each socket is accepted from.
    @Test func otherNumbersOfWorkers() throws {
        func text(_ workers: Int) -> String {
            "listeners: [ { address: \"127.0.0.1:0\" } ]\nworkers: \(workers)\naccess_log: { enabled: false }\n"
                + "routes: [ { path: /, respond: { body: \"\(workers)\" } } ]\n"
        }
        var gateway = try GatewayProcess(text(3))
        let load = try ContinuousLoad(port: gateway.port)
        for workers in [1, 4, 2] {
            _ = try gateway.directory.write(text(workers), to: "gateway.yaml")
            let old = gateway
            gateway = try GatewayProcess(replacing: old)
            #expect(try old.process.waitForExit() == .code(0))
            for _ in 0..<30 { #expect(gateway.ask("GET /") == "\(workers)") }
        }
        #expect(try load.stop() == [])
        try gateway.stop()
    }

    /// A client that has spoken TLS with the old program resumes with the new one.
    @Test func sessionsAreResumedByTheSuccessor() throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let gateway = try GatewayProcess(
            """
            listeners:
              - address: "127.0.0.1:0"
                tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] }
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: "/**", respond: { body: x } } ]

            """)
        let session = certificates.path("session")
        let question = "printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'"
        func connect(_ more: String) throws -> String {
            let client = "openssl s_client -connect 127.0.0.1:\(gateway.port) -ign_eof \(more)"
            let process = try ChildProcess("/bin/sh", ["-c", "\(question) | \(client)"])
            try process.waitForExit()
            return process.output
        }
        #expect(try connect("-sess_out \(session)").contains("\nNew, "))
        let next = try GatewayProcess(replacing: gateway)
        #expect(try gateway.process.waitForExit() == .code(0))
        #expect(try connect("-sess_in \(session)").contains("\nReused, "))
        try next.stop()
    }

    /// What an operator has taken out stays out.
    @Test func whatIsDrainedStaysDrained() throws {
        let (first, second) = (try ScriptedUpstream(named: "first"), try ScriptedUpstream(named: "second"))
        let text = """
            listeners: [ { address: "127.0.0.1:0" } ]
            admin: { address: "127.0.0.1:0" }
            workers: 2
            access_log: { enabled: false }
            services: { pair: { endpoints: [ "\(first.url)", "\(second.url)" ] } }
            routes: [ { path: /**, service: pair } ]

            """
        let old = try GatewayProcess(text, admin: true)
        let admin = try #require(old.adminPort)
        func command(_ word: String) throws -> Int {
            let path = "/api/v1/services/pair/endpoints/\(first.authority)/\(word)"
            return try RawClient.exchange(
                port: admin, "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n", method: "POST"
            ).status
        }
        #expect(try command("drain") == 200)
        let gateway = try GatewayProcess(replacing: old)
        #expect(try old.process.waitForExit() == .code(0))
        for _ in 0..<20 { #expect(gateway.ask("GET /") == "second GET /") }
        #expect(try command("enable") == 200)
        #expect(Set((0..<20).map { _ in gateway.ask("GET /") }) == ["first GET /", "second GET /"])
        try gateway.stop()
    }

    /// Whatever keeps the new program from starting, the old one goes on.
    @Test func aSuccessorThatFailsChangesNothing() throws {
        let taken = try ScriptedUpstream(named: "taken")
        let good = oneListener + "routes: [ { path: /, respond: { body: old } } ]\n"
        try withGateway(good) { gateway in
            let load = try ContinuousLoad(port: gateway.port)
            for (text, code) in [
                ("routes: [ { path: x } ]\n", 1 as Int32),
                // More workers than sockets: what it makes for them must not take a connection along.
                (
                    "workers: 16\nlisteners: [ { address: \"127.0.0.1:0\" }, { address: \"\(taken.authority)\" } ]\n",
                    3
                ),
            ] {
                _ = try gateway.directory.write(text, to: "gateway.yaml")
                let next = try ChildProcess(
                    try GatewayProcess.binary(),
                    ["run", gateway.file, "--replace", "--control-socket", gateway.controlSocket])
                #expect(try next.waitForExit() == .code(code))
                try load.wait(more: 20)
                #expect(gateway.ask("GET /") == "old")
            }
            // And after all that it can still be replaced.
            _ = try gateway.directory.write(good, to: "gateway.yaml")
            let failures = try load.stop()
            #expect(failures == [])
        }
    }

    /// SIGUSR2: the running program starts its successor by itself.
    @Test func aSignalIsEnough() throws {
        let gateway = try GatewayProcess(oneListener + "routes: [ { path: /, respond: { body: x } } ]\n")
        let load = try ContinuousLoad(port: gateway.port)
        gateway.process.send(.user2)
        let words = try gateway.process.wait(for: "the successor") { _, errors in
            errors.contains("took over") ? errors.range(after: "started process ").map { errors[$0...] } : nil
        }
        let successor = try #require(words.prefix { $0.isNumber }.isEmpty ? nil : Int32(words.prefix { $0.isNumber }))
        try load.wait(more: 20)
        #expect(try load.stop() == [])
        _ = try gateway.process.wait(for: "the end of the first") { _, errors in errors.contains("stopped") ? true : nil
        }
        #expect(gateway.ask("GET /") == "x")
        ChildProcess.end(successor)
        try eventually("the successor to end") { (try? RawClient(port: gateway.port)) == nil }
    }

    // MARK: The service manager

    @Test func theServiceManagerIsTold() throws {
        let directory = try TemporaryDirectory()
        let manager = try NotifySocket(path: directory.file("notify"))
        let text = oneListener + "routes: [ { path: /, respond: { body: x } } ]\n"
        let gateway = try GatewayProcess(
            text, directory: directory, environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"])
        try manager.wait(for: "READY=1")
        try manager.wait(for: "WATCHDOG=1")
        gateway.process.send(.hangup)
        try manager.wait(for: "RELOADING=1\nMONOTONIC_USEC=")
        let readies = { manager.messages.count { $0.hasPrefix("READY=1") } }
        try eventually("the second READY=1") { readies() == 2 }
        let next = try GatewayProcess(replacing: gateway)
        try manager.wait(for: "MAINPID=\(next.process.id)")
        #expect(try gateway.process.waitForExit() == .code(0))
        #expect(!manager.messages.contains { $0.contains("STOPPING") }, "the service goes on")
        try next.stop()
    }

    @Test func anEndIsToldTheServiceManager() throws {
        let directory = try TemporaryDirectory()
        let manager = try NotifySocket(path: directory.file("notify"))
        let gateway = try GatewayProcess(
            oneListener, directory: directory, environment: ["NOTIFY_SOCKET": manager.path])
        gateway.process.send(.terminate)
        try manager.wait(for: "STOPPING=1")
        #expect(try gateway.process.waitForExit() == .code(0))
    }
}
