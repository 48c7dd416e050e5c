import GatehouseTesting
import Testing

/// The admin API over real sockets: what it tells is so, and what it changes is seen by clients.
@Suite struct Admin {
    private static let token = "a-token-for-tests"

    /// A reply with its parsed body.
    private struct Reply {
        var status: Int
        var body: JSON
        var response: StrictResponse

        var error: String { "\(status) \(body["error"]?.text ?? "")" }
        var message: String { body["message"]?.text ?? "" }
    }

    private func call(
        _ gateway: GatewayProcess, _ line: String, _ fields: String..., body: String? = nil
    ) throws -> Reply {
        let method = String(line.split(separator: " ")[0])
        var head = "\(line) HTTP/1.1\r\n"
        if !fields.contains(where: { $0.hasPrefix("Host:") }) { head += "Host: 127.0.0.1\r\n" }
        head += fields.map { $0 + "\r\n" }.joined()
        if let body {
            if !fields.contains(where: { $0.hasPrefix("Content-Type:") }) {
                head += "Content-Type: application/json\r\n"
            }
            head += "Content-Length: \(body.utf8.count)\r\n"
        }
        let response = try RawClient.exchange(
            port: try #require(gateway.adminPort), head + "\r\n" + (body ?? ""), method: method)
        return Reply(status: response.status, body: try JSON(response.bodyText), response: response)
    }

    private func configuration(_ one: ScriptedUpstream, _ two: ScriptedUpstream, _ more: String = "") -> String {
        withAdmin + """
            services:
              pair: { endpoints: [ "\(one.url)", "\(two.url)" ], circuit_breaker: { error_ratio: 50% } }
              blue: { endpoints: [ "\(one.url)" ] }
              green: { endpoints: [ "\(two.url)" ] }
            routes:
              - { name: pair, path: "/pair", service: pair }
              - name: shop
                path: "/shop"
                split: [ { service: blue, weight: 1 }, { service: green, weight: 0 } ]
              - name: release
                path: "/release"
                split: [ { service: blue, weight: 100 }, { service: green, weight: 0 } ]
                canary: { candidate: green, steps: [ 10%, 50% ], pause: 1h, auto_start: false }
            \(more)

            """
    }

    private func with(
        _ more: String = "", _ body: (GatewayProcess, ScriptedUpstream, ScriptedUpstream) throws -> Void
    ) throws {
        let one = try ScriptedUpstream(named: "one")
        let two = try ScriptedUpstream(named: "two")
        try withGateway(configuration(one, two, more), one, two, admin: true) { try body($0, one, two) }
    }

    /// Which origins answer ten requests, in the order of their names.
    private func answers(_ gateway: GatewayProcess, _ path: String) -> Set<String> {
        Set((0..<10).map { _ in String(gateway.ask("GET \(path)").prefix(3)) })
    }

    /// A name as a segment of a path.
    private func encoded(_ url: String) -> String { url.replacing("/", with: "%2F") }

    // MARK: Reading

    @Test func tellsWhatRuns() throws {
        try with { gateway, one, two in
            let status = try call(gateway, "GET /api/v1/status").body
            #expect(status["version"]?.text?.isEmpty == false && status["state"]?.text == "ready")
            guard case .array(let listeners)? = status["listeners"] else { throw KitFailure(.violation, "none") }
            #expect(
                listeners.map { $0["address"]?.text }
                    == [gateway.port, gateway.adminPort ?? 0].map { "127.0.0.1:\($0)" })
            #expect(status["configuration"]?["path"]?.text == gateway.file)
            #expect(status["configuration"]?["routes"]?.number == 3)

            let pair = try call(gateway, "GET /api/v1/services/pair").body
            #expect(pair["breaker"]?.text == "closed" && pair["caps"]?["requests"]?.number == 10_000)
            guard case .array(let endpoints)? = pair["endpoints"] else { throw KitFailure(.violation, "none") }
            #expect(endpoints.map { $0["url"]?.text } == [one.url, two.url])
            #expect(endpoints.map { $0["state"]?.text } == ["available", "available"])
            guard case .array(let services)? = try call(gateway, "GET /api/v1/services").body["services"] else {
                throw KitFailure(.violation, "none")
            }
            #expect(services.map { $0["name"]?.text } == ["pair", "blue", "green"])
            #expect(services[1]["breaker"]?.text == "off")

            guard case .array(let splits)? = try call(gateway, "GET /api/v1/splits").body["splits"] else {
                throw KitFailure(.violation, "none")
            }
            #expect(splits.map { $0["route"]?.text } == ["release", "shop"])
            guard case .array(let canaries)? = try call(gateway, "GET /api/v1/canaries").body["splits"] else {
                throw KitFailure(.violation, "none")
            }
            #expect(canaries.map { $0["canary"]?["state"]?.text } == ["idle"])
            let head = try RawClient.exchange(
                port: gateway.adminPort ?? 0, "HEAD /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", method: "HEAD")
            #expect(head.status == 200)
        }
    }

    /// Every answer has the members that the document promises, no others.
    @Test func answersAreAsTheDocumentHasThem() throws {
        try with { gateway, _, _ in
            let document = try call(gateway, "GET /api/v1/openapi.json").body
            let schemas = try #require(document["components"]?["schemas"])
            func check(_ value: JSON, _ schema: JSON, _ place: String) {
                if case .string(let reference)? = schema["$ref"] {
                    return check(value, schemas[String(reference.dropFirst(21))] ?? .null, place)
                }
                if value == .null { return }
                if case .array(let choices)? = schema["anyOf"] { return check(value, choices[0], place) }
                switch value {
                case .object:
                    #expect(Set(value.keys) == Set(schema["properties"]?.keys ?? []), "\(place)")
                    for key in value.keys {
                        check(value[key] ?? .null, schema["properties"]?[key] ?? .null, "\(place).\(key)")
                    }
                case .array(let items): for item in items { check(item, schema["items"] ?? .null, place) }
                default: break
                }
            }
            for (path, schema) in [
                ("status", "Status"), ("services", "Services"), ("services/pair", "Service"), ("splits", "Splits"),
                ("splits/release", "Split"),
            ] {
                let reply = try call(gateway, "GET /api/v1/\(path)")
                #expect(reply.status == 200)
                check(reply.body, try #require(schemas[schema]), schema)
            }
            check(try call(gateway, "POST /api/v1/reload").body, try #require(schemas["Reload"]), "Reload")
        }
    }

    // MARK: Changing

    @Test func aDrainedEndpointGetsNothing() throws {
        try with { gateway, one, two in
            #expect(answers(gateway, "/pair") == ["one", "two"])
            let path = "/api/v1/services/pair/endpoints/\(encoded(one.url))"
            let drained = try call(gateway, "POST \(path)/drain")
            #expect(drained.status == 200 && drained.body["state"]?.text == "draining")
            #expect(answers(gateway, "/pair") == ["two"])
            // Another service's endpoint of the same address is another one.
            #expect(answers(gateway, "/shop") == ["one"])
            // It holds over a reload that changes its service.
            _ = try gateway.directory.write(
                configuration(one, two).replacing("50%", with: "60%", maxReplacements: 1), to: "gateway.yaml")
            let reload = try call(gateway, "POST /api/v1/reload")
            #expect(reload.body["outcome"]?.text == "applied")
            #expect(answers(gateway, "/pair") == ["two"])
            // By host and port it is the same one.
            let enabled = try call(
                gateway, "POST /api/v1/services/pair/endpoints/127.0.0.1:\(one.port)/enable", body: "{}")
            #expect(enabled.body["state"]?.text == "available")
            #expect(answers(gateway, "/pair") == ["one", "two"])
            let metrics = gateway.ask("GET /metrics", "Host: localhost", on: gateway.adminPort)
            #expect(metrics.contains("gatehouse_admin_changes_total{change=\"drain\"} 1\n"))
            #expect(metrics.contains("gatehouse_admin_changes_total{change=\"set_weights\"} 0\n"))
            let log = gateway.process.errors.split(separator: "\n").filter { $0.contains("ordered by the admin API") }
            #expect(log.count == 3 && log[0].contains("\"change\":\"drain\""))
            #expect(log[0].contains(one.url) && log[0].contains("\"client\":\"127.0.0.1:"))
        }
    }

    @Test func aSplitTakesEffectAtOnce() throws {
        try with { gateway, _, _ in
            #expect(answers(gateway, "/shop") == ["one"])
            let set = try call(gateway, "PUT /api/v1/splits/shop", body: "{\"weights\": {\"blue\": 0, \"green\": 100}}")
            #expect(set.status == 200 && set.body["set_by"]?.text == "operator")
            #expect(answers(gateway, "/shop") == ["two"])
            let zero = try call(gateway, "PUT /api/v1/splits/shop", body: "{\"weights\": {\"blue\": 0}}")
            #expect(zero.error == "400 bad_request" && zero.message.contains("add up to 0"))
            let stranger = try call(gateway, "PUT /api/v1/splits/shop", body: "{\"weights\": {\"red\": 1}}")
            #expect(stranger.error == "400 bad_request" && stranger.message.contains("blue, green"))
            #expect(answers(gateway, "/shop") == ["two"])
            let reset = try call(gateway, "DELETE /api/v1/splits/shop")
            #expect(reset.body["set_by"]?.text == "configuration")
            #expect(answers(gateway, "/shop") == ["one"])
        }
    }

    @Test func aCanaryIsSteered() throws {
        try with { gateway, _, _ in
            func order(_ word: String) throws -> String {
                let reply = try call(gateway, "POST /api/v1/canaries/release/\(word)")
                return reply.status == 200 ? reply.body["canary"]?["state"]?.text ?? "" : reply.error
            }
            #expect(try order("pause") == "409 conflict")
            #expect(try order("start") == "running")
            let weights = try call(
                gateway, "PUT /api/v1/splits/release", body: "{\"weights\": {\"blue\": 1, \"green\": 1}}")
            #expect(weights.error == "409 conflict")
            #expect(try order("pause") == "paused")
            #expect(try order("resume") == "running")
            #expect(try order("promote") == "promoted")
            #expect(answers(gateway, "/release") == ["two"])
            #expect(try order("start") == "running")
            #expect(try order("rollback") == "rolled_back")
            #expect(answers(gateway, "/release") == ["one"])
            let none = try call(gateway, "POST /api/v1/canaries/shop/start")
            #expect(none.error == "404 not_found" && none.body["known"] == .array([.string("release")]))
        }
    }

    @Test func aReloadWithErrorsChangesNothing() throws {
        try with { gateway, one, two in
            _ = try gateway.directory.write(
                configuration(one, two).replacing("path: \"/pair\"", with: "pth: \"/pair\""), to: "gateway.yaml")
            let refused = try call(gateway, "POST /api/v1/reload")
            #expect(refused.error == "422 configuration_refused")
            guard case .array(let errors)? = refused.body["errors"], let first = errors.first else {
                throw KitFailure(.violation, "no errors")
            }
            #expect(first["file"]?.text?.hasSuffix("gateway.yaml") == true && (first["line"]?.number ?? 0) > 0)
            #expect(first["message"]?.text?.contains("pth") == true)
            #expect(answers(gateway, "/pair") == ["one", "two"])
            _ = try gateway.directory.write(configuration(one, two), to: "gateway.yaml")
            #expect(try call(gateway, "POST /api/v1/reload").body["outcome"]?.text == "unchanged")
            let more = "  - { name: new, path: /new, respond: { body: new } }"
            _ = try gateway.directory.write(configuration(one, two, more), to: "gateway.yaml")
            let applied = try call(gateway, "POST /api/v1/reload").body
            #expect(applied["outcome"]?.text == "applied")
            #expect(applied["routes"]?["added"] == .array([.string("new")]))
            #expect(gateway.ask("GET /new") == "new")
        }
    }

    /// The answer comes late; a caller that has left must not leave it to another request.
    @Test func aCallerThatLeavesDuringAReloadHarmsNobody() throws {
        try with { gateway, _, _ in
            let port = try #require(gateway.adminPort)
            for _ in 0..<20 {
                let client = try RawClient(port: port)
                try client.send("POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\n")
                client.reset()
                #expect(try call(gateway, "GET /api/v1/status").status == 200)
            }
            // Two in one go: the second waits for the first one's answer.
            let client = try RawClient(port: port)
            try client.send(
                "POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try client.readResponse().bodyText.contains("outcome"))
            #expect(try client.readResponse().bodyText.contains("alive"))
        }
    }

    // MARK: What is refused

    @Test func namesThatAreNotThere() throws {
        try with { gateway, one, two in
            let service = try call(gateway, "GET /api/v1/services/pari")
            #expect(service.error == "404 not_found" && service.message.contains("did you mean \"pair\"?"))
            let endpoint = try call(gateway, "POST /api/v1/services/pair/endpoints/10.9.9.9:1/drain")
            #expect(endpoint.error == "404 not_found")
            #expect(endpoint.body["known"] == .array([.string(one.url), .string(two.url)]))
            #expect(try call(gateway, "GET /api/v1/splits/pair").error == "404 not_found")
            #expect(try call(gateway, "GET /api/v1/nothing").message.contains("/api/v1/openapi.json"))
            let method = try call(gateway, "PATCH /api/v1/splits/shop")
            #expect(method.error == "405 method_not_allowed")
            #expect(method.response.fields["allow"] == "GET, HEAD, PUT, DELETE")
        }
    }

    @Test func bodiesThatAreRefused() throws {
        try with { gateway, _, _ in
            let path = "PUT /api/v1/splits/shop"
            let weights = "{\"weights\": {\"green\": 1}}"
            #expect(
                try call(gateway, path, "Content-Type: text/plain", body: weights).error == "415 unsupported_media_type"
            )
            #expect(
                try call(gateway, path, "Content-Type: application/json", "Content-Encoding: gzip", body: weights).error
                    == "415 unsupported_media_type")
            #expect(
                try call(gateway, "POST /api/v1/reload", "Content-Type: application/x-www-form-urlencoded").error
                    == "415 unsupported_media_type")
            #expect(try call(gateway, path).error == "400 bad_request")
            #expect(try call(gateway, path, body: "{\"weights\"").error == "400 bad_request")
            #expect(try call(gateway, "POST /api/v1/reload", body: "{\"force\": true}").error == "400 bad_request")
            let large = "{\"weights\": {\"green\": 1}\(String(repeating: " ", count: 65_536))}"
            #expect(try call(gateway, path, body: large).error == "413 body_too_large")
            #expect(answers(gateway, "/shop") == ["one"])
            // In chunks, byte by byte, and with the client asking first.
            let client = try RawClient(port: gateway.adminPort ?? 0)
            try client.send(
                "\(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=utf-8\r\n"
                    + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
            #expect(try client.readAnyHead().status == 100)
            try client.sendByteByByte("\(String(weights.utf8.count, radix: 16))\r\n\(weights)\r\n0\r\n\r\n")
            #expect(try client.readResponse().status == 200)
            #expect(answers(gateway, "/shop") == ["two"])
        }
    }

    @Test func foreignPagesStayOutside() throws {
        try with { gateway, _, _ in
            let port = gateway.adminPort ?? 0
            #expect(try call(gateway, "GET /api/v1/status", "Host: evil.example").error == "403 host_not_allowed")
            #expect(try call(gateway, "GET /metrics", "Host: evil.example").error == "403 host_not_allowed")
            #expect(
                try call(gateway, "POST /api/v1/reload", "Origin: http://evil.example").error
                    == "403 origin_not_allowed")
            let own = try call(
                gateway, "POST /api/v1/reload", "Host: localhost:\(port)", "Origin: http://localhost:\(port)")
            #expect(own.status == 200)
            // Probes come by whatever name.
            #expect(gateway.ask("GET /livez", "Host: gateway.internal", on: port).contains("alive"))
            #expect(gateway.ask("GET /readyz", "Host: gateway.internal", on: port).contains("ready"))
        }
    }

    @Test func withATokenOnlyItsBearerIsIn() throws {
        let configuration =
            oneListener + "admin: { address: \"0.0.0.0:0\", credentials: { token: \"\(Self.token)\" } }\n"
        try withGateway(configuration, admin: true) { gateway in
            for path in ["/api/v1/status", "/api/v1/openapi.json", "/metrics", "/nothing"] {
                let refused = try call(gateway, "GET \(path)")
                #expect(refused.error == "401 unauthorized")
                #expect(refused.response.fields["www-authenticate"] == "Bearer realm=\"gatehouse\"")
                #expect(try call(gateway, "GET \(path)", "Authorization: Bearer wrong").error == "401 unauthorized")
            }
            let bearer = "Authorization: Bearer \(Self.token)"
            #expect(try call(gateway, "GET /api/v1/status", bearer, "Host: gateway.internal").status == 200)
            #expect(gateway.ask("GET /metrics", bearer, on: gateway.adminPort).contains("gatehouse_build_info"))
            #expect(gateway.ask("GET /livez", on: gateway.adminPort).contains("alive"))
        }
    }
}
