import Testing

@testable import GatewayConfiguration

@Suite struct ArticleTests {
    @Test(arguments: ArticleText.blocks) func eachBlockPasses(_ block: String) {
        let result = ConfigurationLoader.load(text: block, file: "article.json", format: .json)
        #expect(result.errors.isEmpty)
        #expect(result.configuration != nil)
    }

    @Test func allBlocksTogetherPass() throws {
        let result = ConfigurationLoader.load(text: ArticleText.together)
        #expect(result.diagnostics.map(\.description) == [])
        let configuration = try #require(result.configuration)
        #expect(configuration.routes.map(\.name) == ["/api/users/**", "/api/orders/**", "/api/products/**"])
        #expect(configuration.routes[0].methods == ["GET", "POST", "PUT", "DELETE"])
        #expect(configuration.routes[1].pathEdit == .stripPrefix(PathTemplate(parts: [.literal("/api")])))
        guard case .upstream(let target) = configuration.routes[2].answer else {
            Issue.record("not an upstream")
            return
        }
        #expect(target.endpoint.authority == "products-service:3003")
        #expect(target.path.parts == [])
        #expect(
            result.hostNames.map(\.name) == ["auth.example.com", "users-service", "orders-service", "products-service"])
    }

    @Test func theRoutesBlockPasses() {
        #expect(ConfigurationLoader.load(text: ArticleText.routes).errors == [])
    }

    @Test func aLimitByHeaderWithoutAuthIsAFinding() {
        let result = ConfigurationLoader.load(text: ArticleText.rateLimiting)
        #expect(result.warnings.count == 2)
    }

    @Test func routesOfTheCloudGateway() throws {
        let configuration = try GatewayConfiguration.parse(yaml: ArticleText.awsRoutes)
        #expect(configuration.listeners[0].stages == ["prod"])
        #expect(configuration.routes.count == 4)
        #expect(configuration.routes[0].methods == [])
        guard case .upstream(let target) = configuration.routes[1].answer else {
            Issue.record("not an upstream")
            return
        }
        #expect(target.path.parts == [.literal("/"), .parameter("proxy")])
        #expect(ConfigurationLoader.load(text: ArticleText.awsRoutes).diagnostics == [])
    }

    @Test func theServiceFromThePath() throws {
        let route = try GatewayConfiguration.parse(yaml: ArticleText.serviceFromPath).routes[0]
        #expect(route.answer == .serviceFromPath(parameter: "service"))
        #expect(
            route.path
                == .pattern(
                    PathPattern(
                        text: "/{service}/{path+}",
                        segments: [
                            .parameter("service"), .oneOrMore("path"),
                        ])))
        #expect(route.pathEdit == .rewrite(PathTemplate(parts: [.literal("/"), .parameter("path")]), query: nil))
    }

    /// Both front ends make the same of the same text, places included.
    @Test func bothFrontEndsAgree() throws {
        for text in ArticleText.blocks + [ArticleText.together] {
            let json = ConfigurationLoader.load(text: text, file: "x", format: .json)
            let yaml = ConfigurationLoader.load(text: text, file: "x", format: .yaml)
            #expect(json.configuration?.routes == yaml.configuration?.routes)
            #expect(json.diagnostics == yaml.diagnostics)
        }
    }
}
