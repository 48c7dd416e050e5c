import GatehouseTesting
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One answer from several services, over real connections.
@Suite struct Aggregation {
    static let secret = "0123456789abcdef0123456789abcdef"

    static func bearer(_ claims: String = #""sub":"usr_8a3f""#) -> String {
        "Authorization: Bearer \(TokenIssuer.token(secret: secret, claims))"
    }

    /// Three services, and whatever else the file has.
    static func configuration(
        _ services: [String: ScriptedUpstream], _ routes: String, top: String = "", log: Bool = false
    ) -> String {
        let list = services.map { "\($0.key): { endpoints: [ \"\($0.value.url)\" ] }" }.sorted().joined(separator: ", ")
        return """
            listeners: [ { address: "127.0.0.1:0" } ]
            admin: { address: "127.0.0.1:0" }
            workers: 1
            access_log: { enabled: \(log) }
            services: { \(list) }
            \(top)
            routes:
            \(routes)
            """
    }

    static let json = "Content-Type: application/json\r\n"

    /// A service that answers by the target.
    static func service(_ answers: [String: String], after milliseconds: Int = 0) throws -> ScriptedUpstream {
        try ScriptedUpstream { request, connection in
            // The time that the service takes: part of the script, nothing is waited for.
            if milliseconds > 0 { Pause.milliseconds(milliseconds) }
            guard let body = answers[request.target] else { return try connection.respond(404, body: "none") }
            try connection.respond(200, fields: json, body: body)
        }
    }

    // MARK: Article 003

    static let user = #"""
        {
          "id": "usr_8a3f", "name": "Alice Chen",
          "avatar_url": "https://cdn.example.com/avatars/usr_8a3f.jpg", "membership": "premium"
        }
        """#

    static let orders = #"""
        [
          {"order_id": "ord_x7k9", "status": "shipped", "total": 49.98, "created_at": "2026-04-10T14:32:00Z"},
          {"order_id": "ord_w2m1", "status": "delivered", "total": 129.00, "created_at": "2026-04-05T09:15:00Z"},
          {"order_id": "ord_p4n8", "status": "delivered", "total": 34.50, "created_at": "2026-03-28T18:42:00Z"}
        ]
        """#

    static let recommendations = #"""
        [
          {"product_id": "prod_k3j7", "name": "Wireless Keyboard Pro", "price": 79.99, "score": 0.94},
          {"product_id": "prod_m9r2", "name": "USB-C Hub 7-in-1", "price": 45.00, "score": 0.87}
        ]
        """#

    /// The home screen: three services at 20, 35 and 52 ms, and the answer that the article prints.
    @Test func theHomeScreen() throws {
        let users = try Self.service(["/users/usr_8a3f": Self.user], after: 20)
        let orders = try Self.service(
            ["/users/usr_8a3f/recent?limit=3": "{\"orders\": \(Self.orders), \"next\": null}"], after: 35)
        let products = try Self.service(["/recommendations?user=usr_8a3f": Self.recommendations], after: 52)
        let routes = """
              - path: /api/home
                aggregate:
                  parts:
                    user: { service: users, path: "/users/{claims.sub}" }
                    recent_orders: { service: orders, path: "/users/{claims.sub}/recent?limit=3", pick: $.orders }
                    recommendations: { service: products, path: /recommendations, query: { user: "{claims.sub}" } }
            """
        let configuration = Self.configuration(
            ["users": users, "orders": orders, "products": products], routes,
            top: "auth: { type: jwt, secret: \"\(Self.secret)\" }", log: true)
        try withGateway(configuration, users, orders, products, admin: true) { gateway in
            let answer = try gateway.exchange(request("GET /api/home", Self.bearer(), "X-Request-Id: req_abc123"))
            #expect(answer.status == 200)
            #expect(answer.fields.values("content-type") == ["application/json"])
            #expect(answer.fields.values("x-request-id") == ["req_abc123"])
            let time = try #require(answer.fields["x-response-time"])
            #expect(time.hasSuffix("ms") && (Int(time.dropLast(2)) ?? 0) >= 52)
            #expect(answer.framing == .length(answer.body.count))
            // Each value stands there as its service wrote it.
            #expect(
                try JSON(answer.bodyText)
                    == JSON(
                        "{\"user\": \(Self.user), \"recent_orders\": \(Self.orders), "
                            + "\"recommendations\": \(Self.recommendations)}"))
            #expect(answer.bodyText.contains("129.00"))
            #expect(!answer.fields.contains("cache-control") && !answer.fields.contains("x-failed-parts"))

            // Each part is a request of its own: who asks, the id, and the trace with a parent of its own.
            let seen = try [users, orders, products].map { try $0.waitForRequest() }
            for part in seen {
                #expect(part.fields.values("x-user-id") == ["usr_8a3f"])
                #expect(part.fields.values("x-request-id") == ["req_abc123"])
                #expect(part.fields.values("x-forwarded-for") == ["127.0.0.1"])
                #expect(part.fields.values("accept-encoding") == ["identity"])
                #expect(part.fields.values("via").count == 1)
                #expect(!part.fields.contains("authorization") && !part.fields.contains("user-agent"))
            }
            let traces = seen.compactMap { $0.fields["traceparent"] }
            #expect(Set(traces.map { $0.prefix(35) }).count == 1 && Set(traces).count == 3)

            try Self.checkRecord(try Self.lines(gateway, 1)[0])
            let page = try RawClient.exchange(port: gateway.adminPort ?? 0, scrape).bodyText
            #expect(page.contains("gatehouse_aggregate_parts_total{result=\"answered\"} 3\n"))
            for service in ["users", "orders", "products"] {
                #expect(
                    page.contains("gatehouse_upstream_requests_total{service=\"\(service)\",status=\"2xx\"} 1\n"),
                    "\(service)")
            }
        }
    }

    /// One line for the whole, with the timings of each call.
    private static func checkRecord(_ record: JSON) throws {
        #expect(record["route"]?.text == "/api/home" && record["status"]?.number == 200)
        #expect(record["status_from"]?.text == "gateway" && record["error"] == nil)
        guard case .array(let parts) = record["parts"] else {
            Issue.record("no parts: \(record.description)")
            return
        }
        // In the order in which they ended.
        #expect(parts.map { $0["part"]?.text } == ["user", "recent_orders", "recommendations"])
        #expect(parts.map { $0["service"]?.text } == ["users", "orders", "products"])
        for (part, least) in zip(parts, [20.0, 35, 52]) {
            #expect(part["status"]?.number == 200 && part["attempts"]?.number == 1 && part["error"] == nil)
            #expect(part["endpoint"]?.text?.hasPrefix("127.0.0.1:") == true)
            let total = part["total_ms"]?.number ?? 0
            #expect(total >= least && (part["first_byte_ms"]?.number ?? 0) >= least)
            // They went out together, so each began before the first had ended.
            #expect((part["start_ms"]?.number ?? 99) < 20)
            #expect((part["bytes"]?.number ?? 0) > 100)
        }
        #expect((record["duration_ms"]?.number ?? 0) >= 52)
    }

    static func lines(_ gateway: GatewayProcess, _ count: Int) throws -> [JSON] {
        let text = try gateway.process.wait(for: "\(count) access log lines") { output, _ in
            output.filter { $0 == "\n" }.count >= count ? output : nil
        }
        return try text.split(separator: "\n").map { try JSON(String($0)) }
    }

    // MARK: Article 004

    /// Mobile and web over the same services, each with the fields that it needs: by path, by host, by header.
    @Test(arguments: [
        ("GET /mobile/dashboard", "", "GET /web/dashboard", ""),
        ("GET /dashboard", "Host: m.example.com", "GET /dashboard", "Host: www.example.com"),
        ("GET /app", "X-Client: mobile", "GET /app", "X-Client: web"),
    ])
    func theDashboards(_ mobile: String, _ mobileField: String, _ web: String, _ webField: String) throws {
        let users = try Self.service([
            "/users/7": #"{"name":"Ann","avatarUrl":"https://cdn/7.png","email":"a@b.c","internal":1}"#
        ])
        let orders = try Self.service([
            "/users/7/recent?limit=5": #"{"orders":[{"id":"o1","total":12.50,"status":"new","lines":[1,2]}]}"#
        ])
        let parts = """
            parts:
                    user: { service: users, path: "/users/{claims.sub}" }
                    orders: { service: orders, path: "/users/{claims.sub}/recent?limit=5", on_error: { value: { orders: [] } } }
            """
        let mobileBody = """
            body:
                    user: { name: $user.name, avatar: $user.avatarUrl }
                    recentOrders: { each: $orders.orders, map: { id: $.id, total: $.total, status: $.status } }
            """
        let webBody = "body: { user: $user, orders: $orders.orders, client: web }"
        let routes = [
            ("path: /mobile/dashboard", mobileBody), ("path: /web/dashboard", webBody),
            ("path: /dashboard, hosts: [ m.example.com ]", mobileBody),
            ("path: /dashboard, hosts: [ www.example.com ]", webBody),
            ("path: /app, headers: { X-Client: mobile }", mobileBody),
            ("path: /app, headers: { X-Client: web }", webBody),
        ].map { match, body in
            let keys = match.split(separator: ",", maxSplits: 1).map { $0.drop { $0 == " " } }
            return "  - \(keys.joined(separator: "\n    "))\n    aggregate:\n      \(parts)\n      \(body)"
        }.joined(separator: "\n")
        let configuration = Self.configuration(
            ["users": users, "orders": orders], routes, top: "auth: { type: jwt, secret: \"\(Self.secret)\" }")
        try withGateway(configuration, users, orders) { gateway in
            let token = Self.bearer(#""sub":"7""#)
            let none = "X-None: 1"
            #expect(
                gateway.ask(mobile, token, mobileField.isEmpty ? none : mobileField)
                    == #"{"user":{"name":"Ann","avatar":"https://cdn/7.png"},"#
                    + #""recentOrders":[{"id":"o1","total":12.50,"status":"new"}]}"#)
            #expect(
                gateway.ask(web, token, webField.isEmpty ? none : webField)
                    == #"{"user":{"name":"Ann","avatarUrl":"https://cdn/7.png","email":"a@b.c","internal":1},"#
                    + #""orders":[{"id":"o1","total":12.50,"status":"new","lines":[1,2]}],"client":"web"}"#)
        }
    }

    // MARK: Failures

    struct Failure: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: String
        /// What the whole answers where the part is needed.
        var answer: String
        var script: @Sendable (UpstreamConnection) throws -> Void
    }

    static let failures = [
        Failure(testDescription: "an error", code: "part_status", answer: "502 part_failed") {
            try $0.respond(503, fields: json, body: #"{"why":"closed"}"#)
        },
        Failure(testDescription: "not JSON", code: "response_not_json", answer: "502 part_failed") {
            try $0.respond(200, fields: "Content-Type: text/html\r\n", body: "<html>")
        },
        Failure(testDescription: "broken JSON", code: "response_malformed", answer: "502 part_failed") {
            try $0.respond(200, fields: json, body: #"{"a":1,}"#)
        },
        Failure(testDescription: "an unknown coding", code: "response_encoded", answer: "502 part_failed") {
            try $0.respond(200, fields: json + "Content-Encoding: compress\r\n", body: "x")
        },
        Failure(testDescription: "a damaged coding", code: "response_undecodable", answer: "502 part_failed") {
            try $0.respond(200, fields: json + "Content-Encoding: gzip\r\n", body: "x")
        },
        Failure(testDescription: "too large, by its length", code: "response_too_large", answer: "502 part_failed") {
            try $0.send("HTTP/1.1 200 OK\r\n\(json)Content-Length: 5000\r\n\r\n")
            _ = try $0.waitForClose()
        },
        Failure(testDescription: "too large, in chunks", code: "response_too_large", answer: "502 part_failed") {
            try $0.send("HTTP/1.1 200 OK\r\n\(json)Transfer-Encoding: chunked\r\n\r\n")
            try $0.sendChunk("[" + String(repeating: "1,", count: 2_500))
            _ = try $0.waitForClose()
        },
        Failure(testDescription: "cut", code: "upstream_incomplete", answer: "502 part_failed") {
            try $0.send("HTTP/1.1 200 OK\r\n\(json)Content-Length: 50\r\n\r\n{\"a\":")
            $0.close()
        },
        Failure(testDescription: "cut in a chunk", code: "upstream_incomplete", answer: "502 part_failed") {
            try $0.send("HTTP/1.1 200 OK\r\n\(json)Transfer-Encoding: chunked\r\n\r\n5\r\n[1,2")
            $0.close()
        },
        Failure(testDescription: "no HTTP", code: "upstream_invalid_response", answer: "502 part_failed") {
            try $0.send("hello\r\n\r\n")
            _ = try $0.waitForClose()
        },
        Failure(testDescription: "silent", code: "upstream_timeout", answer: "504 part_timeout") {
            _ = try $0.waitForClose()
        },
        Failure(testDescription: "silent behind the head", code: "upstream_timeout", answer: "504 part_timeout") {
            try $0.send("HTTP/1.1 200 OK\r\n\(json)Content-Length: 50\r\n\r\n{\"a\":")
            _ = try $0.waitForClose()
        },
    ]

    /// Whatever one part does: where it is needed, the declared error; where it is not, what the file says in its place,
    /// its name in a header, and the other part untouched.
    @Test(arguments: failures)
    func whateverAPartDoes(_ failure: Failure) throws {
        let good = try Self.service(["/good": "{\"n\":1}"])
        let bad = try ScriptedUpstream { connection in
            while let request = try connection.readRequest() {
                #expect(request.target == "/bad")
                try failure.script(connection)
                if connection.isClosed { return }
            }
        }
        // Short only where it has to pass.
        let limit = failure.code == "upstream_timeout" ? "300ms" : "20s"
        func route(_ path: String, _ onError: String) -> String {
            """
              - path: \(path)
                aggregate:
                  failed_parts: errors
                  parts:
                    good: { service: good, path: /good }
                    bad: { service: bad, path: /bad, timeout: \(limit), on_error: \(onError) }

            """
        }
        let routes =
            route("/fail", "fail") + route("/omit", "omit") + route("/null", "null")
            + route("/value", "{ value: [] }") + route("/pass", "pass")
        let configuration = Self.configuration(
            ["good": good, "bad": bad], routes, top: "limits: { buffered_body: 4096 }")
        try withGateway(configuration, good) { gateway in
            let status = failure.code == "part_status" ? ",\"status\":503" : ""
            let errors = "\"errors\":[{\"part\":\"bad\",\"error\":\"\(failure.code)\"\(status)}]"
            for (path, expected) in [
                ("/fail", failure.answer), ("/omit", "{\"good\":{\"n\":1},\(errors)}"),
                ("/null", "{\"good\":{\"n\":1},\"bad\":null,\(errors)}"),
                ("/value", "{\"good\":{\"n\":1},\"bad\":[],\(errors)}"),
                ("/pass", failure.code == "part_status" ? #"503 {"why":"closed"}"# : failure.answer),
            ] {
                let answer = try gateway.exchange(request("GET \(path)"))
                #expect(summary(of: answer) == expected, "\(path)")
                #expect(answer.fields.values("x-failed-parts") == ["bad"], "\(path)")
                #expect(answer.fields.contains("x-response-time"))
                // The list stands in errors of the gateway, too, and nowhere in what a service said itself.
                #expect(answer.bodyText.contains(errors) == (summary(of: answer) != #"503 {"why":"closed"}"#))
                _ = try JSON(answer.bodyText)
                if answer.status == 200 || path == "/pass" && status != "" {
                    #expect(answer.fields.values("cache-control") == ["no-store"])
                }
                // The gateway is none the worse for it.
                #expect(gateway.ask("GET /other") == "404 not_found")
            }
        }
    }

    /// A service that is not there, or refused by its breaker.
    @Test func aServiceThatIsGone() throws {
        let good = try Self.service(["/good": "1"])
        let gone = try ScriptedUpstream(named: "gone")
        gone.stop()
        let routes = """
              - path: /
                aggregate:
                  failed_parts: errors
                  parts:
                    good: { service: good, path: /good }
                    gone: { service: gone, path: /, on_error: omit }
            """
        try withGateway(Self.configuration(["good": good, "gone": gone], routes), good) { gateway in
            #expect(
                gateway.ask("GET /")
                    == #"{"good":1,"errors":[{"part":"gone","error":"upstream_connect_refused"}]}"#)
        }
    }

    // MARK: Exchanges

    /// Retries, and endpoints that are left out, as for any request.
    @Test func partsAreTriedAgain() throws {
        let good = try Self.service(["/a": "1"])
        let bad = try ScriptedUpstream { _, connection in try connection.respond(503, body: "no") }
        let configuration = """
            listeners: [ { address: "127.0.0.1:0" } ]
            workers: 1
            access_log: { enabled: true }
            services:
              pair:
                endpoints: [ "\(good.url)", "\(bad.url)" ]
                retries: { attempts: 1, retry_on: [ 503 ], budget: 100% }
            routes: [ { path: /, aggregate: { parts: { a: { service: pair, path: /a } } } } ]
            """
        try withGateway(configuration, good, bad) { gateway in
            for _ in 0..<4 { #expect(gateway.ask("GET /") == "{\"a\":1}") }
            #expect(bad.requests.count >= 1)
            let attempts = try Self.lines(gateway, 4).map { record -> Double in
                guard case .array(let parts) = record["parts"] else { return 0 }
                return parts.first?["attempts"]?.number ?? 0
            }
            // Whose turn comes first is left to chance.
            #expect(attempts.contains(2) && attempts.allSatisfy { $0 == 1 || $0 == 2 }, "\(attempts)")
        }
    }

    /// The order follows from the references; a POST has its template; fields go along by list.
    @Test func onePartFeedsAnother() throws {
        let users = try Self.service(["/users/a%2Fb": #"{"id":9,"name":"Ann","teams":["x","y z"]}"#])
        let orders = try ScriptedUpstream { request, connection in
            let field = request.fields["x-tenant"] ?? "none"
            let type = request.fields["content-type"] ?? "none"
            try connection.respond(
                200, fields: Self.json,
                body: "{\"said\":\"\(request.method) \(request.target) \(field) \(type)\",\"got\":\(request.bodyText)}")
        }
        let routes = """
              - path: "/u/{id}"
                methods: [ POST ]
                aggregate:
                  forward_headers: [ X-Tenant ]
                  parts:
                    order:
                      service: orders
                      method: POST
                      path: "/orders/{user.teams}"
                      query: { name: "{user.name}", none: "{user.none}", page: "{query.page}" }
                      body: { by: $user.id, note: $request.body.note }
                    user: { service: users, path: "/users/{id}" }
            """
        try withGateway(Self.configuration(["users": users, "orders": orders], routes), users, orders) { gateway in
            let client = try gateway.connect()
            let head =
                "POST /u/a%2Fb?page=2 HTTP/1.1\r\nHost: x\r\nX-Tenant: Acme\r\nContent-Type: application/json\r\n"
            for framing in [
                "Content-Length: 13\r\n\r\n{\"note\":1.50}",
                "Transfer-Encoding: chunked\r\n\r\nd\r\n{\"note\":1.50}\r\n0\r\n\r\n",
            ] {
                try client.send(head + framing)
                let answer = try client.readResponse()
                #expect(
                    answer.bodyText
                        == #"{"order":{"said":"POST /orders/x,y%20z?name=Ann&page=2 Acme application/json","#
                        + #""got":{"by":9,"note":1.50}},"user":{"id":9,"name":"Ann","teams":["x","y z"]}}"#)
            }
            // A body that is no JSON, though it says so.
            try client.send(head + "Content-Length: 2\r\n\r\n{x")
            #expect(summary(of: try client.readResponse()) == "400 request_body_malformed")
        }
    }

    /// A body that no part asks for is read and thrown away; the connection goes on.
    @Test func aBodyThatNobodyAsksFor() throws {
        let good = try Self.service(["/a": "1"])
        let routes = "  - { path: /, aggregate: { parts: { a: { service: good, path: /a } } } }"
        try withGateway(Self.configuration(["good": good], routes), good) { gateway in
            let client = try gateway.connect()
            for _ in 0..<2 {
                try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
                #expect(try client.readResponse().bodyText == "{\"a\":1}")
            }
            try client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = try client.readResponse(to: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty && head.fields.values("content-length") == ["7"])
        }
    }

    // MARK: Beside policies

    @Test func policiesStandAround() throws {
        let good = try Self.service(["/a": #"{"id":1,"secret":2}"#])
        let top = """
            cors: { origins: [ https://app.example.com ], methods: [ GET ] }
            rate_limiting: { default: { requests_per_minute: 2, burst: 2, key: client_ip } }
            transformations: [ { path: /**, response: { remove_fields: [ secret ], headers: { set: { X-Shaped: "yes" } } } } ]
            """
        let routes = """
              - path: /a
                aggregate: { parts: { a: { service: good, path: /a }, b: { service: good, path: /b, on_error: omit } } }
            """
        try withGateway(Self.configuration(["good": good], routes, top: top), good) { gateway in
            let answer = try gateway.exchange(request("GET /a", "Origin: https://app.example.com"))
            #expect(answer.bodyText == #"{"a":{"id":1}}"#)
            #expect(answer.framing == .length(answer.body.count))
            #expect(answer.fields["access-control-allow-origin"] == "https://app.example.com")
            #expect(answer.fields["x-shaped"] == "yes" && answer.fields["x-ratelimit-remaining"] == "1")
            #expect(answer.fields["x-failed-parts"] == "b")
            let head = try gateway.exchange(request("HEAD /a"), method: "HEAD")
            #expect(head.status == 200 && !head.fields.contains("content-length") && head.body.isEmpty)
            #expect(gateway.ask("GET /a") == "429 rate_limit_exceeded")
        }
    }

    @Test func whatCachesAreTold() throws {
        let services = try ["max-age=60, public", "max-age=20", "private", ""].map { control in
            try ScriptedUpstream { _, connection in
                let field = control.isEmpty ? "" : "Cache-Control: \(control)\r\n"
                try connection.respond(200, fields: Self.json + field + "Vary: Accept-Language\r\n", body: "1")
            }
        }
        let named = Dictionary(uniqueKeysWithValues: services.enumerated().map { ("s\($0)", $1) })
        func route(_ path: String, _ parts: [Int], _ more: String = "") -> String {
            "  - { path: \(path), aggregate: { parts: { "
                + parts.map { "p\($0): { service: s\($0), path: / }" }.joined(separator: ", ") + " }\(more) } }\n"
        }
        let routes =
            route("/a", [0, 1]) + route("/b", [0, 2]) + route("/c", [0, 3]) + route("/d", [3])
            + route("/e", [1], ", forward_headers: [ X-Tenant ]")
        try withGateway(Self.configuration(named, routes), services[0], services[1]) { gateway in
            func told(_ path: String) throws -> [String?] {
                let fields = try gateway.exchange(request("GET \(path)")).fields
                return [fields["cache-control"], fields["vary"]]
            }
            for (path, expected) in [
                ("/a", ["max-age=20", "accept-language"]), ("/b", ["private", "accept-language"]),
                ("/c", ["no-cache", "accept-language"]), ("/d", [nil, nil]),
                ("/e", ["max-age=20", "x-tenant, accept-language"]),
            ] {
                let fields = try told(path)
                #expect(fields == expected, "\(path)")
            }
        }
    }

    // MARK: Bounds

    /// A fan-out never has more calls under way than it may, and its answer is in the order of the array.
    @Test func aFanOutIsBounded() throws {
        let peak = Counter()
        let items = try ScriptedUpstream { request, connection in
            if request.target == "/list" {
                return try connection.respond(
                    200, fields: Self.json, body: "[" + (0..<40).map { "\($0)" }.joined(separator: ",") + "]")
            }
            peak.enter()
            Pause.milliseconds(3)
            peak.leave()
            try connection.respond(200, fields: Self.json, body: String(request.target.dropFirst(3)))
        }
        let routes = """
              - path: /
                aggregate:
                  parts:
                    list: { service: items, path: /list }
                    all: { service: items, each: $list, path: "/i/{item}", concurrency: 4 }
                  body: $all
            """
        try withGateway(Self.configuration(["items": items], routes), items) { gateway in
            #expect(gateway.ask("GET /") == "[" + (0..<40).map { "\($0)" }.joined(separator: ",") + "]")
            #expect((2...4).contains(peak.most))
        }
    }

    /// The client goes: its parts are given up.
    @Test func theClientGoes() throws {
        let stuck = try ScriptedUpstream { _, connection in _ = try connection.waitForClose() }
        let routes = """
              - { path: /, aggregate: { parts: { a: { service: stuck, path: /a }, b: { service: stuck, path: /b } } } }
            """
        try withGateway(Self.configuration(["stuck": stuck], routes, log: true), stuck) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /"))
            _ = try stuck.waitForRequest(2)
            client.reset()
            try stuck.waitForClose()
            let record = try Self.lines(gateway, 1)[0]
            #expect(record["status"]?.number == 499 && record["error"]?.text == "client_closed")
            #expect(gateway.ask("GET /none") == "404 not_found")
        }
    }

    /// A needed part fails: the others are given up at once, not waited for.
    @Test func theOthersAreGivenUp() throws {
        let stuck = try ScriptedUpstream { _, connection in _ = try connection.waitForClose() }
        let bad = try Self.service([:])
        let routes =
            "  - { path: /, aggregate: { parts: { a: { service: stuck, path: / }, b: { service: bad, path: /b } } } }"
        try withGateway(Self.configuration(["stuck": stuck, "bad": bad], routes), stuck, bad) { gateway in
            #expect(gateway.ask("GET /") == "502 part_failed")
            try stuck.waitForClose()
        }
    }

    /// One deadline: what is not there by then has failed, and the rest is the answer.
    @Test func oneDeadline() throws {
        let stuck = try ScriptedUpstream { _, connection in _ = try connection.waitForClose() }
        let good = try Self.service(["/a": "1"])
        let routes = """
              - path: /
                aggregate:
                  timeout: 2s
                  parts:
                    a: { service: good, path: /a }
                    b: { service: stuck, path: /, on_error: omit }
                    c: { service: good, path: "/a/{b.id}", on_error: null }
            """
        try withGateway(Self.configuration(["stuck": stuck, "good": good], routes), good, stuck) { gateway in
            let answer = try gateway.exchange(request("GET /"))
            #expect(answer.bodyText == #"{"a":1,"c":null}"#)
            #expect(answer.fields["x-failed-parts"] == "b, c")
        }
    }

    /// A thousand at once, three calls each, some of which fail; afterwards nothing is under way and a further request
    /// is served as the first was.
    @Test func aThousandAtOnce() throws {
        let service = try ScriptedUpstream { request, connection in
            if request.target.hasPrefix("/bad") { return try connection.respond(500, body: "") }
            try connection.respond(200, fields: Self.json, body: "\"\(request.target)\"")
        }
        let routes = """
              - path: "/{id}"
                aggregate:
                  parts:
                    a: { service: service, path: "/a/{id}" }
                    b: { service: service, path: "/b/{a}", on_error: omit }
                    bad: { service: service, path: "/bad/{id}", on_error: null }
            """
        let configuration = Self.configuration(["service": service], routes)
            .replacing("\(service.url)\" ]", with: "\(service.url)\" ], pool: { max_connections: 64 }")
        try withGateway(configuration, admin: true) { gateway in
            let clients = try (0..<1_000).map { number -> RawClient in
                let client = try gateway.connect()
                try client.send(request("GET /\(number)"))
                return client
            }
            for (number, client) in clients.enumerated() {
                // Every tenth goes away without waiting.
                if number % 10 == 3 {
                    client.reset()
                    continue
                }
                let expected = "{\"a\":\"/a/\(number)\",\"b\":\"/b/%2Fa%2F\(number)\",\"bad\":null}"
                let text = try client.readResponse().bodyText
                if text != expected {
                    Issue.record("\(number): \(text)")
                    return
                }
                client.close()
            }
            #expect(gateway.ask("GET /last") == #"{"a":"/a/last","b":"/b/%2Fa%2Flast","bad":null}"#)
            // Nothing is left under way: neither requests nor places at the service. The scrape itself is a request.
            for (name, most) in [
                ("gatehouse_requests_in_flight", 1),
                ("gatehouse_upstream_requests_in_flight{service=\"service\"}", 0),
                ("gatehouse_upstream_requests_pending{service=\"service\"}", 0),
            ] {
                try eventually("\(name) to be \(most)") {
                    let page = try RawClient.exchange(port: gateway.adminPort ?? 0, scrape).bodyText
                    let line = page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
                    return line.flatMap { Int($0.split(separator: " ").last ?? "") } == most
                }
            }
        }
    }
}

/// How many are inside at once, and the most that ever were.
private final class Counter: Sendable {
    private let state = Mutex((now: 0, most: 0))

    func enter() {
        state.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
        }
    }

    func leave() { state.withLock { $0.now -= 1 } }

    var most: Int { state.withLock { $0.most } }
}

/// The time that a scripted service takes.
private enum Pause {
    static func milliseconds(_ count: Int) { usleep(UInt32(count) * 1_000) }
}
