import Testing

@testable import GatewayConfiguration

/// Callers as the configuration names them.
@Suite struct CallersTests {
    @Test func theExampleIsOne() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let loader = ConfigurationLoader(environment: { $0 == "INTROSPECTION" ? "secret" : nil })
        let result = loader.load(path: "/\(root)/Examples/callers.yaml")
        #expect(result.diagnostics.isEmpty)
        let configuration = try #require(result.configuration)
        #expect(configuration.consumers.map(\.name) == ["shop", "ada", "anonymous"])
        #expect(configuration.auth?.allKinds == [.apiKey, .basic])
    }

    /// Whatever prints the configuration prints no secret.
    @Test func hidesSecrets() throws {
        let configuration = try GatewayConfiguration.parse(
            yaml: """
                auth: { type: introspection, url: "https://a", client_id: gate, client_secret: hunter2 }
                consumers: { ada: { password: "$scrypt$ln=14,r=8,p=1$hunter3$hunter4" } }
                """)
        var text = ""
        dump(configuration, to: &text)
        #expect(text.contains("gate") && text.contains("ada"))
        #expect(!text.contains("hunter") && !"\(configuration)".contains("hunter"))
    }

    /// A route's own parts over those on top; what is asked of one authority is one part.
    @Test func partsOfRoutes() throws {
        let configuration = try GatewayConfiguration.parse(
            yaml: """
                auth: { type: introspection, url: "https://a", client_id: gate, timeout: 1s, consumers: [ ada ] }
                consumers: { ada: {}, bob: {} }
                routes:
                  - { path: /a, respond: {}, auth: { type: forward, url: "https://b", response_headers: [ X-A ] } }
                  - { path: /b, respond: {}, auth: { consumers: [ bob ] } }
                """)
        let wholes = configuration.routes.map { route -> AuthConfiguration? in
            guard case .own(let own) = route.auth else { return nil }
            return own.over(configuration.auth)
        }
        let (first, second) = (try #require(wholes[0]), try #require(wholes[1]))
        #expect(first.allKinds == [.forward] && first.authority?.target.text == "https://b")
        #expect(first.authority?.clientID == nil && first.timeout == .seconds(1) && first.consumers == ["ada"])
        #expect(second.allKinds == [.introspection] && second.authority?.clientID == "gate")
        #expect(second.consumers == ["bob"])
        #expect(
            IdentityName.headers(of: configuration)
                == ["x-a", "x-user-id", "x-user-role", "x-user-email", "x-consumer-name", "x-consumer-groups"])
    }
}
