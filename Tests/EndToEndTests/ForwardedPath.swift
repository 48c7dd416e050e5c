import GatehouseTesting
import Testing

/// What becomes of the path on its way, and the requests of the articles word for word.
@Suite struct ForwardedPath {
    private let origin: ScriptedUpstream
    init() throws { origin = try ScriptedUpstream(named: "origin") }

    @Test func stripRewriteAndTargets() throws {
        let configuration =
            oneListener + """
                routes:
                  - { path: "/plain/**", upstream: "\(origin.url)" }
                  - { path: "/slash/**", upstream: "\(origin.url)/" }
                  - { path: "/front/**", upstream: "\(origin.url)/base" }
                  - { path: "/whole/{proxy+}", upstream: "\(origin.url)/inside/{proxy}" }
                  - { path: "/query/{proxy+}", upstream: "\(origin.url)/{proxy}?own=1" }
                  - { path: "/strip/**", upstream: "\(origin.url)", strip_prefix: /strip }
                  - { path: "/tenants/{t}/**", upstream: "\(origin.url)", strip_prefix: "/tenants/{t}" }
                  - { path: "/both/**", upstream: "\(origin.url)/base", strip_prefix: /both }
                  - { path: "/rewrite/{a}/{b}", upstream: "\(origin.url)", rewrite: "/{b}/{a}" }
                  - { path: "/queried/{a}", upstream: "\(origin.url)", rewrite: "/x?a=1" }
                  - { path: "/deep/{rest+}", upstream: "\(origin.url)", rewrite: "/r/{rest}" }

                """
        let table: [(String, String)] = [
            ("/plain", "/plain"), ("/plain/a?b=c", "/plain/a?b=c"), ("/plain?", "/plain?"),
            ("/slash/a", "/slash/a"), ("/front/a", "/base/front/a"), ("/front/a?x", "/base/front/a?x"),
            ("/whole/a", "/inside/a"), ("/whole/a/b/?q", "/inside/a/b/?q"),
            ("/query/a", "/a?own=1"), ("/query/a?b=%20", "/a?own=1&b=%20"),
            ("/strip", "/"), ("/strip/", "/"), ("/strip/a/b", "/a/b"), ("/strip?x=1", "/?x=1"),
            ("/tenants/t1/a", "/a"), ("/tenants/t1", "/"), ("/both/a", "/base/a"),
            ("/rewrite/1/2", "/2/1"), ("/rewrite/a%2fb/c", "/c/a%2Fb"), ("/rewrite/a%20b/c", "/c/a%20b"),
            ("/queried/1", "/x?a=1"), ("/queried/1?b=2", "/x?a=1&b=2"),
            ("/deep/a/b//c", "/r/a/b//c"),
            ("/plain/./a/../b", "/plain/b"), ("/plain/%7euser/%C3%a9", "/plain/~user/%C3%A9"),
            ("/plain/a;v=1/b", "/plain/a;v=1/b"), ("/plain//a", "/plain//a"), ("/plain/a%2Fb", "/plain/a%2Fb"),
            ("/plain/%252e%252e/x", "/plain/%252e%252e/x"),
            ("/plain/q?a=/../b&c=%zz|{}", "/plain/q?a=/../b&c=%zz|{}"),
        ]
        try withGateway(configuration, origin) { gateway in
            for (target, expected) in table {
                #expect(gateway.ask("GET \(target)") == "origin GET \(expected)", "GET \(target)")
            }
        }
    }

    /// What servers read differently from one another is refused or kept as the listener says.
    @Test func pathPolicies() throws {
        let refusing = [
            "/a%00b", "/a%5Cb", "/a%5cb", "/a\\b", "/a%zz", "/a%", "/a%2", "/x%2F..%2Fy", "/a/..;x/b",
            "/a%2f%2e%2e%2fb",
        ]
        try withGateway(everything(to: origin), origin) { gateway in
            for target in refusing {
                let response = try gateway.exchange(request("GET \(target)"))
                #expect(response.status == 400, "GET \(target)")
            }
        }
        #expect(origin.heads.isEmpty)
        let strict = """
            listeners:
              - address: "127.0.0.1:0"
                paths: { encoded_slash: reject, empty_segments: reject, semicolon: reject, encoded_backslash: keep }
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: "/**", upstream: "\(origin.url)" } ]

            """
        try withGateway(strict, origin) { gateway in
            for target in ["/a%2Fb", "/a//b", "/a;b"] {
                #expect(gateway.ask("GET \(target)") == "400 path_rejected", "GET \(target)")
            }
            #expect(gateway.ask("GET /a%5cb") == "origin GET /a%5Cb")
        }
    }

    @Test func hostSentUpstream() throws {
        let configuration =
            oneListener + """
                routes:
                  - { path: "/target/**", upstream: "\(origin.url)", strip_prefix: /target }
                  - { path: "/preserve/**", upstream: "\(origin.url)", host: preserve }
                  - { path: "/literal/**", upstream: "\(origin.url)", host: inner.test }

                """
        try withGateway(configuration, origin) { gateway in
            _ = gateway.ask("GET /target/a", "Host: Shop.Example:8443")
            _ = gateway.ask("GET /preserve/a", "Host: Shop.Example:8443")
            _ = gateway.ask("GET /literal/a", "Host: Shop.Example:8443")
            let seen = origin.requests
            try #require(seen.count == 3)
            #expect(seen.map { $0.fields["host"] } == [origin.authority, "Shop.Example:8443", "inner.test"])
            #expect(seen.map { $0.fields["x-forwarded-host"] } == Array(repeating: "Shop.Example:8443", count: 3))
            #expect(seen[0].fields["x-forwarded-prefix"] == "/target")
            #expect(!seen[1].fields.contains("x-forwarded-prefix"))
        }
    }

    /// What the client sees in front of the path that the service gets: the stage belongs to it.
    @Test func prefixWithAStage() throws {
        let configuration = """
            listeners: [ { address: "127.0.0.1:0", stage: prod } ]
            workers: 1
            access_log: { enabled: false }
            routes:
              - { path: "/api/**", upstream: "\(origin.url)", strip_prefix: /api }
              - { path: "/**", upstream: "\(origin.url)" }

            """
        try withGateway(configuration, origin) { gateway in
            for target in ["/prod/api/a", "/prod/api", "/prod/b", "/prod/", "/prod"] {
                _ = gateway.ask("GET \(target)")
            }
            let seen = origin.requests
            try #require(seen.count == 5)
            #expect(seen.map(\.target) == ["/a", "/", "/b", "/", "/"])
            #expect(
                seen.map { $0.fields["x-forwarded-prefix"] } == ["/prod/api", "/prod/api", "/prod", "/prod", "/prod"])
        }
    }

    @Test func aServiceNamedByThePath() throws {
        let orders = try ScriptedUpstream(named: "orders")
        let configuration =
            oneListener + """
                services:
                  users: { endpoints: [ "\(origin.url)" ] }
                  orders: { endpoints: [ "\(orders.url)" ] }
                routes:
                  - { path: "/{service}/{path+}", service: "{service}", rewrite: "/{path}" }

                """
        try withGateway(configuration, origin, orders) { gateway in
            #expect(gateway.ask("GET /users/1/books") == "origin GET /1/books")
            #expect(gateway.ask("DELETE /orders/ord_x7k9?a") == "orders DELETE /ord_x7k9?a")
            #expect(gateway.ask("GET /payments/1").hasPrefix("404 "))
            #expect(gateway.ask("GET /users") == "404 not_found")
        }
    }

    /// Two routes a service and the stage `prod`.
    @Test func article000() throws {
        let orders = try ScriptedUpstream(named: "orders")
        let configuration = """
            listeners: [ { address: "127.0.0.1:0", stage: prod } ]
            workers: 1
            access_log: { enabled: false }
            routes:
              - { path: /api/users, upstream: "\(origin.url)", strip_prefix: /api/users }
              - { path: "/api/users/{proxy+}", upstream: "\(origin.url)/{proxy}" }
              - { path: /api/orders, upstream: "\(orders.url)", strip_prefix: /api/orders }
              - { path: "/api/orders/{proxy+}", upstream: "\(orders.url)/{proxy}" }

            """
        try withGateway(configuration, origin, orders) { gateway in
            #expect(gateway.ask("GET /prod/api/users") == "origin GET /")
            #expect(gateway.ask("GET /prod/api/users/health") == "origin GET /health")
            #expect(gateway.ask("GET /prod/api/orders") == "orders GET /")
            #expect(gateway.ask("GET /prod/api/orders/health") == "orders GET /health")
            #expect(gateway.ask("POST /prod/api/orders/health", "Content-Length: 0") == "orders POST /health")
        }
    }

    /// Prefixes to pools; a pool that was wired wrongly answers 405 itself, and the gateway lets that through.
    @Test func article001() throws {
        let posts = try ScriptedUpstream { request, connection in
            if request.target.hasPrefix("/api/v1/posts/") {
                try connection.respond(body: "posts")
            } else {
                try connection.respond(405, fields: "Allow: GET\r\n", body: "not mine")
            }
        }
        let routes = """
            routes:
              - { path: "/api/v1/posts/**", service: POST_SERVICE }
              - { path: "/api/v1/users/**", service: USER_SERVICE }

            """
        let right =
            oneListener + """
                services:
                  POST_SERVICE: { endpoints: [ "\(posts.url)" ] }
                  USER_SERVICE: { endpoints: [ "\(origin.url)" ] }

                """ + routes
        try withGateway(right, origin, posts) { gateway in
            #expect(gateway.ask("GET /api/v1/posts/list") == "posts")
            #expect(gateway.ask("GET /api/v1/users/profile") == "origin GET /api/v1/users/profile")
            #expect(gateway.ask("GET /api/v1/users/me") == "origin GET /api/v1/users/me")
            #expect(gateway.ask("GET /api/v1/comments") == "404 not_found")
        }
        let wrong =
            oneListener + """
                services:
                  POST_SERVICE: { endpoints: [ "\(origin.url)" ] }
                  USER_SERVICE: { endpoints: [ "\(posts.url)" ] }

                """ + routes
        try withGateway(wrong, origin, posts) { gateway in
            let response = try gateway.exchange(request("GET /api/v1/users/me"))
            #expect(response.status == 405)
            #expect(response.bodyText == "not mine")
            #expect(!response.fields.contains("proxy-status"), "the service said so, not the gateway")
        }
    }

    /// By path, by host, by version.
    @Test func article002() throws {
        let orders = try ScriptedUpstream(named: "orders")
        let second = try ScriptedUpstream(named: "second")
        let configuration =
            oneListener + """
                routes:
                  - { path: "/orders/*", upstream: "\(orders.url)" }
                  - { path: "/users/*", upstream: "\(origin.url)" }
                  - { name: by-header, path: "/users/*", headers: { X-Api-Version: v2 }, upstream: "\(second.url)" }
                  - { path: "/v2/users/*", upstream: "\(second.url)", strip_prefix: /v2 }
                  - { path: "/**", hosts: [ v2.example.com ], upstream: "\(second.url)" }

                """
        try withGateway(configuration, origin, orders, second) { gateway in
            #expect(gateway.ask("GET /orders/1") == "orders GET /orders/1")
            #expect(gateway.ask("GET /orders/1/lines/2") == "orders GET /orders/1/lines/2")
            #expect(gateway.ask("GET /users/1") == "origin GET /users/1")
            #expect(gateway.ask("GET /users/1", "X-Api-Version: v2") == "second GET /users/1")
            #expect(gateway.ask("GET /v2/users/1") == "second GET /users/1")
            #expect(gateway.ask("GET /anything", "Host: v2.example.com") == "second GET /anything")
        }
    }

    /// The JSON block of the article, its services on local ports.
    @Test func article003() throws {
        let orders = try ScriptedUpstream(named: "orders")
        let products = try ScriptedUpstream(named: "products")
        let configuration = """
            {
            "listeners": [{ "address": "127.0.0.1:0" }], "workers": 1, "access_log": { "enabled": false },
            "routes": [
            {
            "path": "/api/users/**",
            "upstream": "\(origin.url)",
            "strip_prefix": "/api",
            "methods": ["GET", "POST", "PUT", "DELETE"]
            },
            {
            "path": "/api/orders/**",
            "upstream": "\(orders.url)",
            "strip_prefix": "/api",
            "methods": ["GET", "POST"]
            },
            {
            "path": "/api/products/**",
            "upstream": "\(products.url)",
            "strip_prefix": "/api",
            "methods": ["GET"]
            }
            ]
            }
            """
        try withGateway(configuration, origin, orders, products) { gateway in
            #expect(gateway.ask("GET /api/orders/ord_x7k9") == "orders GET /orders/ord_x7k9")
            let seen = try orders.waitForRequest()
            #expect(seen.fields["host"] == orders.authority)
            #expect(seen.fields.contains("x-request-id"))
            #expect(gateway.ask("GET /api/users") == "origin GET /users")
            #expect(gateway.ask("PUT /api/users/7", "Content-Length: 0") == "origin PUT /users/7")
            #expect(gateway.ask("GET /api/products/?page=2") == "products GET /products/?page=2")
            let refused = try gateway.exchange(request("DELETE /api/products/1"))
            #expect(refused.status == 405)
            #expect(refused.fields["allow"] == "GET, HEAD")
            #expect(gateway.ask("GET /api/home") == "404 not_found")
        }
    }

    /// Path-based routing with the path kept, and the generic `/{service}/{path}` gateway.
    @Test func article004() throws {
        let orders = try ScriptedUpstream(named: "orders")
        let configuration =
            oneListener + """
                services:
                  users: { endpoints: [ "\(origin.url)" ] }
                  orders: { endpoints: [ "\(orders.url)" ] }
                routes:
                  - { path: "/api/users/**", service: users }
                  - { path: "/api/orders/**", service: orders }
                  - path: "/{service}/{path+}"
                    methods: [ GET, POST, PUT, DELETE ]
                    service: "{service}"
                    rewrite: "/{path}"

                """
        try withGateway(configuration, origin, orders) { gateway in
            #expect(gateway.ask("GET /api/users") == "origin GET /api/users")
            #expect(gateway.ask("GET /api/orders/1") == "orders GET /api/orders/1")
            #expect(gateway.ask("GET /users/1/posts?x=y") == "origin GET /1/posts?x=y")
            #expect(gateway.ask("PATCH /users/1") == "405 method_not_allowed")
            #expect(gateway.ask("GET /stock/1").hasPrefix("404 "))
        }
    }
}
