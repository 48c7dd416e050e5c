import GatehouseTesting
import GatewayConfiguration
import GatewayEngine
import Testing

/// Releases over real sockets. The gateway runs inside the test, so that an operator's words can be spoken to it.
@Suite struct Releases {
    /// A gateway with two versions of a service behind one split.
    private final class Shop {
        let old: ScriptedUpstream
        let new: ScriptedUpstream
        let server: GatewayServer
        let port: UInt16

        init(_ weights: (Int, Int), _ more: String, new: ScriptedUpstream, endpointWeight: Int = 1) throws {
            old = try ScriptedUpstream(named: "old")
            self.new = new
            var configuration = try GatewayConfiguration.parse(
                yaml: oneListener + """
                    services:
                      old: { endpoints: [ "\(old.url)" ] }
                      new: { endpoints: [ "\(new.url)" ] }
                    routes:
                      - name: shop
                        path: "/**"
                        split: [ { service: old, weight: \(weights.0) }, { service: new, weight: \(weights.1) } ]
                        \(more)
                    """)
            // A file cannot say this of all endpoints; health checks and operators can bring it about.
            let service = try #require(configuration.services.firstIndex { $0.name == "new" })
            configuration.services[service].endpoints[0].weight = endpointWeight
            server = try GatewayServer(
                configuration, build: Metrics.Build(version: "", swiftVersion: ""),
                log: OperationLog(level: .error, output: .lines { _ in }))
            try server.start()
            port = try #require(server.bound.first?.port)
        }

        /// Which version answers.
        func ask(_ client: RawClient, _ fields: String..., target: String = "/") throws -> String {
            try client.send(
                "GET \(target) HTTP/1.1\r\nHost: shop.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
            let response = try client.readResponse()
            return response.status == 200 ? String(response.bodyText.prefix(3)) : "\(response.status)"
        }

        func check() throws {
            server.drain()
            try old.check()
            try new.check()
        }
    }

    @Test func aKeyKeepsItsSideAndMovesOnlyWithTheBorder() throws {
        let shop = try Shop((90, 10), "split_key: cookie:user", new: ScriptedUpstream(named: "new"))
        let client = try RawClient(port: shop.port)
        let users = (0..<200).map { "Cookie: a=b; user=\($0)" }
        let before = try users.map { try shop.ask(client, $0) }
        #expect(Set(before) == ["old", "new"])
        // On another connection, the same again.
        let other = try RawClient(port: shop.port)
        #expect(try users.map { try shop.ask(other, $0) } == before)
        try shop.server.releases.setWeights(["old": 70, "new": 30], of: "shop")
        let after = try users.map { try shop.ask(client, $0) }
        // Nobody goes back, and somebody moves.
        for (first, second) in zip(before, after) where first == "new" { #expect(second == "new") }
        #expect(after.count { $0 == "new" } > before.count { $0 == "new" })
        // Requests without a key are shared out exactly.
        let keyless = try (0..<100).map { _ in try shop.ask(client) }
        #expect(keyless.count { $0 == "new" } == 30)
        try shop.check()
    }

    @Test func overridesComeBeforeTheWeights() throws {
        let shop = try Shop(
            (100, 0),
            """
            split_overrides:
                  - { header: X-Canary, value: always, service: new }
                  - { cookie: beta, service: new }
                  - { query: side, value: new one, service: new }
            """, new: ScriptedUpstream(named: "new"))
        let client = try RawClient(port: shop.port)
        #expect(try shop.ask(client) == "old")
        #expect(try shop.ask(client, "X-Canary: always") == "new")
        #expect(try shop.ask(client, "X-Canary: never") == "old")
        #expect(try shop.ask(client, "Cookie: beta=1") == "new")
        #expect(try shop.ask(client, target: "/?side=new+one") == "new")
        // They say nothing about how clients fare.
        let sides = try shop.server.releases.report(of: "shop").sides
        #expect(sides.map(\.answers) == [2, 0])
        try shop.check()
    }

    @Test func weightsChangeWhileTheGatewayRuns() throws {
        let shop = try Shop((1, 0), "", new: ScriptedUpstream(named: "new"))
        let client = try RawClient(port: shop.port)
        #expect(try shop.ask(client) == "old")
        try shop.server.releases.setWeights(["new": 1], of: "shop")
        #expect(try shop.ask(client) == "new")
        try shop.server.releases.setWeights(["old": 3, "new": 1], of: "shop")
        let answers = try (0..<40).map { _ in try shop.ask(client) }
        #expect(answers.count { $0 == "new" } == 10)
        try shop.check()
    }

    /// A side that nobody answers for is that side's own failure: its endpoint is gone, or it has none that may be asked.
    @Test(arguments: [(1, "502"), (0, "503")])
    func aSideWithoutAnEndpointFailsForItsShareOnly(endpointWeight: Int, status: String) throws {
        let shop = try Shop((3, 1), "", new: ScriptedUpstream(named: "new"), endpointWeight: endpointWeight)
        shop.new.stop()
        let client = try RawClient(port: shop.port)
        let answers = try (0..<8).map { _ in try shop.ask(client) }
        #expect(answers.count { $0 == "old" } == 6 && answers.count { $0 == status } == 2)
        let sides = try shop.server.releases.report(of: "shop").sides
        #expect(sides.map(\.answers) == [6, 2] && sides.map(\.errors) == [0, 2])
        shop.server.drain()
    }

    @Test func aCanaryThatFailsIsRolledBack() throws {
        let broken = try ScriptedUpstream { _, connection in
            try connection.send("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nnew")
        }
        let shop = try Shop(
            (100, 0), "canary: { candidate: new, steps: [50%], pause: 1h, min_requests: 1000 }", new: broken)
        let client = try RawClient(port: shop.port)
        // The first look at the clock begins it, a later one ends it.
        try eventually("the roll-back") {
            for _ in 0..<50 { _ = try shop.ask(client) }
            return try shop.server.releases.report(of: "shop").canary?.state == "rolled_back"
        }
        let canary = try shop.server.releases.report(of: "shop").canary
        #expect(canary?.reason == .errorRate)
        for _ in 0..<20 { #expect(try shop.ask(client) == "old") }
        try shop.check()
    }
}
