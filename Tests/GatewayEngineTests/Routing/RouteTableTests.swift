import GatewayConfiguration
import GatewayEngine
import Testing

/// One table of examples for each rule of routing.
@Suite struct RouteTableTests {
    /// A set of routes, and for requests the name of the route that takes each; nil for 404.
    struct Example: CustomTestStringConvertible {
        var title: String
        var routes: [RouteConfiguration]
        var requests: [(Request, String?)]

        var testDescription: String { title }

        init(
            _ title: String, _ routes: [RouteConfiguration], _ requests: [(String, String?)],
            host: String = "example.org"
        ) {
            self.title = title
            self.routes = routes
            self.requests = requests.map { (Request($0.0, host: host), $0.1) }
        }
    }

    static let paths: [Example] = [
        Example(
            "a literal path is exact", [route("/a"), route("/b/")],
            [
                ("GET /a", "/a"), ("GET /a/", nil), ("GET /ab", nil), ("GET /A", nil), ("GET /b/", "/b/"),
                ("GET /b", nil),
                ("GET /", nil), ("GET //a", nil), ("GET *", nil), ("GET /a/b", nil),
            ]),
        Example("the root", [route("/")], [("GET /", "/"), ("GET //", nil), ("GET /a", nil)]),
        Example(
            "** takes none or more whole segments", [route("/abc/**")],
            [
                ("GET /abc", "/abc/**"), ("GET /abc/", "/abc/**"), ("GET /abc/def", "/abc/**"),
                ("GET /abc/def/g/", "/abc/**"),
                ("GET /abcd", nil), ("GET /ab", nil), ("GET /", nil), ("GET /abc//", "/abc/**"),
            ]),
        Example("/** takes everything", [route("/**")], [("GET /", "/**"), ("GET /a", "/**"), ("GET //a/b", "/**")]),
        Example(
            "a final * takes one segment or more", [route("/orders/*")],
            [
                ("GET /orders/1", "/orders/*"), ("GET /orders/1/items", "/orders/*"), ("GET /orders", nil),
                ("GET /orders/", nil), ("GET /orders//x", "/orders/*"),
            ]),
        Example(
            "{x+} takes one segment or more", [route("/api/{proxy+}")],
            [
                ("GET /api/a", "/api/{proxy+}"), ("GET /api/a/b/", "/api/{proxy+}"), ("GET /api", nil),
                ("GET /api/", nil),
            ]),
        Example(
            "{id} takes one segment that is not empty", [route("/users/{id}"), route("/users/{id}/posts")],
            [
                ("GET /users/1", "/users/{id}"), ("GET /users/", nil), ("GET /users/1/", nil),
                ("GET /users/1/posts", "/users/{id}/posts"),
                ("GET /users//posts", nil), ("GET /users/1/other", nil),
            ]),
        Example(
            "an inner * takes one segment", [route("/v1/*/detail")],
            [
                ("GET /v1/a/detail", "/v1/*/detail"), ("GET /v1/a/b/detail", nil), ("GET /v1//detail", nil),
            ]),
        Example(
            "literals of a file are normalised as requests are",
            [route("/café"), route("/a%2db"), route("/x%2fy"), route("/%7e{id}")],
            [
                ("GET /caf%C3%A9", "/café"), ("GET /a-b", "/a%2db"), ("GET /x%2Fy", "/x%2fy"), ("GET /x/y", nil),
            ]),
    ]

    static let ranks: [Example] = [
        Example(
            "literal, expression, {id}, {x+}, **",
            [
                route("/u/**"), route("/u/{rest+}"), route("/u/{id}"), route("~/u/[0-9]+"), route("/u/me"),
                route("/u/7"),
            ],
            [
                ("GET /u/me", "/u/me"), ("GET /u/7", "/u/7"), ("GET /u/8", "~/u/[0-9]+"), ("GET /u/x", "/u/{id}"),
                ("GET /u/x/y", "/u/{rest+}"), ("GET /u/", "/u/**"), ("GET /u", "/u/**"),
            ]),
        Example(
            "segment by segment from the left",
            [route("/{a}/b/c"), route("/a/{b}/**"), route("/a/**"), route("/{a}/b/**")],
            [
                ("GET /a/b/c", "/a/{b}/**"), ("GET /x/b/c", "/{a}/b/c"), ("GET /x/b/d", "/{a}/b/**"),
                ("GET /a", "/a/**"),
            ]),
        Example(
            "a dead end gives way", [route("/a/b/c"), route("/a/{x}/d"), route("/{y}/b/e"), route("/**")],
            [
                ("GET /a/b/c", "/a/b/c"), ("GET /a/b/d", "/a/{x}/d"), ("GET /a/b/e", "/{y}/b/e"), ("GET /a/b/f", "/**"),
            ]),
        Example(
            "a literal and a parameter coexist", [route("/user/{id}"), route("/user/new")],
            [
                ("GET /user/new", "/user/new"), ("GET /user/newer", "/user/{id}"), ("GET /user/ne", "/user/{id}"),
            ]),
        Example(
            "what ends here before **", [route("/a/**"), route("/a"), route("/a/")],
            [
                ("GET /a", "/a"), ("GET /a/", "/a/"), ("GET /a/b", "/a/**"),
            ]),
        Example(
            "expressions cover the whole path",
            [route("~/a/[0-9]+"), route("~/(x|y)"), route("~/p|/q/.*"), route("~/o/k?")],
            [
                ("GET /a/12", "~/a/[0-9]+"), ("GET /a/12/", nil), ("GET /b/a/12", nil), ("GET /y", "~/(x|y)"),
                ("GET /xy", nil),
                ("GET /p", "~/p|/q/.*"), ("GET /q/1", "~/p|/q/.*"), ("GET /o/", "~/o/k?"), ("GET /o/k", "~/o/k?"),
            ]),
        Example(
            "an expression loses to a literal further to the right, and wins over a parameter",
            [
                route("~/api/users/.*"), route("/api/users/{id}"), route("/api/users/me"), route("/{any}/users/me"),
            ],
            [
                ("GET /api/users/me", "/api/users/me"), ("GET /api/users/1", "~/api/users/.*"),
                ("GET /x/users/me", "/{any}/users/me"),
            ]),
        Example(
            "of equal expressions' places, the earlier", [route("~/a/.*"), route("~/a/b+")], [("GET /a/b", "~/a/.*")]),
    ]

    static let hosts: [Example] = [
        Example(
            "exact, longer wildcard, shorter wildcard, any",
            [
                route("/**", name: "any"), route("/**", name: "org", hosts: ["*.org"]),
                route("/**", name: "wild", hosts: ["*.example.org"]),
                route("/**", name: "exact", hosts: ["api.example.org"]),
            ], []
        ).with([
            ("api.example.org", "exact"), ("API.Example.Org", "exact"), ("api.example.org:8443", "exact"),
            ("api.example.org.", "exact"), ("api.example.org.:80", "exact"), ("www.example.org", "wild"),
            ("a.b.example.org", "wild"), ("example.org", "org"), ("x.org", "org"), ("org", "any"), ("", "any"),
            (".example.org", "org"), ("api.example.org.evil.test", "any"), ("notexample.org", "org"),
            ("[::1]:80", "any"), (String(repeating: "a.", count: 200) + "example.org", "any"),
        ]),
        Example(
            "an address in brackets",
            [route("/", name: "six", hosts: ["[::1]"]), route("/", name: "four", hosts: ["127.0.0.1"])], []
        )
        .with([("[::1]", "six"), ("[::1]:8080", "six"), ("127.0.0.1:99", "four"), ("127.0.0.2", nil)]),
        Example(
            "the better host comes before the better path, and gives way where it has none",
            [
                route("/a/b", name: "any"), route("/a/**", name: "host", hosts: ["example.org"]),
                route("/x", name: "other"),
            ], [("GET /a/b", "host"), ("GET /x", "other")]),
        Example("several hosts", [route("/", name: "two", hosts: ["a.test", "*.b.test"])], [])
            .with([("a.test", "two"), ("x.b.test", "two"), ("b.test", nil), ("x.a.test", nil)]),
    ]

    @Test("Paths", arguments: paths + ranks + hosts)
    func examples(_ example: Example) throws {
        let router = try Router(example.routes)
        for (request, expected) in example.requests {
            #expect(router.match(request).name == expected, "\(request)")
        }
    }

    @Test("Parameters are the bytes of the normalised path")
    func parameters() throws {
        let router = try Router([
            route("/{a}/x/{b}"), route("/f/{name+}"), route("/{service}/{path+}"),
            route("~/r/(?<year>[0-9]{4})-(?<rest>.*)"),
            route("~/o/(?<one>x)?(?<two>y)"),
        ])
        #expect(router.match(Request("GET /1/x/2%2F3")) == .route("/{a}/x/{b}", ["a": "1", "b": "2%2F3"]))
        #expect(router.match(Request("GET /f/a/b//c/")) == .route("/f/{name+}", ["name": "a/b//c/"]))
        #expect(router.match(Request("GET /1/y/2")) == .route("/{service}/{path+}", ["service": "1", "path": "y/2"]))
        #expect(
            router.match(Request("GET /r/2026-a/b"))
                == .route("~/r/(?<year>[0-9]{4})-(?<rest>.*)", ["year": "2026", "rest": "a/b"]))
        #expect(router.match(Request("GET /o/y")) == .route("~/o/(?<one>x)?(?<two>y)", ["one": "", "two": "y"]))
    }

    @Test("Methods: 405 with Allow only where nothing else was wrong")
    func methods() throws {
        let router = try Router([
            route("/a", name: "get", methods: ["GET"]), route("/a", name: "post", methods: ["POST", "PURGE"]),
            route("/any", methods: ["ANY"]), route("/head", name: "getter", methods: ["GET"]),
            route("/head", name: "header", methods: ["HEAD"]), route("/mixed", name: "all"),
            route("/mixed", name: "put", methods: ["PUT"]), route("/o", methods: ["OPTIONS"]),
            route("/v", name: "v2", methods: ["POST"], headers: [FieldMatch(name: "X-V", condition: .exact("2"))]),
            route("/w/x", name: "deep", methods: ["DELETE"]), route("/w/**", name: "wide", methods: ["PATCH"]),
            route("/h", name: "host", hosts: ["example.org"], methods: ["POST"]),
            route("/h", name: "other", methods: ["PUT"]),
        ])
        let cases: [(String, Outcome)] = [
            ("GET /a", .route("get", [:])), ("POST /a", .route("post", [:])), ("PURGE /a", .route("post", [:])),
            ("HEAD /a", .route("get", [:])), ("DELETE /a", .notAllowed(["GET", "HEAD", "POST", "PURGE"])),
            ("get /a", .notAllowed(["GET", "HEAD", "POST", "PURGE"])),
            ("OPTIONS /a", .notAllowed(["GET", "HEAD", "POST", "PURGE"])),
            ("BREW /any", .route("/any", [:])), ("HEAD /head", .route("header", [:])),
            ("GET /head", .route("getter", [:])),
            ("PUT /mixed", .route("put", [:])), ("HEAD /mixed", .route("all", [:])),
            ("GET /o", .notAllowed(["OPTIONS"])),
            ("GET /v", .notFound), ("POST /v", .notFound), ("GET /none", .notFound),
            ("GET /w/x", .notAllowed(["DELETE", "PATCH"])), ("PATCH /w/x", .route("wide", [:])),
            ("GET /h", .notAllowed(["POST", "PUT"])), ("PUT /h", .route("other", [:])),
        ]
        for (line, expected) in cases { #expect(router.match(Request(line)) == expected, "\(line)") }
        #expect(router.match(Request("GET /v", headers: [("X-V", "2")])) == .notAllowed(["POST"]))
    }

    @Test("At one place: method given, more headers, more query, more cookies, earlier")
    func precedence() throws {
        let one = FieldMatch(name: "X-One", condition: .present(true))
        let two = FieldMatch(name: "X-Two", condition: .present(true))
        let q = FieldMatch(name: "q", condition: .present(true))
        let side = FieldMatch(name: "side", condition: .present(true))
        let router = try Router(
            [
                route("/", name: "first"), route("/", name: "listener", listeners: ["public"]),
                route("/", name: "cookie", cookies: [side]),
                route("/", name: "query", query: [q]), route("/", name: "header", headers: [one]),
                route("/", name: "headers", headers: [one, two]), route("/", name: "post", methods: ["POST"]),
                route("/", name: "post and header", methods: ["POST"], headers: [two]),
            ], listeners: ["public"])
        func name(_ line: String, _ headers: String...) -> String? {
            router.match(Request(line, headers: headers.map { ($0, "side=x") })).name
        }
        #expect(name("GET /") == "first")
        #expect(name("GET /", "Cookie") == "cookie")
        #expect(name("GET /?q", "Cookie") == "query")
        #expect(name("GET /?q", "Cookie", "X-One") == "header")
        #expect(name("GET /", "X-One", "x-two") == "headers")
        #expect(name("POST /", "X-One") == "post")
        #expect(name("POST /", "X-One", "X-Two") == "post and header")
    }

    @Test("Routes for some listeners")
    func listeners() throws {
        let router = try Router([route("/", name: "inside", listeners: ["b", "c"])], listeners: ["a", "b", "c"])
        #expect(router.match(Request("GET /", listener: 0)) == .notFound)
        #expect(router.match(Request("GET /", listener: 1)).name == "inside")
        #expect(router.match(Request("GET /", listener: 2)).name == "inside")
    }

    @Test("Long and deep paths")
    func extremes() throws {
        let deep = String(repeating: "/s", count: 64)
        let parameters = String(repeating: "/*", count: 63) + "/end"
        let router = try Router([
            route(deep, name: "deep"), route(parameters, name: "stars"), route("/s/**", name: "rest"),
        ])
        #expect(router.match(Request("GET \(deep)")).name == "deep")
        #expect(router.match(Request("GET \(deep)/more")).name == "rest")
        #expect(router.match(Request("GET " + String(repeating: "/t", count: 63) + "/end")).name == "stars")
        #expect(router.match(Request("GET " + String(repeating: "/s", count: 5000))).name == "rest")
        #expect(router.match(Request("GET /s" + String(repeating: "/", count: 8000))).name == "rest")
        #expect(router.match(Request("GET /" + String(repeating: "s", count: 8000))) == .notFound)
    }

    @Test("A service named by the path, only among those listed")
    func serviceFromPath() throws {
        let router = try Router(
            [route("/{service}/{path+}", answer: .serviceFromPath(parameter: "service"))],
            services: ["users", "orders"])
        for (path, expected) in [("/users/1", 0), ("/orders/1", 1), ("/user/1", nil), ("/users%2F/1", nil)]
            as [(String, Int?)]
        {
            #expect(router.match(Request("GET \(path)")).name != nil)
            guard case .serviceFromPath(let parameter) = router.table.routes[0].answer else {
                Issue.record("not a service from the path")
                return
            }
            #expect(router.table.service(parameter: parameter, path: Array(path.utf8).span, router.scratch) == expected)
        }
    }
}

extension RouteTableTests.Example {
    /// The same routes, asked for `/` by hosts.
    func with(_ hosts: [(String, String?)]) -> Self {
        var copy = self
        copy.requests = hosts.map { (Request("GET /", host: $0.0), $0.1) }
        return copy
    }
}
