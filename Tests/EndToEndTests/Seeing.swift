import GatehouseTesting
import Testing

/// What an operator sees: the access log, the metrics, the health pages; and what a client sees of an error.
@Suite struct Seeing {
    private let origin: ScriptedUpstream
    init() throws { origin = try ScriptedUpstream(named: "origin") }

    private func logging(_ keys: String = "") -> String {
        """
        listeners: [ { address: "127.0.0.1:0" } ]
        workers: 1
        access_log: { enabled: true\(keys.isEmpty ? "" : ", \(keys)") }
        services: { users: { endpoints: [ "\(origin.url)" ] } }
        routes:
          - { name: people, path: "/users/{id}", service: users }
          - { name: fixed, path: /fixed, respond: { body: hello } }

        """
    }

    /// Waits for so many whole lines on the gateway's standard output.
    private func lines(_ gateway: GatewayProcess, _ count: Int) throws -> [JSON] {
        let text = try gateway.process.wait(for: "\(count) access log lines") { output, _ in
            output.filter { $0 == "\n" }.count >= count ? output : nil
        }
        return try text.split(separator: "\n").map { try JSON(String($0)) }
    }

    // MARK: The access log

    @Test func everyFieldOfARecord() throws {
        try withGateway(logging(), origin) { gateway in
            let client = try gateway.connect()
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let text =
                request(
                    "POST /users/7?page=2", "X-Request-Id: req_1", "traceparent: 00-\(trace)-00f067aa0ba902b7-01",
                    "Content-Length: 5") + "hello"
            try client.send(text)
            let response = try client.readResponse()
            let record = try #require(try lines(gateway, 1).first)
            let time = try #require(record["time"]?.text)
            #expect(time.hasSuffix("Z") && time.utf8.count >= 20 && time.dropFirst(10).first == "T")
            #expect(record["request_id"]?.text == "req_1")
            #expect(record["trace_id"]?.text == trace)
            #expect(record["client"]?.text == "127.0.0.1")
            #expect(record["client_port"]?.number == Double(client.localPort))
            #expect(record["method"]?.text == "POST")
            #expect(record["host"]?.text == "gateway.test")
            #expect(record["path"]?.text == "/users/7?page=2")
            #expect(record["protocol"]?.text == "HTTP/1.1")
            #expect(record["route"]?.text == "people")
            #expect(record["rule"]?.text?.hasSuffix("gateway.yaml:6") == true)
            #expect(record["service"]?.text == "users")
            #expect(record["endpoint"]?.text?.contains(origin.authority) == true)
            #expect(record["status"]?.number == 200)
            #expect(record["status_from"]?.text == "upstream")
            #expect(record["error"] == nil)
            #expect(record["bytes_in"]?.number == Double(text.utf8.count))
            #expect(record["bytes_out"]?.number == Double(response.rawHead.count + response.body.count))
            #expect(try #require(record["duration_ms"]?.number) > 0)
            let upstream = try #require(record["upstream"])
            #expect(try #require(upstream["connect_ms"]?.number) > 0)
            #expect(try #require(upstream["first_byte_ms"]?.number) > 0)
            #expect(try #require(upstream["total_ms"]?.number) > 0)
            #expect(record["attempts"]?.number == 1)
        }
    }

    /// A refused path says which rule refused it.
    @Test func aRefusedPathHasItsReason() throws {
        try withGateway(logging(), origin) { gateway in
            for target in ["/a%5Cb", "/a%00", "/a%zz", "/fixed"] { _ = gateway.ask("GET \(target)") }
            let records = try lines(gateway, 4)
            #expect(records.map { $0["error"]?.text } == ["path_rejected", "path_rejected", "path_rejected", nil])
            let expected = ["path_encoded_backslash", "path_encoded_null", "path_bad_escape"]
            for (record, reason) in zip(records, expected) {
                #expect(record["reason"]?.text == reason, "\(record)")
            }
            #expect(records[3]["reason"] == nil)
        }
    }

    /// Refused, malformed and half requests leave a line as well.
    @Test func whatFailsIsLoggedToo() throws {
        let broken = try ScriptedUpstream(connection: { connection in _ = try connection.readRequest() })
        let configuration = logging() + "  - { name: broken, path: /broken, upstream: \"\(broken.url)\" }\n"
        try withGateway(configuration, origin, broken) { gateway in
            #expect(gateway.ask("GET /none") == "404 not_found")
            #expect(gateway.ask("POST /broken", "Content-Length: 0") == "502 upstream_reset")
            let bad = try gateway.exchange("GET / HTTP/1.1\r\nHost : a\r\n\r\n")
            #expect(bad.status == 400)
            #expect(gateway.ask("GET /fixed") == "hello")
            let records = try lines(gateway, 4)
            #expect(records.map { $0["status"]?.number } == [404, 502, 400, 200])
            #expect(records.map { $0["error"]?.text } == ["not_found", "upstream_reset", "bad_request", nil])
            #expect(records.allSatisfy { $0["status_from"]?.text == "gateway" })
            #expect(records.allSatisfy { $0["request_id"]?.text?.isEmpty == false })
            #expect(records[0]["route"] == nil)
            #expect(records[1]["route"]?.text == "broken")
        }
    }

    @Test func queriesAndHeadersAreRedacted() throws {
        let keys = "redact_query: [ token, Card ], headers: [ User-Agent, Authorization, X-Absent ]"
        try withGateway(logging(keys), origin) { gateway in
            let fields = ["User-Agent: test \"1\"", "Authorization: Bearer secret-in-header"]
            _ = try gateway.exchange(
                request("GET /users/7?a=1&token=secret1&Card=secret2&b=2&token=secret3", fields[0], fields[1]))
            let record = try #require(try lines(gateway, 1).first)
            #expect(record["path"]?.text == "/users/7?a=1&token=***&Card=***&b=2&token=***")
            #expect(record["headers"]?["user-agent"]?.text == "test \"1\"")
            #expect(record["headers"]?["authorization"]?.text == "***")
            #expect(record["headers"]?["x-absent"] == nil)
            #expect(!gateway.process.output.contains("secret"))
            #expect(try origin.waitForRequest().target.contains("token=secret1"), "the service still gets it")
        }
    }

    /// Nothing that a client sends can break out of its line.
    @Test func hostileBytesStayInTheirLine() throws {
        try withGateway(logging("headers: [ User-Agent ]"), origin) { gateway in
            let client = try gateway.connect()
            let head = Array("GET /users/\"},{\"x\":\"y HTTP/1.1\r\nHost: a\r\nUser-Agent: a\\\"\t".utf8)
            try client.send(head + [0xFF, 0xC3, 0x28] + Array("\r\n\r\n".utf8))
            _ = try client.readResponse()
            let record = try #require(try lines(gateway, 1).first)
            #expect(record["x"] == nil)
            #expect(record["headers"]?["user-agent"]?.text?.hasPrefix("a\\\"\t") == true)
        }
    }

    @Test func samplingKeepsErrors() throws {
        try withGateway(logging("sample: 0.25"), origin) { gateway in
            let client = try gateway.connect()
            for _ in 0..<40 {
                try client.send(request("GET /fixed"))
                _ = try client.readResponse()
                try client.send(request("GET /none"))
                _ = try client.readResponse()
            }
            let records = try lines(gateway, 50)
            #expect(records.filter { $0["status"]?.number == 404 }.count == 40)
            #expect(records.filter { $0["status"]?.number == 200 }.count == 10)
        }
    }

    /// Rotation: the file is moved away, SIGUSR1 opens a new one, no line is lost.
    @Test func theLogIsReopened() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("access.log")
        let moved = directory.file("access.log.1")
        try withGateway(logging("path: \"\(path)\""), origin, directory: directory) { gateway in
            _ = try gateway.exchange(request("GET /fixed?first"))
            try eventually("the first line") { TemporaryDirectory.read(path)?.contains("first") == true }
            try TemporaryDirectory.move(path, to: moved)
            gateway.process.send(.user1)
            try eventually("a new file") { TemporaryDirectory.read(path) != nil }
            _ = try gateway.exchange(request("GET /fixed?second"))
            try eventually("the second line") { TemporaryDirectory.read(path)?.contains("second") == true }
            #expect(TemporaryDirectory.read(moved)?.contains("second") == false)
            for text in [TemporaryDirectory.read(path), TemporaryDirectory.read(moved)] {
                for line in try #require(text).split(separator: "\n") { _ = try JSON(String(line)) }
            }
        }
    }

    /// A gateway that is told to stop writes what it holds.
    @Test func noLineIsLostAtTheEnd() throws {
        let gateway = try GatewayProcess(logging())
        for number in 0..<25 { _ = try gateway.exchange(request("GET /fixed?\(number)")) }
        gateway.process.send(.terminate)
        #expect(try gateway.process.waitForExit() == .code(0))
        #expect(gateway.process.output.split(separator: "\n").count == 25)
    }

    // MARK: Pages of the admin listener

    @Test func healthPages() throws {
        try withGateway(withAdmin, admin: true) { gateway in
            let port = try #require(gateway.adminPort)
            for path in ["/livez", "/readyz"] {
                let response = try RawClient.exchange(port: port, request("GET \(path)"))
                #expect(response.status == 200)
            }
            #expect(gateway.ask("GET /none", on: port) == "404 not_found")
            #expect(try RawClient.exchange(port: port, request("POST /livez", "Content-Length: 0")).status == 405)
            #expect(gateway.ask("GET /metrics") == "404 not_found", "only on the admin listener")
        }
    }

    @Test func metricsAreValidAndCount() throws {
        let configuration =
            withAdmin + """
                services: { users: { endpoints: [ "\(origin.url)" ] } }
                routes: [ { name: "odd \\"name\\"", path: "/users/{id}", service: users } ]

                """
        try withGateway(configuration, origin, admin: true) { gateway in
            let port = try #require(gateway.adminPort)
            let client = try gateway.connect()
            for number in 0..<5 {
                try client.send(request("GET /users/\(number)"))
                _ = try client.readResponse()
            }
            try client.send(request("GET /none"))
            _ = try client.readResponse()
            // The figures of a request are added once its last byte is on its way, and so perhaps after it was read.
            var last: PrometheusPage?
            try eventually("six requests to be counted") {
                let response = try RawClient.exchange(port: port, scrape)
                #expect(response.fields["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
                let page = try PrometheusPage(response.bodyText)
                last = page
                return page.sum("gatehouse_responses_total", ["code": "200"]) >= 5
                    && page.sum("gatehouse_errors_total", ["code": "not_found"]) >= 1
            }
            let page = try #require(last)
            let route = ["route": "odd \"name\""]
            #expect(page.sum("gatehouse_requests_total", route) == 5)
            #expect(page.sum("gatehouse_requests_total", route.merging(["status": "2xx"]) { $1 }) == 5)
            #expect(page.sum("gatehouse_request_duration_seconds_count", route) == 5)
            #expect(page.sum("gatehouse_request_bytes_total", route) > 100)
            #expect(page.sum("gatehouse_response_bytes_total", route) > 100)
            #expect(page.sum("gatehouse_upstream_requests_total", ["service": "users"]) == 5)
            #expect(page.sum("gatehouse_upstream_connections_opened_total", ["service": "users"]) == 1)
            #expect(page.sum("gatehouse_upstream_connections_reused_total", ["service": "users"]) == 4)
            #expect(page.sum("gatehouse_downstream_connections_accepted_total") >= 1)
            #expect(page.types["gatehouse_requests_in_flight"] == "gauge")
            #expect(
                !page.samples.keys.contains { $0.labels.values.contains { $0.contains("/users/3") } }, "no raw paths")
        }
    }

    // MARK: What a client sees of an error

    @Test func errorBodies() throws {
        try withGateway(logging(), origin) { gateway in
            let plain = try gateway.exchange(request("GET /none"))
            #expect(plain.fields["content-type"] == "application/json")
            let body = try JSON(plain.bodyText)
            #expect(body.keys == ["error", "message"])
            #expect(body["error"]?.text == "not_found")
            #expect(body["message"]?.text?.hasSuffix(".") == true)
            #expect(plain.fields["proxy-status"]?.hasPrefix("gatehouse; error=") == true)
            #expect(plain.fields["x-request-id"]?.isEmpty == false)
            #expect(plain.fields["content-length"] == "\(plain.body.count)")

            let problem = try gateway.exchange(request("GET /none", "Accept: application/problem+json"))
            #expect(problem.fields["content-type"] == "application/problem+json")
            let members = try JSON(problem.bodyText)
            #expect(members["status"]?.number == 404)
            #expect(members["title"]?.text == "Not Found")
            #expect(members["type"]?.text == "about:blank")
            #expect(members["detail"]?.text?.isEmpty == false)
            #expect(members["error"]?.text == "not_found")

            let head = try gateway.exchange(request("HEAD /none"), method: "HEAD")
            #expect(head.status == 404)
            #expect(head.fields["content-length"] == "\(plain.body.count)")
        }
    }

    /// A request that could not even be read gets an id and a body too.
    @Test func malformedRequestsGetAProperError() throws {
        try withGateway(logging(), origin) { gateway in
            let client = try gateway.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 400)
            #expect(response.fields["x-request-id"]?.isEmpty == false)
            #expect(response.fields["connection"]?.lowercased() == "close")
            #expect(try JSON(response.bodyText)["error"]?.text == "bad_request")
            try client.expectClosed()
        }
    }

    /// An upstream's own error, word for word; and no sign of the gateway's own on it.
    @Test func anUpstreamsErrorPassesUntouched() throws {
        let failing = try ScriptedUpstream { request, connection in
            try connection.respond(503, fields: "Content-Type: text/plain\r\nRetry-After: 7\r\n", body: "out to lunch")
        }
        try withGateway(everything(to: failing), failing) { gateway in
            let response = try gateway.exchange(request())
            #expect(response.status == 503)
            #expect(response.bodyText == "out to lunch")
            #expect(response.fields["retry-after"] == "7")
            #expect(!response.fields.contains("proxy-status"))
            #expect(response.fields["x-request-id"]?.isEmpty == false)
        }
    }
}
