import GatehouseTesting
import Testing

/// Rate limits over real sockets: what is admitted, what is refused, and what the client is told.
@Suite struct RateLimiting {
    private let origin: ScriptedUpstream
    init() throws { origin = try ScriptedUpstream(named: "origin") }

    private func limited(_ limiting: String, routes: String = "", start: String = oneListener) -> String {
        start + "rate_limiting: \(limiting)\n"
            + "routes: [ \(routes){ name: all, path: \"/**\", upstream: \"\(origin.url)\" } ]\n"
    }

    /// Bytes, fields and all, as article 003 prints them.
    @Test func theAnswerOfTheArticle() throws {
        try withGateway(limited("{ default: { requests_per_hour: 1200, burst: 1, key: client_ip } }"), origin) {
            gateway in
            let first = try gateway.exchange(request())
            #expect(first.status == 200)
            #expect(first.fields["x-ratelimit-limit"] == "1200")
            #expect(first.fields["x-ratelimit-remaining"] == "0")
            #expect(first.fields["ratelimit-policy"] == "\"default\";q=1200;w=3600")
            #expect(first.fields["ratelimit"]?.hasPrefix("\"default\";r=0;t=") == true)
            #expect(first.fields["retry-after"] == nil)

            let refused = try gateway.exchange(request())
            #expect(refused.status == 429)
            #expect(refused.reason == "Too Many Requests")
            #expect(refused.fields["content-type"] == "application/json")
            #expect(refused.fields["x-ratelimit-limit"] == "1200")
            #expect(refused.fields["x-ratelimit-remaining"] == "0")
            let reset = try #require(refused.fields["x-ratelimit-reset"])
            #expect(Int(reset) ?? 0 > 1_700_000_000)
            let wait = try #require(refused.fields["retry-after"])
            #expect(["1", "2", "3"].contains(wait))
            let unit = wait == "1" ? "second" : "seconds"
            #expect(
                refused.bodyText == "{\"error\": \"rate_limit_exceeded\", "
                    + "\"message\": \"Too many requests. Retry after \(wait) \(unit).\", \"retry_after\": \(wait)}\n")
            #expect(refused.fields["proxy-status"]?.contains("rate_limit_exceeded") == true)
            let problem = try gateway.exchange(request("GET /", "Accept: application/problem+json"))
            let members = try JSON(problem.bodyText)
            let seconds = try #require(members["retry_after"]?.number)
            #expect(seconds >= 1 && members["status"]?.number == 429)
        }
    }

    /// The article's own configuration: the override of a path holds in place of the default.
    @Test func theConfigurationOfTheArticle() throws {
        let limits = """
            { "default": { "requests_per_second": 100, "burst": 20, "key": "header:X-User-Id" },
              "overrides": [
                { "path": "/api/auth/login", "requests_per_minute": 10, "key": "client_ip" },
                { "path": "/api/search/**", "requests_per_second": 20, "key": "header:X-User-Id" } ] }
            """.split(separator: "\n").joined()
        try withGateway(limited(limits), origin) { gateway in
            let login = try (0..<12).map { _ in
                try gateway.exchange(request("POST /api/auth/login", "Content-Length: 0"))
            }
            #expect(login.map(\.status) == Array(repeating: 200, count: 10) + [429, 429])
            #expect(login[0].fields["x-ratelimit-limit"] == "10")
            #expect(login[10].fields["retry-after"].flatMap(Int.init).map { (1...6).contains($0) } == true)
            let search = try gateway.exchange(request("GET /api/search/a/b", "X-User-Id: a"))
            #expect(search.fields["x-ratelimit-limit"] == "20" && search.fields["x-ratelimit-remaining"] == "19")
            let other = try gateway.exchange(request("GET /api/users/1", "X-User-Id: a"))
            #expect(other.fields["x-ratelimit-limit"] == "100" && other.fields["x-ratelimit-remaining"] == "19")
        }
    }

    @Test(arguments: [
        ("header:X-Key", ["X-Key: a", "X-Key: b", "X-Key: a", "X-Key: A"], [200, 200, 429, 200]),
        ("header:X-Key", ["X-Other: a", "X-Other: b", "X-Key: ", "X-Key: a"], [200, 429, 429, 200]),
        ("header:X-Key", ["X-Key: a\r\nX-Key: b", "X-Key: a, b", "X-Key: a"], [200, 429, 200]),
        ("cookie:id", ["Cookie: id=1", "Cookie: x=2; id=1", "Cookie: id=2"], [200, 429, 200]),
        ("client_ip", ["X-Key: a", "X-Key: b"], [200, 429]),
        ("[ client_ip, \"header:X-Key\" ]", ["X-Key: a", "X-Key: b", "X-Key: a"], [200, 200, 429]),
        ("[ \"header:X-Key\", \"header:X-Two\" ]", ["X-Key: a", "X-Two: a", "X-Key: a"], [200, 200, 429]),
    ])
    func whoSharesACount(_ key: String, _ fields: [String], _ statuses: [Int]) throws {
        let limits = "{ default: { requests_per_day: 1, key: \(key.hasPrefix("[") ? key : "\"\(key)\"") } }"
        try withGateway(limited(limits), origin) { gateway in
            let found = try fields.map { try gateway.exchange(request("GET /", $0)).status }
            #expect(found == statuses)
        }
    }

    /// The end of a long value counts, and a query's and a path's value as they are meant.
    @Test func longAndEncodedValues() throws {
        let long = String(repeating: "a", count: 3_000)
        try withGateway(limited("{ default: { requests_per_day: 1, key: \"header:X-Key\" } }"), origin) { gateway in
            let statuses = try ["1", "2", "1"].map {
                try gateway.exchange(request("GET /", "X-Key: \(long)\($0)")).status
            }
            #expect(statuses == [200, 200, 429])
        }
        try withGateway(limited("{ default: { requests_per_day: 1, key: \"query:k\" } }"), origin) { gateway in
            let statuses = try ["/?k=a", "/x?k=%61", "/?k=b&k=a", "/?k="].map {
                try gateway.exchange(request("GET \($0)")).status
            }
            #expect(statuses == [200, 429, 200, 200])
        }
        let overrides = "{ overrides: [ { path: \"/t/{tenant}/**\", requests_per_day: 1, key: \"path:tenant\" } ] }"
        try withGateway(limited(overrides), origin) { gateway in
            let statuses = try ["/t/a/1", "/t/b/1", "/t/a/2", "/other", "/other"].map {
                try gateway.exchange(request("GET \($0)")).status
            }
            #expect(statuses == [200, 200, 429, 200, 200])
        }
    }

    /// Nearest first: the route's own, what names the route, what names the path, the default.
    @Test func theNearestHolds() throws {
        let limits = """
            { default: { requests_per_day: 5 }, overrides: [
              { path: "/**", methods: POST, requests_per_day: 4 }, { path: "/a/**", requests_per_day: 3 },
              { path: "/a/b", requests_per_day: 2 }, { route: named, requests_per_day: 6 },
              { route: named, path: /named/x, requests_per_day: 7 } ] }
            """.split(separator: "\n").joined()
        let routes =
            "{ name: own, path: /a/own, upstream: \"\(origin.url)\", rate_limiting: { requests_per_day: 1 } }, "
            + "{ name: named, path: /named/**, upstream: \"\(origin.url)\" }, "
        try withGateway(limited(limits, routes: routes), origin) { gateway in
            for (line, limit) in [
                ("GET /", "5"), ("POST /", "4"), ("GET /a/x", "3"), ("GET /a/b", "2"), ("GET /a/own", "1"),
                ("GET /named/y", "6"), ("GET /named/x", "7"),
            ] {
                let response = try gateway.exchange(
                    request(line, line.hasPrefix("POST") ? "Content-Length: 0" : "X: 1"))
                #expect(response.fields["x-ratelimit-limit"] == limit, "\(line)")
            }
        }
    }

    /// Of several limits all must admit, and a refused request is charged to none.
    @Test func allOrNone() throws {
        let limits =
            "{ default: [ { requests_per_day: 3, key: client_ip }, { requests_per_day: 1, key: \"query:k\" } ] }"
        try withGateway(limited(limits), origin) { gateway in
            let statuses = try ["/?k=a", "/?k=a", "/?k=a", "/?k=b", "/?k=c", "/?k=d"].map {
                try gateway.exchange(request("GET \($0)")).status
            }
            #expect(statuses == [200, 429, 429, 200, 200, 429])
        }
    }

    @Test func aDryRunRefusesNothingAndIsCounted() throws {
        let limits = "{ default: { requests_per_day: 1, dry_run: true } }"
        try withGateway(limited(limits, start: withAdmin), origin, admin: true) { gateway in
            for _ in 0..<3 {
                let response = try gateway.exchange(request())
                #expect(response.status == 200 && response.fields["x-ratelimit-limit"] == nil)
            }
            let port = try #require(gateway.adminPort)
            let page = try PrometheusPage(RawClient.exchange(port: port, scrape).bodyText)
            let name = "gatehouse_rate_limit_requests_total"
            #expect(page.value(name, ["limit": "default", "result": "dry_run"]) == 2)
            #expect(page.value(name, ["limit": "default", "result": "allowed"]) == 1)
        }
    }

    /// Exact under a thousand requests at once over two loops, by bucket, window and quota alike.
    @Test(arguments: ["burst: 100", "algorithm: sliding_window", "algorithm: quota"])
    func exactlyAHundred(_ algorithm: String) throws {
        let limits = "{ default: { requests_per_day: 100, \(algorithm) } }"
        let two = "listeners: [ { address: \"127.0.0.1:0\" } ]\nworkers: 2\naccess_log: { enabled: false }\n"
        try withGateway(limited(limits, start: two), origin) { gateway in
            let clients = try (0..<100).map { _ in try gateway.connect() }
            for client in clients { try client.send(String(repeating: request(), count: 10)) }
            var admitted = 0
            for client in clients {
                for _ in 0..<10 { admitted += try client.readResponse().status == 200 ? 1 : 0 }
            }
            #expect(admitted == 100)
            #expect(origin.heads.count == 100)
        }
    }

    /// What the gateway answers by itself is limited, and told, like everything else.
    @Test func ownAnswersAreLimitedToo() throws {
        let text =
            oneListener + "rate_limiting: { default: { requests_per_day: 1 } }\n"
            + "routes: [ { path: /a, respond: { body: hi } } ]\n"
        try withGateway(text) { gateway in
            #expect(gateway.ask("GET /none") == "404 not_found")
            let first = try gateway.exchange(request("GET /a"))
            #expect(first.status == 200 && first.fields["x-ratelimit-remaining"] == "0")
            #expect(gateway.ask("GET /a") == "429 rate_limit_exceeded")
        }
    }
}
