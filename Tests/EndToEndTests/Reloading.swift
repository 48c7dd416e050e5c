import GatehouseTesting
import Testing

/// The configuration changes while clients are served, and none of them notices.
@Suite(.serialized) struct Reloading {
    private func reload(_ gateway: GatewayProcess, _ configuration: String, expecting text: String = "reloaded (")
        throws
    {
        let before = occurrences(of: text, in: gateway.process.errors)
        _ = try gateway.directory.write(configuration, to: "gateway.yaml")
        gateway.process.send(.hangup)
        _ = try gateway.process.wait(for: "the reload") { _, errors in
            occurrences(of: text, in: errors) > before ? true : nil
        }
    }

    private func occurrences(of text: String, in errors: String) -> Int {
        errors.split(separator: "\n").count { $0.contains(text) && $0.hasPrefix("gatehouse:") }
    }

    /// A response that goes on over everything that happens, until the gate opens.
    private func slowOrigin(_ gate: Gate) throws -> ScriptedUpstream {
        try ScriptedUpstream { request, connection in
            guard request.target == "/long" else { return try connection.respond(body: "short") }
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.sendChunk("first ")
            try gate.wait(within: .seconds(120))
            try connection.sendChunk("last")
            try connection.send("0\r\n\r\n")
        }
    }

    private func configuration(_ origin: ScriptedUpstream, _ number: Int) -> String {
        // Every other one changes the service, every third one a listener beside, each one a route.
        let weight = number % 2 == 0 ? 1 : 2
        let more = number % 3 == 0 ? ", { name: beside, address: \"127.0.0.1:0\" }" : ""
        return """
            listeners: [ { name: main, address: "127.0.0.1:0" }\(more) ]
            admin: { address: "127.0.0.1:0" }
            workers: 2
            access_log: { enabled: false }
            timeouts: { keep_alive: \(60 + number)s }
            services: { origin: { endpoints: [ { url: "\(origin.url)", weight: \(weight) } ] } }
            routes:
              - { name: all, path: "/**", service: origin }
              - { name: n\(number), path: "/number", respond: { body: "\(number)" } }

            """
    }

    @Test func twoHundredReloadsUnderLoad() throws {
        let gate = Gate()
        let origin = try slowOrigin(gate)
        let gateway = try GatewayProcess(configuration(origin, 1), admin: true)
        let long = try (0..<20).map { _ in try gateway.connect() }
        for client in long {
            try client.send(request("GET /long"))
            #expect(try client.readHead().status == 200)
        }
        let load = try ContinuousLoad(port: gateway.port)
        for number in 2...200 {
            try reload(gateway, configuration(origin, number))
            #expect(gateway.ask("GET /number") == "\(number)")
        }
        try load.wait(more: 100)
        #expect(try load.stop() == [])
        gate.open()
        for client in long {
            #expect(try client.readBody(atLeast: 10) == Array("first last".utf8))
            #expect(try client.readPiece() == nil)
        }
        try gateway.stop()
        try origin.check()
    }

    @Test func aRemovedListenerDrains() throws {
        let gate = Gate()
        let origin = try slowOrigin(gate)
        let both = """
            listeners: [ { name: a, address: "127.0.0.1:0" }, { name: b, address: "127.0.0.1:0" } ]
            access_log: { enabled: false }
            routes: [ { name: all, path: "/**", upstream: "\(origin.url)" } ]

            """
        let gateway = try GatewayProcess(both, listeners: 2)
        let port = try #require(gateway.namedPorts["b"])
        let long = try RawClient(port: port)
        try long.send(request("GET /long"))
        _ = try long.readHead()
        let kept = try RawClient(port: port)
        try kept.send(request("GET /short"))
        _ = try kept.readResponse()
        try reload(gateway, both.replacing(", { name: b, address: \"127.0.0.1:0\" }", with: ""))
        try eventually("new connections to be refused") { (try? RawClient(port: port)) == nil }
        // A connection that is kept gets one more answer, which says that it is the last.
        try kept.send(request("GET /short"))
        let last = try kept.readResponse()
        #expect(last.bodyText == "short")
        #expect(last.fields["connection"]?.lowercased() == "close")
        gate.open()
        #expect(try long.readBody(atLeast: 10) == Array("first last".utf8))
        #expect(gateway.ask("GET /short") == "short")
        try gateway.stop()
    }

    @Test func aBadFileIsReportedAndKeepsTheOldOne() throws {
        try withGateway(withAdmin + "routes: [ { path: /a, respond: { body: old } } ]\n", admin: true) { gateway in
            try reload(gateway, "routes: [ { path: a, servce: x } ]\n", expecting: "not reloaded: 2 errors")
            #expect(gateway.process.errors.contains("gateway.yaml:1:"))
            #expect(gateway.ask("GET /a") == "old")
            let metrics = try RawClient.exchange(port: try #require(gateway.adminPort), scrape)
                .bodyText
            #expect(metrics.contains("gatehouse_config_reloads_total{result=\"failure\"} 1"), "\(metrics)")
            try reload(gateway, withAdmin + "routes: [ { path: /a, respond: { body: new } } ]\n")
            #expect(gateway.ask("GET /a") == "new")
        }
    }

    /// A disk that is full, an editor that has just begun: not a wish to serve nothing.
    @Test func anEmptyFileKeepsTheOldOne() throws {
        try withGateway(oneListener + "routes: [ { path: /a, respond: { body: old } } ]\n") { gateway in
            try reload(gateway, "", expecting: "holds no service and no route")
            #expect(gateway.ask("GET /a") == "old")
        }
    }

    /// A volume of Kubernetes: the file is a link over a directory's link, and only that one is replaced.
    @Test func aSymbolicLinkThatIsReplacedIsSeen() throws {
        let directory = try TemporaryDirectory()
        func text(_ body: String) -> String { oneListener + "routes: [ { path: /a, respond: { body: \(body) } } ]\n" }
        let (first, second) = (try TemporaryDirectory(), try TemporaryDirectory())
        _ = try first.write(text("old"), to: "gateway.yaml")
        _ = try second.write(text("new"), to: "gateway.yaml")
        try TemporaryDirectory.link(directory.file("..data"), to: first.path)
        let file = directory.file("gateway.yaml")
        try TemporaryDirectory.link(file, to: "..data/gateway.yaml")
        let gateway = try GatewayProcess(
            file, in: directory, control: directory.file("control"), listeners: 1, admin: false, options: ["--watch"],
            environment: [:])
        #expect(gateway.ask("GET /a") == "old")
        let fresh = directory.file("..data_new")
        try TemporaryDirectory.link(fresh, to: second.path)
        try TemporaryDirectory.move(fresh, to: directory.path + "/..data")
        _ = try gateway.process.wait(for: "the reload") { _, errors in
            errors.contains("gatehouse: reloaded") ? true : nil
        }
        #expect(gateway.ask("GET /a") == "new")
        // And a plain write, where an editor replaces the file.
        _ = try second.write(text("newer"), to: "draft")
        try TemporaryDirectory.move(second.path + "/draft", to: second.path + "/gateway.yaml")
        try eventually("the new answer") { gateway.ask("GET /a") == "newer" }
        // Again and again, so that the watcher had come to rest in between.
        for round in 0..<3 {
            _ = try second.write(text("round\(round)"), to: "gateway.yaml")
            try eventually("the answer of round \(round)") { gateway.ask("GET /a") == "round\(round)" }
        }
        try gateway.stop()
    }

    @Test func aSecretThatChangesIsSeen() throws {
        let directory = try TemporaryDirectory()
        let secret = try directory.write("one\n", to: "secret")
        let gateway = try GatewayProcess(
            oneListener + "routes: [ { path: /a, respond: { body: \"${file:\(secret)}\" } } ]\n", directory: directory,
            options: ["--watch"])
        #expect(gateway.ask("GET /a") == "one")
        _ = try directory.write("two\n", to: "secret")
        try eventually("the new secret") { gateway.ask("GET /a") == "two" }
        try gateway.stop()
    }

    @Test func whatAReloadWouldChange() throws {
        let old =
            oneListener
            + "routes: [ { name: a, path: /a, respond: { body: a } }, { path: /b, respond: { body: b } } ]\n"
        try withGateway(old) { gateway in
            let new = try gateway.directory.write(
                oneListener
                    + "limits: { request_fields: 50 }\nroutes: [ { name: a, path: /a, respond: { body: b } } ]\n",
                to: "new.yaml")
            let process = try ChildProcess(
                try GatewayProcess.binary(),
                ["check", new, "--against", "running", "--control-socket", gateway.controlSocket])
            #expect(try process.waitForExit() == .code(0))
            let lines = process.output.split(separator: "\n")
            #expect(lines == ["- route /b", "~ route a", "~ limits", "unchanged: 1 listener"])
            let files = try ChildProcess(try GatewayProcess.binary(), ["check", new, "--against", gateway.file])
            #expect(try files.waitForExit() == .code(0))
            #expect(files.output == process.output)
        }
    }
}

extension String {
    fileprivate func replacing(_ text: String, with other: String) -> String {
        guard let end = range(after: text) else { return self }
        return String(self[..<index(end, offsetBy: -text.count)]) + other + String(self[end...])
    }
}
