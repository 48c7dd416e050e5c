import GatehouseTesting
import HTTPWire
import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// Reloads of a gateway that really listens.
@Suite struct GatewayServerReloadTests {
    private func serve(_ yaml: String, _ body: (GatewayServer) throws -> Void) throws {
        let server = try GatewayServer(
            GatewayConfiguration.parse(yaml: Self.common + yaml), build: Metrics.Build(version: "0", swiftVersion: "0"),
            log: OperationLog(level: .error))
        try server.start()
        defer { server.drain() }
        try body(server)
    }

    private static let common = "access_log: { enabled: false }\nworkers: 2\n"

    private func reload(_ server: GatewayServer, _ yaml: String) throws -> ReloadReport {
        server.reload(try GatewayConfiguration.parse(yaml: Self.common + yaml))
    }

    private func ask(_ port: UInt16, _ path: String) throws -> String {
        let client = try RawClient(port: port)
        try client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
        let response = try client.readResponse()
        return response.status == 200 ? response.bodyText : "\(response.status)"
    }

    private func requestsInFlight(_ server: GatewayServer) -> Int {
        let page = WireBuffer(capacity: 4_096)
        server.metrics.write(into: page)
        let lines = page.span.text.split(separator: "\n")
        return lines.first { $0.hasPrefix("gatehouse_requests_in_flight ") }.flatMap {
            Int($0.split(separator: " ")[1])
        } ?? -1
    }

    private func port(_ server: GatewayServer, _ name: String) throws -> UInt16 {
        try #require(server.bound.first { $0.listener == name }?.port)
    }

    @Test func everyWorkerServesTheNewConfiguration() throws {
        try serve(
            "listeners: [ { name: a, address: \"127.0.0.1:0\" } ]\nroutes: [ { path: /, respond: { body: old } } ]"
        ) {
            server in
            let port = try port(server, "a")
            #expect(try ask(port, "/") == "old")
            let report = try reload(
                server,
                "listeners: [ { name: b, address: \"127.0.0.1:0\" } ]\nroutes: [ { path: /, respond: { body: new } } ]")
            guard case .applied(let changes) = report.outcome else { throw Unexpected(report) }
            #expect(changes.routes.changed == ["/"])
            #expect(changes.listeners.added == ["b"] && changes.listeners.removed == ["a"])
            // The sockets are the same ones, under another name.
            #expect(try self.port(server, "b") == port)
            for _ in 0..<20 { #expect(try ask(port, "/") == "new") }
        }
    }

    /// A connection that was made under the old configuration gets the new one with its next request.
    @Test func keptConnectionsMoveOn() throws {
        try serve("listeners: [ { address: \"127.0.0.1:0\" } ]\nroutes: [ { path: /, respond: { body: old } } ]") {
            server in
            let client = try RawClient(port: try #require(server.bound.first?.port))
            for (body, next) in [("old", "newer"), ("newer", "newest"), ("newest", "last")] {
                try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try client.readResponse().bodyText == body)
                _ = try reload(
                    server,
                    "listeners: [ { address: \"127.0.0.1:0\" } ]\nroutes: [ { path: /, respond: { body: \(next) } } ]")
            }
        }
    }

    /// A head that was begun before the reload and ends after it is a request of the new configuration.
    @Test func theEndOfTheHeadDecides() throws {
        try serve("listeners: [ { address: \"127.0.0.1:0\" } ]\nroutes: [ { path: /, respond: { body: old } } ]") {
            server in
            let client = try RawClient(port: try #require(server.bound.first?.port))
            try client.send("GET / HTTP/1.1\r\nHo")
            try eventually("the head to be begun") { requestsInFlight(server) == 1 }
            _ = try reload(
                server,
                """
                listeners: [ { name: first, address: "127.0.0.1:0" } ]
                routes: [ { path: /, respond: { body: new } } ]
                """)
            try client.send("st: x\r\n\r\n")
            #expect(try client.readResponse().bodyText == "new")
        }
    }

    @Test func addressesComeAndGo() throws {
        try serve("listeners: [ { name: a, address: \"127.0.0.1:0\" } ]\nroutes: [ { path: /, respond: { body: x } } ]")
        {
            server in
            let old = try port(server, "a")
            let idle = try RawClient(port: old)
            try idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try idle.readResponse()
            let both = """
                listeners: [ { name: a, address: "127.0.0.1:0" }, { name: b, address: "127.0.0.1:0", stage: s } ]
                routes: [ { path: /, listeners: [ b ], respond: { body: b } }, { path: /, respond: { body: x } } ]
                """
            let report = try reload(server, both)
            let new = try port(server, "b")
            #expect(report.opened.map(\.port) == [new])
            #expect(try port(server, "a") == old)
            #expect(try ask(old, "/") == "x")
            #expect(try ask(new, "/s/") == "b")
            // Only `b` stays: it keeps its port although it is the first one now, and `a` ends.
            _ = try reload(
                server,
                """
                listeners: [ { name: b, address: "127.0.0.1:0", stage: s } ]
                routes: [ { path: /, listeners: [ b ], respond: { body: b } } ]
                """)
            #expect(try port(server, "b") == new)
            #expect(try ask(new, "/s/") == "b")
            // It learns of the end with its next answer.
            try idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try idle.readResponse().fields["connection"] == "close")
            try idle.expectClosed()
            try eventually("nobody to listen") { (try? RawClient(port: old)) == nil }
        }
    }

    /// All or nothing: a free address beside a taken one is given back.
    @Test func anAddressThatIsTakenChangesNothing() throws {
        let taken = try ScriptedUpstream(named: "taken")
        try serve(
            "listeners: [ { name: a, address: \"127.0.0.1:0\" } ]\nroutes: [ { path: /, respond: { body: old } } ]"
        ) {
            server in
            let before = server.bound
            let snapshot = server.snapshot
            let report = try reload(
                server,
                """
                listeners:
                  - { name: a, address: "127.0.0.1:0" }
                  - { name: b, address: "127.0.0.1:0" }
                  - { name: c, address: "\(taken.authority)" }
                routes: [ { path: /, respond: { body: new } } ]
                """)
            guard case .failed(let reason) = report.outcome else { throw Unexpected(report) }
            #expect(reason.contains(taken.authority))
            #expect(server.bound == before)
            #expect(server.snapshot === snapshot)
            #expect(try ask(try port(server, "a"), "/") == "old")
        }
    }

    @Test func routesThatTieAreRefused() throws {
        try serve("listeners: [ { address: \"127.0.0.1:0\" } ]\nroutes: [ { path: /, respond: { body: old } } ]") {
            server in
            let report = try reload(
                server,
                "listeners: [ { address: \"127.0.0.1:0\" } ]\nroutes: [ { path: { regex: \"(\" }, respond: { body: x } } ]"
            )
            guard case .refused(let errors) = report.outcome else { throw Unexpected(report) }
            #expect(errors.count == 1)
            #expect(try ask(try #require(server.bound.first?.port), "/") == "old")
        }
    }

    @Test func workersWaitForARestart() throws {
        try serve("listeners: [ { address: \"127.0.0.1:0\" } ]\nroutes: []") { server in
            let configuration = try GatewayConfiguration.parse(
                yaml: "workers: 3\nlisteners: [ { address: \"127.0.0.1:0\" } ]\naccess_log: { enabled: false }")
            let report = server.reload(configuration)
            #expect(report.succeeded)
            #expect(report.needsRestart.count == 1)
        }
    }

    @Test func afterTheEndNothingIsReloaded() throws {
        let configuration = try GatewayConfiguration.parse(
            yaml: Self.common + "listeners: [ { address: \"127.0.0.1:0\" } ]")
        let server = try GatewayServer(
            configuration, build: Metrics.Build(version: "0", swiftVersion: "0"), log: OperationLog(level: .error))
        #expect(!server.reload(configuration).succeeded)
        try server.start()
        server.drain()
        #expect(!server.reload(configuration).succeeded)
    }

    /// The log moves with its path, is opened and closed while requests are logged, and none of them is lost.
    @Test func theAccessLogMoves() throws {
        let directory = try TemporaryDirectory()
        let (first, second) = (directory.file("first.log"), directory.file("second.log"))
        func yaml(_ log: String) -> String {
            """
            workers: 2
            listeners: [ { address: "127.0.0.1:0" } ]
            access_log: { \(log) }
            routes: [ { path: "/**", respond: { body: x } } ]
            """
        }
        let server = try GatewayServer(
            GatewayConfiguration.parse(yaml: yaml("path: \(first)")),
            build: Metrics.Build(version: "0", swiftVersion: "0"),
            log: OperationLog(level: .error))
        try server.start()
        let port = try #require(server.bound.first?.port)
        _ = try ask(port, "/one")
        #expect(server.reload(try GatewayConfiguration.parse(yaml: yaml("path: \(second)"))).succeeded)
        _ = try ask(port, "/two")
        #expect(server.reload(try GatewayConfiguration.parse(yaml: yaml("enabled: false"))).succeeded)
        _ = try ask(port, "/three")
        #expect(!server.reload(try GatewayConfiguration.parse(yaml: yaml("path: /nonexistent/log"))).succeeded)
        server.drain()
        let logs = [first, second].map { TemporaryDirectory.read($0) ?? "" }
        #expect(logs[0].contains("/one") && !logs[0].contains("/two"))
        #expect(logs[1].contains("/two") && !logs[1].contains("/three"))
    }

    @Test func limitsAndTrustChangeOnConnectionsThatAreThere() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(body: request.fields["x-forwarded-for"] ?? "none")
        }
        func yaml(_ more: String) -> String {
            "listeners: [ { address: \"127.0.0.1:0\" } ]\n\(more)\n"
                + "routes: [ { path: \"/**\", upstream: \"\(origin.url)\" } ]"
        }
        try serve(yaml("")) { server in
            let client = try RawClient(port: try #require(server.bound.first?.port))
            func forwarded(_ fields: String = "") throws -> String {
                try client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n\(fields)\r\n")
                let response = try client.readResponse()
                return response.status == 200 ? response.bodyText : "\(response.status)"
            }
            #expect(try forwarded() == "127.0.0.1")
            #expect(try reload(server, yaml("trusted_proxies: [ 127.0.0.0/8 ]")).succeeded)
            #expect(try forwarded() == "192.0.2.7, 127.0.0.1")
            #expect(try reload(server, yaml("limits: { request_fields: 2 }")).succeeded)
            #expect(try forwarded("A: b\r\n") == "431")
        }
        try origin.check()
    }

    /// Whoever asks for a reload while one is on its way is answered by one that began after the request.
    @Test func requestsForAReloadAreJoined() throws {
        let directory = try TemporaryDirectory()
        let yaml = Self.common + "listeners: [ { address: \"127.0.0.1:0\" } ]\nroutes: []\n"
        let file = try directory.write(yaml, to: "gateway.yaml")
        let loads = Atomic<Int>(0)
        let gate = Gate()
        let first = ConfigurationLoader.load(path: file)
        let server = try GatewayServer(
            try #require(first.configuration), build: Metrics.Build(version: "0", swiftVersion: "0"),
            log: OperationLog(level: .error))
        try server.start()
        defer { server.drain() }
        let controller = ReloadController(path: file, inputs: first.inputs, server: server) { path in
            loads.add(1, ordering: .relaxed)
            try? gate.wait()
            return ConfigurationLoader.load(path: path)
        }
        let done = Atomic<Int>(0)
        let count: ReloadController.Completion = { report in
            #expect(report.succeeded)
            done.add(1, ordering: .relaxed)
        }
        controller.requestReload(count)
        try eventually("the first one to begin") { loads.load(ordering: .relaxed) == 1 }
        for _ in 0..<5 { controller.requestReload(count) }
        gate.open()
        try eventually("all answers") { done.load(ordering: .relaxed) == 6 }
        #expect(loads.load(ordering: .relaxed) == 2)
    }

    private struct Unexpected: Error {
        let report: ReloadReport
        init(_ report: ReloadReport) { self.report = report }
    }
}
