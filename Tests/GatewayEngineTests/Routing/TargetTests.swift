import GatewayConfiguration
import GatewayEngine
import HTTPWire
import Testing

/// The forwarded path: strip, rewrite, upstream URLs, and what becomes of queries.
@Suite struct TargetTests {
    static func upstream(_ path: String = "", query: String? = nil) -> Answer {
        .upstream(
            UpstreamTarget(endpoint: EndpointConfiguration(host: "svc", port: 80), path: template(path), query: query))
    }

    static func strip(_ prefix: String) -> PathEdit { .stripPrefix(template(prefix)) }
    static func rewrite(_ path: String, _ query: String? = nil) -> PathEdit { .rewrite(template(path), query: query) }
    static func rewritePrefix(_ path: String) -> PathEdit { .rewritePrefix(template(path)) }

    @Test("Article 000: two services behind base and proxy routes")
    func article000() throws {
        let router = try Router([
            route("/api/users", answer: Self.upstream(), edit: Self.strip("/api/users")),
            route("/api/users/{proxy+}", answer: Self.upstream("/{proxy}")),
            route("/api/orders", answer: Self.upstream("/"), edit: Self.strip("/api/orders")),
            route("/api/orders/{proxy+}", answer: Self.upstream("/{proxy}")),
        ])
        let cases = [
            ("/api/users", "/"), ("/api/users/health", "/health"), ("/api/orders/health", "/health"),
            ("/api/orders", "/"),
            ("/api/orders/a/b%2Fc/", "/a/b%2Fc/"), ("/api/orders/a//b", "/a//b"), ("/api/users?x=1", "/?x=1"),
            ("/api/users/me?x=1&y", "/me?x=1&y"),
        ]
        for (path, expected) in cases { #expect(router.target(Request("GET \(path)")) == expected, "\(path)") }
    }

    @Test("Article 003: strip_prefix on routes with **")
    func article003() throws {
        let router = try Router([
            route("/api/users/**", answer: Self.upstream(), edit: Self.strip("/api")),
            route("/api/orders/**", answer: Self.upstream(), edit: Self.strip("/api")),
        ])
        #expect(router.target(Request("GET /api/orders/ord_x7k9")) == "/orders/ord_x7k9")
        #expect(router.target(Request("GET /api/users")) == "/users")
        #expect(router.target(Request("GET /api/users/")) == "/users/")
        #expect(router.table.routes[0].target === router.table.routes[1].target, "equal plans are one object")
    }

    @Test("Article 004: service and rest from the path")
    func article004() throws {
        let router = try Router(
            [
                route(
                    "/{service}/{path+}", answer: .serviceFromPath(parameter: "service"), edit: Self.rewrite("/{path}"))
            ],
            services: ["users", "orders"])
        #expect(router.target(Request("GET /users/users/1")) == "/users/1")
        #expect(router.target(Request("GET /orders/a/b?limit=5")) == "/a/b?limit=5")
    }

    @Test("Prefixes are taken away in whole segments")
    func strip() throws {
        let cases: [(String, String, String, String)] = [
            ("/**", "/api", "/api/users", "/users"), ("/**", "/api", "/api", "/"), ("/**", "/api", "/api/", "/"),
            ("/**", "/api", "/apix", "/apix"), ("/**", "/api", "/other", "/other"),
            ("/**", "/api/", "/api/users", "/users"),
            ("/**", "/", "/a", "/a"), ("/**", "", "/a", "/a"), ("/**", "/a/b", "/a/b/c/", "/c/"),
            ("/**", "/a", "/a//b", "//b"),
            ("/{v}/x/**", "/{v}", "/v1/x/y", "/x/y"), ("/{v}/x/**", "/{v}/x", "/v1/x", "/"),
            ("/{v}/x/**", "/x/{v}", "/v1/x", "/v1/x"),
            ("/**", "/caf\u{e9}", "/caf%C3%A9/x", "/x"),
        ]
        for (path, prefix, sent, expected) in cases {
            let router = try Router([route(path, answer: Self.upstream(), edit: Self.strip(prefix))])
            #expect(router.target(Request("GET \(sent)")) == expected, "\(prefix) from \(sent)")
        }
    }

    @Test("What was taken away")
    func removedPrefix() throws {
        let router = try Router([
            route("/api/**", answer: Self.upstream("/base"), edit: Self.strip("/api")),
            route("/foo/**", answer: Self.upstream(), edit: Self.rewritePrefix("")),
            route("/bar/**", answer: Self.upstream(), edit: Self.rewritePrefix("/x")),
            route("/plain/**", answer: Self.upstream()),
        ])
        let cases = [("/api/x", "/api"), ("/api", "/api"), ("/foo/x", "/foo"), ("/bar/x", ""), ("/plain/x", "")]
        for (path, expected) in cases { #expect(router.removedPrefix(Request("GET \(path)")) == expected, "\(path)") }
    }

    @Test("Prefixes are replaced as in the Gateway API's table")
    func rewritePrefix() throws {
        let cases = [
            ("/foo/**", "/xyz", "/foo/bar", "/xyz/bar"), ("/foo/**", "/xyz/", "/foo/bar", "/xyz/bar"),
            ("/foo/**", "/xyz", "/foo", "/xyz"),
            ("/foo/**", "/xyz", "/foo/", "/xyz/"), ("/foo/**", "", "/foo/bar", "/bar"), ("/foo/**", "", "/foo/", "/"),
            ("/foo/**", "", "/foo", "/"), ("/foo/**", "/", "/foo", "/"), ("/foo/**", "/", "/foo/", "/"),
            ("/foo/**", "/", "/foo/a", "/a"),
            ("/foo/**", "/xyz/", "/foo", "/xyz"), ("/a/{id}/{rest+}", "/u-{id}", "/a/7/b/c", "/u-7/b/c"),
            ("/foo/", "/xyz", "/foo/", "/xyz/"),
            ("/foo", "/xyz", "/foo", "/xyz"), ("/foo/*", "/x", "/foo/a/b", "/x/a/b"), ("/**", "/x", "/", "/x/"),
            ("/**", "/x", "/a", "/x/a"),
        ]
        for (path, prefix, sent, expected) in cases {
            let router = try Router([route(path, answer: Self.upstream(), edit: Self.rewritePrefix(prefix))])
            #expect(router.target(Request("GET \(sent)")) == expected, "\(path) → \(prefix): \(sent)")
        }
    }

    @Test("Upstream URLs: none, a prefix, a template")
    func upstreams() throws {
        let cases = [
            ("/**", "", "/a/b", "/a/b"), ("/**", "/", "/a/b", "/a/b"), ("/**", "/base", "/a", "/base/a"),
            ("/**", "/base/", "/a", "/base/a"),
            ("/**", "/base", "/", "/base/"), ("/u/{id}", "/users/{id}/x", "/u/7", "/users/7/x"),
            ("/u/{id}", "/users?", "/u/7", "/users%3F/u/7"),
            ("/f/{a}/{b+}", "/{b}/{a}", "/f/x/y/z", "/y/z/x"), ("~/r/(?<v>.*)", "/got/{v}", "/r/a/b", "/got/a%2Fb"),
            ("~/r(?<v>.*)", "/got/{v}", "/r..", "target_dot_segment"),
            ("~/r(?<v>.*)", "/got/{v}", "/r.", "target_dot_segment"),
            ("~/r(?<v>.*)", "/got/..{v}/x", "/r", "target_dot_segment"),
            ("~/r(?<v>.*)", "/got/.{v}", "/r", "target_dot_segment"),
            ("~/r(?<v>.*)", "/got/..{v}/x", "/ra", "/got/..a/x"), ("/{v+}", "/.{v}", "//a", "target_dot_segment"),
            ("~/r(?<v>.*)", "/got/{v}", "/r...", "/got/..."), ("/u/{id}", "/x/{id}", "/u/a%2Fb%20", "/x/a%2Fb%20"),
        ]
        for (path, target, sent, expected) in cases {
            let router = try Router([route(path, answer: Self.upstream(target))])
            #expect(router.target(Request("GET \(sent)")) == expected, "\(path) → \(target): \(sent)")
        }
        let edited = try Router([
            route("/a/**", answer: Self.upstream("/base", query: "k=1"), edit: Self.rewrite("/new", "r=2"))
        ])
        #expect(edited.target(Request("GET /a/b?c=3")) == "/base/new?k=1&r=2&c=3")
    }

    @Test("Queries survive")
    func queries() throws {
        let plain = try Router([route("/**", answer: Self.upstream())])
        let own = try Router([route("/**", answer: Self.upstream("/b", query: "k=v"))])
        let rewritten = try Router(
            [route("/**", answer: .service("s"), edit: Self.rewrite("/n", "x=1"))], services: ["s"])
        #expect(plain.target(Request("GET /a?b=%zz&&c")) == "/a?b=%zz&&c")
        #expect(plain.target(Request("GET /a"), hasQuery: true) == "/a?")
        #expect(plain.target(Request("GET /a"), hasQuery: false) == "/a")
        #expect(plain.table.routes[0].target.isIdentity)
        #expect(own.target(Request("GET /a?b")) == "/b/a?k=v&b")
        #expect(own.target(Request("GET /a")) == "/b/a?k=v")
        #expect(own.target(Request("GET /a"), hasQuery: true) == "/b/a?k=v")
        #expect(!own.table.routes[0].target.isIdentity)
        #expect(rewritten.target(Request("GET /a?b=2")) == "/n?x=1&b=2")
    }

    @Test("Redirects")
    func redirects() throws {
        func location(
            _ path: String, _ sent: String, authority: String = "example.org:8080", public publicPath: String? = nil,
            edit: PathEdit = .none,
            _ change: (inout RedirectConfiguration) -> Void
        ) throws -> String {
            var redirect = RedirectConfiguration()
            change(&redirect)
            let router = try Router([route(path, answer: .redirect(redirect), edit: edit)])
            let request = Request("GET \(sent)")
            #expect(router.match(request).name == path)
            guard case .redirect(let compiled) = router.table.routes[0].answer else { return "not a redirect" }
            let buffer = WireBuffer(capacity: 16)
            buffer.append("before")
            let outcome = LocationBuilder.build(
                router.table.routes[0], compiled, scheme: "http", authority: Array(authority.utf8).span,
                publicPath: Array((publicPath ?? request.path).utf8).span, path: Array(request.path.utf8).span,
                query: Array(request.query.utf8).span, hasQuery: sent.contains("?"), scratch: router.scratch,
                into: buffer)
            switch outcome {
            case .built(let range, _): return text(buffer.slice(range))
            case .failed(let failure): return "\(failure.label)"
            }
        }
        #expect(try location("/**", "/a?b=c") { $0.scheme = "https" } == "https://example.org/a?b=c")
        #expect(try location("/**", "/a", public: "/prod/a") { $0.scheme = "https" } == "https://example.org/prod/a")
        #expect(
            try location("/**", "/a") {
                $0.scheme = "https"
                $0.port = 8443
            } == "https://example.org:8443/a")
        #expect(
            try location("/**", "/a") {
                $0.scheme = "https"
                $0.port = 443
            } == "https://example.org/a")
        #expect(try location("/**", "/a") { $0.port = 80 } == "http://example.org/a")
        #expect(try location("/**", "/a") { $0.port = 443 } == "http://example.org:443/a")
        #expect(try location("/**", "/a") { $0.host = "www.test" } == "http://www.test/a")
        #expect(try location("/**", "/a", authority: "[::1]:80") { $0.scheme = "https" } == "https://[::1]/a")
        #expect(try location("/**", "/a", authority: "") { $0.scheme = "https" } == "target_missing_host")
        #expect(try location("/old/{p+}", "/old/x/y?q") { $0.path = template("/new/{p}") } == "/new/x/y?q")
        #expect(try location("/old", "/old?q") { $0.path = template("/new?a=1") } == "/new?a=1&q")
        #expect(
            try location("/old", "/old?q") {
                $0.path = template("/new")
                $0.keepQuery = false
            } == "/new")
        #expect(try location("/old/**", "/old/x", edit: Self.rewritePrefix("/new")) { _ in } == "/new/x")
        // A path that begins with two slashes must not name another host.
        #expect(try location("/**", "//evil.test/x") { _ in } == "/.//evil.test/x")
        #expect(try location("/{p+}", "//evil.test/x") { $0.path = template("/{p}") } == "/.//evil.test/x")
        #expect(try location("/**", "/\\evil.test") { _ in } == "/./\\evil.test")
        #expect(try location("/**", "//evil.test") { $0.scheme = "https" } == "https://example.org//evil.test")
        #expect(try location("~/r(?<v>.*)", "/r..") { $0.path = template("/{v}") } == "target_dot_segment")
    }

    @Test("Stages: the first segment names one and is removed")
    func stages() {
        let table = StageTable(["prod", "test", "pro"])
        let cases: [(String, String?, String)] = [
            ("/prod", "prod", "/"), ("/prod/", "prod", "/"), ("/prod/api/users", "prod", "/api/users"),
            ("/test//x", "test", "//x"),
            ("/pro/x", "pro", "/x"), ("/production", nil, ""), ("/", nil, ""), ("/api/prod", nil, ""), ("", nil, ""),
            ("/Prod", nil, ""),
        ]
        for (path, stage, left) in cases {
            let bytes = Array(path.utf8)
            switch table.match(bytes.span) {
            case .unstaged: Issue.record("\(path): the listener has stages")
            case .notFound: #expect(stage == nil, "\(path)")
            case .stage(let index, let range):
                #expect(table.names[index] == stage, "\(path)")
                #expect(text(bytes.span.extracting(Int(range.start)..<range.end)) == left, "\(path)")
            }
        }
        #expect(StageTable([]).match(Array("/prod".utf8).span) == .unstaged)
    }
}
