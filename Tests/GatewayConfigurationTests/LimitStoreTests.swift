import Testing

@testable import GatewayConfiguration

@Suite struct LimitStoreTests {
    private typealias Server = LimitStoreConfiguration.Server

    @Test func readsURLs() throws {
        var server = Server(host: "h", port: 6_379)
        #expect(try Server.parse("redis://h") == server)
        #expect(try Server.parse("redis://H/") == server)
        #expect(try Server.parse("redis://h:6379/0") == server)
        server.tls = true
        server.database = 12
        #expect(try Server.parse("rediss://h/12") == server)
        server.username = "u@"
        server.password = Secret("p:/%")
        #expect(try Server.parse("rediss://u%40:p:%2F%25@h/12") == server)
        server.username = nil
        #expect(try Server.parse("rediss://:p:%2f%25@h/12") == server)
        #expect(try Server.parse("redis://[::1]:80").port == 80)
        #expect(try Server.parse("redis://[::1]").port == 6_379)
        #expect(try Server.parse("redis://h:80").port == 80)
        #expect(try Server.parse("redis://[::1]").name == "[::1]:6379")
    }

    @Test(arguments: [
        "", "h:6379", "http://h", "redis:/h", "redis://", "redis://:6379", "redis://h:0", "redis://h:70000",
        "redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://h?db=1", "redis://u@h", "redis://u:@h",
        "redis://:%4@h", "redis://:%zz@h", "redis://a b", "redis://h#1",
    ]) func refusesOthers(_ text: String) {
        #expect(throws: Problem.self) { try Server.parse(text) }
    }

    private func findings(_ store: String) -> [String] {
        let result = ConfigurationLoader(environment: { _ in "from-outside" })
            .load(text: "rate_limiting: { store: { \(store) } }\n")
        return result.diagnostics.map { "\($0.severity): \($0.message)" }
    }

    @Test(
        arguments: [
            ("redis: \"redis://10.0.0.1\"", []),
            ("redis: \"redis://:p@127.0.0.1\"", ["warning: store: a password stands in this file in clear"]),
            ("redis: \"redis://127.0.0.1\", password: p", ["warning: store: a password stands in this file in clear"]),
            ("redis: \"redis://127.0.0.1\", password: \"${env:P}\"", []),
            ("redis: \"redis://:${env:P}@localhost\"", []),
            (
                "redis: \"redis://10.0.0.1\", password: \"${env:P}\"",
                ["warning: redis: the password crosses the network in clear"]
            ),
            ("redis: \"rediss://10.0.0.1\", password: \"${env:P}\"", []),
            ("redis: []", ["error: redis: the list is empty"]),
            ("redis: \"redis://10.0.0.1\", username: u", ["error: store: username without a password"]),
            (
                "redis: \"redis://10.0.0.1/1\", cluster: true",
                ["error: redis: a cluster has no databases to choose from"]
            ),
            (
                "redis: [ \"rediss://10.0.0.1\", \"redis://10.0.0.2\" ], cluster: true",
                ["error: redis: the servers of a cluster speak TLS all, or none of them"]
            ),
            (
                "redis: \"redis://10.0.0.1\", tls: { verify: true }",
                ["warning: store: tls has no effect, as no server is rediss://"]
            ),
            (
                "redis: \"redis://10.0.0.1\", prefix: \"a{b}\"",
                ["error: prefix: holds a brace, which would move all keys to one place of a cluster"]
            ),
        ] as [(String, [String])]) func isChecked(_ store: String, _ wanted: [String])
    {
        #expect(findings(store) == wanted)
    }

    /// Whatever prints the configuration prints no secret.
    @Test func hidesPasswords() throws {
        let configuration = try GatewayConfiguration.parse(
            yaml: "rate_limiting: { store: { redis: \"rediss://u:hunter2@h\", password: hunter3 } }")
        var text = ""
        dump(configuration, to: &text)
        #expect(text.contains("rediss") || text.contains("servers"))
        #expect(!text.contains("hunter"))
        #expect(!"\(configuration)".contains("hunter"))
    }

    @Test func theExampleIsOne() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let loader = ConfigurationLoader(environment: { $0 == "REDIS_PASSWORD" ? "p" : nil })
        let result = loader.load(path: "/\(root)/Examples/shared-limits.yaml")
        #expect(result.diagnostics.isEmpty)
        #expect(result.configuration?.rateLimiting.store?.servers.count == 2)
    }
}
