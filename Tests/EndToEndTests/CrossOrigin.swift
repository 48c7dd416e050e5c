import GatehouseTesting
import Testing

/// CORS, security headers, addresses and requests at once, over real sockets.
@Suite struct CrossOrigin {
    private let origin: ScriptedUpstream
    init() throws { origin = try ScriptedUpstream(named: "origin") }

    private func shop(_ cors: String, _ more: String = "") -> String {
        oneListener + "cors: { \(cors) }\n\(more)\n"
            + "routes: [ { path: /items, methods: [ GET, POST ], upstream: \"\(origin.url)\" },"
            + " { path: /items, methods: DELETE, upstream: \"\(origin.url)\","
            + " cors: { origins: \"https://admin.example.com\" } },"
            + " { path: /open, respond: { body: hi } } ]\n"
    }

    private func preflight(_ method: String, from origin: String, _ more: String = "X-Nothing: 1") -> String {
        request("OPTIONS /items", "Origin: \(origin)", "Access-Control-Request-Method: \(method)", more)
    }

    @Test func preflightsAreAnsweredByTheRouteOfTheirMethod() throws {
        let cors =
            "origins: [ https://app.example.com, \"https://*.example.org\" ], headers: [ Authorization, X-A ],"
            + " credentials: true, max_age: 10m, expose: X-Request-Id"
        // Nobody could pass the limit: a preflight is not asked.
        let limits = "rate_limiting: { overrides: [ { path: /items, methods: OPTIONS, requests_per_day: 1 } ] }"
        try withGateway(shop(cors, limits), origin) { gateway in
            for _ in 0..<3 {
                let answer = try gateway.exchange(preflight("POST", from: "https://app.example.com"), method: "OPTIONS")
                #expect(answer.status == 204)
                #expect(answer.fields["access-control-allow-origin"] == "https://app.example.com")
                #expect(answer.fields["access-control-allow-credentials"] == "true")
                #expect(answer.fields["access-control-allow-methods"] == "GET, POST, HEAD")
                #expect(answer.fields["access-control-allow-headers"] == "Authorization, X-A")
                #expect(answer.fields["access-control-max-age"] == "600")
                #expect(answer.fields["access-control-expose-headers"] == nil)
                #expect(answer.fields["vary"]?.contains("Origin") == true)
            }
            let admin = try gateway.exchange(preflight("DELETE", from: "https://admin.example.com"), method: "OPTIONS")
            #expect(admin.status == 204 && admin.fields["access-control-allow-methods"] == "DELETE")
            let wrong = try gateway.exchange(preflight("DELETE", from: "https://app.example.com"), method: "OPTIONS")
            #expect(wrong.status == 204 && wrong.fields["access-control-allow-origin"] == nil)
            #expect(wrong.fields["access-control-allow-methods"] == nil)
            // No route has this method, and without the field it is no preflight.
            let put = try gateway.exchange(preflight("PUT", from: "https://app.example.com"), method: "OPTIONS")
            #expect(put.status == 405 && put.fields["allow"] == "DELETE, GET, HEAD, POST, OPTIONS")
            let plain = try gateway.exchange(request("OPTIONS /items", "Origin: https://app.example.com"))
            #expect(plain.status == 405)
            #expect(
                gateway.ask("OPTIONS /none", "Access-Control-Request-Method: GET", "Origin: https://app.example.com")
                    == "404 not_found")
            #expect(origin.heads.isEmpty)
        }
    }

    @Test(arguments: [
        ("https://app.example.com", true), ("https://a.example.org", true), ("https://a.b.example.org", true),
        ("https://example.org", false), ("http://a.example.org", false), ("https://a.example.org:444", false),
        ("https://evil.com/.example.org", false), ("https://aexample.org", false), ("https://.example.org", false),
        ("https://app.example.com.evil.com", false), ("null", false), ("https://APP.example.com", false),
    ])
    func whichOriginsAreAnswered(_ name: String, _ isAnswered: Bool) throws {
        let cors = "origins: [ \"https://app.example.com:443\", \"https://*.example.org\" ], expose: X-Request-Id"
        try withGateway(shop(cors), origin) { gateway in
            let answer = try gateway.exchange(request("GET /items", "Origin: \(name)"))
            #expect(answer.status == 200)
            #expect(answer.fields["access-control-allow-origin"] == (isAnswered ? name : nil))
            #expect(answer.fields["access-control-expose-headers"] == (isAnswered ? "X-Request-Id" : nil))
            #expect(answer.fields["vary"] == "Origin")
        }
    }

    @Test func theGatewaysOwnAnswersCarryThemAndTheServicesAreReplaced() throws {
        let careless = try ScriptedUpstream(connection: { connection in
            while try connection.readRequest() != nil {
                try connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: https://evil.com\r\n"
                        + "Access-Control-Allow-Credentials: true\r\nX-Frame-Options: SAMEORIGIN\r\n\r\n")
            }
        })
        let text =
            oneListener + "cors: { origins: \"*\" }\nsecurity_headers: true\n"
            + "routes: [ { path: /a, upstream: \"\(careless.url)\" } ]\n"
        try withGateway(text, careless) { gateway in
            let answer = try gateway.exchange(request("GET /a", "Origin: https://b.com"))
            #expect(answer.fields.values("access-control-allow-origin") == ["*"])
            #expect(answer.fields["access-control-allow-credentials"] == nil && answer.fields["vary"] == nil)
            #expect(answer.fields.values("x-frame-options") == ["SAMEORIGIN"])
            let missing = try gateway.exchange(request("GET /none", "Origin: https://b.com"))
            #expect(missing.status == 404 && missing.fields["access-control-allow-origin"] == "*")
            for response in [answer, missing] {
                #expect(response.fields["x-content-type-options"] == "nosniff")
                #expect(response.fields["referrer-policy"] == "strict-origin-when-cross-origin")
                #expect(response.fields["strict-transport-security"] == nil)
            }
            #expect(missing.fields["x-frame-options"] == "DENY")
        }
    }

    @Test func addressesAreAllowedAndDenied() throws {
        let text =
            oneListener + "trusted_proxies: [ 127.0.0.1 ]\naddresses: { allow: 10.0.0.0/8, deny: 10.1.0.0/16 }\n"
            + "routes: [ { path: /a, respond: { body: in } }, { path: /b, respond: { body: in }, addresses: { deny: [ \"2001:db8::/32\" ] } } ]\n"
        try withGateway(text) { gateway in
            for (line, address, answer) in [
                ("GET /a", "10.2.3.4", "in"), ("GET /a", "10.1.2.3", "403 address_denied"),
                ("GET /a", "11.0.0.1", "403 address_denied"), ("GET /b", "11.0.0.1", "in"),
                ("GET /b", "2001:db8::7", "403 address_denied"), ("GET /b", "2001:db9::7", "in"),
            ] {
                #expect(gateway.ask(line, "X-Forwarded-For: \(address)") == answer, "\(line) \(address)")
            }
        }
    }

    /// Places are given back when answers end, and when clients go.
    @Test func requestsAtOnce() throws {
        let arrived = Counter("requests at the origin")
        let slow = try ScriptedUpstream(connection: { connection in
            while let request = try connection.readRequest() {
                arrived.add()
                if request.target == "/slow" { try arrived.wait(for: 3) }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        })
        let text =
            oneListener + "trusted_proxies: [ 127.0.0.1 ]\n"
            + "routes: [ { path: \"/**\", upstream: \"\(slow.url)\", limits: { concurrency: 2 } } ]\n"
        try withGateway(text, slow) { gateway in
            let first = try gateway.connect()
            let second = try gateway.connect()
            try first.send(request("GET /slow"))
            try second.send(request("GET /slow"))
            try arrived.wait(for: 2)
            #expect(gateway.ask("GET /") == "429 concurrency_limit_exceeded")
            // Another client has places of its own; its request lets the others go on.
            #expect(gateway.ask("GET /", "X-Forwarded-For: 10.0.0.1") == "ok")
            #expect(try first.readResponse().status == 200)
            #expect(try second.readResponse().status == 200)
            #expect(gateway.ask("GET /") == "ok")
        }
    }

    @Test func noServiceIsToldAnotherMethod() throws {
        try withGateway(everything(to: origin), origin) { gateway in
            _ = try gateway.exchange(
                request(
                    "GET /", "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: PUT", "x-method-override: PUT",
                    "X-Kept: 1"))
            let names = try origin.waitForRequest().fields.names.map { $0.lowercased() }
            #expect(names.contains("x-kept") && !names.contains { $0.contains("method") })
        }
    }
}
