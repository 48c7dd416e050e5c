import GatehouseTesting
import Testing

/// What the gateway does to requests, for clients of HTTP/2: the same exchange, so the same answers.
@Suite struct HTTP2Features {
    private static let secret = "0123456789abcdef0123456789abcdef"

    private static func front(_ more: String) -> String {
        """
        listeners: [ { name: clear, address: "127.0.0.1:0", http2: true } ]
        admin: { address: "127.0.0.1:0" }
        workers: 1
        access_log: { enabled: true, path: "-" }
        \(more)

        """
    }

    private func ask(_ gateway: GatewayProcess, _ target: String, _ options: String...) throws -> CurlAnswer {
        try CurlAnswer("http://127.0.0.1:\(gateway.port)\(target)", options)
    }

    /// Over TLS, agreed on by ALPN without being asked for: certificates of clients, `https`, HSTS, the log, the count.
    @Test func overTLS() throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let ada = try certificates.make("ada", "DNS:ada.example.com")
        let origin = try ScriptedUpstream(named: "origin")
        let configuration = """
            listeners:
              - name: secure
                address: "127.0.0.1:0"
                tls:
                  certificates: [ { certificate: \(files.certificate), key: \(files.key) } ]
                  client_certificates: { mode: optional, ca: \(certificates.authority) }
                  hsts: 1h
              - { name: moved, address: "127.0.0.1:0", http2: true, redirect_to_https: true }
            admin: { address: "127.0.0.1:0" }
            workers: 1
            access_log: { enabled: true, path: "-" }
            routes: [ { name: all, path: "/**", upstream: "\(origin.url)" } ]

            """
        try withGateway(configuration, origin, listeners: 2, admin: true) { gateway in
            let secure = try #require(gateway.namedPorts["secure"])
            let answer = try CurlAnswer(
                "https://localhost:\(secure)/a?b",
                [
                    "--cacert", certificates.authority, "--cert", ada.certificate, "--key", ada.key, "-H",
                    "X-Forwarded-Proto: http", "-H", "X-Forwarded-Client-Cert: Subject=\"CN=root\"",
                ])
            #expect(answer.status == 200 && answer.body == "origin GET /a?b")
            #expect(answer["strict-transport-security"] == "max-age=3600")
            let seen = try origin.waitForRequest()
            #expect(seen.fields.values("X-Forwarded-Proto") == ["https"])
            #expect(seen.fields.values("X-Forwarded-Client-Cert").count == 1)
            #expect(seen.fields["X-Forwarded-Client-Cert"]?.contains(";Subject=\"CN=ada\"") == true)
            let moved = try #require(gateway.namedPorts["moved"])
            let redirect = try CurlAnswer("http://localhost:\(moved)/a?b")
            #expect((300..<400).contains(redirect.status))
            #expect(redirect["location"]?.hasPrefix("https://localhost") == true)
            try eventually("the record") {
                gateway.process.output.split(separator: "\n").contains {
                    $0.contains("\"protocol\":\"HTTP/2\"") && $0.contains("\"tls\":{\"version\":\"TLSv1.3\"")
                }
            }
            let page = try CurlAnswer("http://127.0.0.1:\(try #require(gateway.adminPort))/metrics").body
            #expect(page.contains("gatehouse_downstream_http2_connections_total 3\n"))
            #expect(page.contains("gatehouse_tls_handshakes_total{result=\"ok\"} 1\n"))
        }
    }

    /// Whoever does not want it says so, and nobody is surprised by a preface over TLS.
    @Test func notOverTLSWhenItIsOff() throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let configuration = """
            listeners:
              - address: "127.0.0.1:0"
                http2: false
                tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] }
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: /, respond: { body: hello } } ]

            """
        try withGateway(configuration) { gateway in
            let process = try ChildProcess(
                "/usr/bin/env",
                [
                    "curl", "-sS", "--http2", "-4", "--cacert", certificates.authority, "-w", " %{http_version}",
                    "https://localhost:\(gateway.port)/",
                ])
            #expect(try process.waitForExit() == .code(0))
            #expect(process.output == "hello 1.1")
        }
    }

    @Test func policiesBeforeTheAnswer() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, fields: "Content-Type: application/json\r\n", body: request.bodyText)
        }
        let configuration = Self.front(
            """
            auth: { secret: "\(Self.secret)", exclude_paths: [ "/open/**" ] }
            cors: { origins: [ https://app.example.com ], methods: [ GET ] }
            rate_limiting: { overrides: [ { path: /open/rare, requests_per_day: 1 } ] }
            transformations:
              - path: /open/json
                request: { remove_fields: [ role ] }
                response: { rename_fields: { id: number } }
            routes:
              - { path: "/open/gone", respond: { status: 410, body: gone } }
              - { path: "/**", upstream: "\(origin.url)" }
            """)
        try withGateway(configuration, origin, admin: true) { gateway in
            let unknown = try ask(gateway, "/a")
            #expect(unknown.status == 401 && unknown["www-authenticate"]?.hasPrefix("Bearer") == true)
            let token = TokenIssuer.token(secret: Self.secret, #""sub":"42""#)
            #expect(try ask(gateway, "/a", "-H", "Authorization: Bearer \(token)", "-H", "X-User-Id: 1").status == 200)
            #expect(try origin.waitForRequest().fields.values("X-User-Id") == ["42"])
            let preflight = try ask(
                gateway, "/a", "-X", "OPTIONS", "-H", "Origin: https://app.example.com", "-H",
                "Access-Control-Request-Method: GET")
            #expect(preflight.status == 204)
            #expect(preflight["access-control-allow-origin"] == "https://app.example.com")
            #expect(try ask(gateway, "/open/rare", "-d", "x").status == 200)
            let refused = try ask(gateway, "/open/rare", "-d", "x")
            #expect(refused.status == 429 && refused["retry-after"] != nil && refused["x-ratelimit-remaining"] == "0")
            let reshaped = try ask(
                gateway, "/open/json", "-H", "Content-Type: application/json", "-d", #"{"id": 7, "role": "admin"}"#)
            #expect(try JSON(reshaped.body) == JSON(#"{"number":7}"#))
            let gone = try ask(gateway, "/open/gone")
            #expect(gone.status == 410 && gone.body == "gone")
        }
    }

    /// A body that is sent again, a second endpoint while the first is silent, and a copy for somebody else.
    @Test func triesAndCopies() throws {
        let bad = try ScriptedUpstream { _, connection in try connection.respond(503, body: "bad") }
        let good = try ScriptedUpstream { request, connection in try connection.respond(200, body: request.bodyText) }
        let stuck = try ScriptedUpstream { _, connection in _ = try? connection.waitForClose() }
        let shadow = try ScriptedUpstream(named: "shadow")
        let off = "outlier_detection: { consecutive_5xx: 0, consecutive_gateway_failures: 0 }"
        let configuration = Self.front(
            """
            services:
              again: { endpoints: [ "\(bad.url)", "\(good.url)" ], retries: { retry_on: [ 503 ] }, \(off) }
              hedged: { endpoints: [ "\(stuck.url)", "\(good.url)" ], hedge: { after: 50ms }, \(off) }
              good: { endpoints: [ "\(good.url)" ] }
              shadow: { endpoints: [ "\(shadow.url)" ] }
            routes:
              - { path: /again, service: again }
              - { path: /hedged, service: hedged }
              - { path: /copied, service: good, mirror: { service: shadow } }
            """)
        try withGateway(configuration, bad, good, shadow, admin: true) { gateway in
            for _ in 0..<4 {
                let answer = try ask(gateway, "/again", "-X", "PUT", "-d", "the body")
                #expect(answer.status == 200 && answer.body == "the body")
            }
            #expect(bad.requests.allSatisfy { $0.bodyText == "the body" } && !bad.requests.isEmpty)
            for _ in 0..<4 { #expect(try ask(gateway, "/hedged").status == 200) }
            #expect(try ask(gateway, "/copied", "-d", "copy me").body == "copy me")
            #expect(try shadow.waitForRequest().bodyText == "copy me")
        }
    }

    /// What is refused because there is too much of it, and when to come again.
    @Test func tooMuchAtOnce() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            if request.target != "/quick" { try gate.wait() }
            try connection.respond(200, body: "done")
        }
        let configuration = """
            listeners:
              - { name: clear, address: "127.0.0.1:0", http2: true }
              - { name: small, address: "127.0.0.1:0", http2: true, max_connections: 1 }
            workers: 1
            access_log: { enabled: false }
            services: { s: { endpoints: [ "\(origin.url)" ], circuit_breaker: { max_requests: 2 } } }
            routes:
              - { path: /own, service: s, limits: { concurrency: 1 } }
              - { path: "/**", service: s }

            """
        try withGateway(configuration, origin, listeners: 2) { gateway in
            let url = "http://127.0.0.1:\(gateway.port)"
            let held = try ChildProcess("/usr/bin/env", ["curl", "-sS", "--http2-prior-knowledge", "\(url)/own"])
            _ = try origin.waitForHead()
            #expect(try ask(gateway, "/own").status == 429)
            let second = try ChildProcess("/usr/bin/env", ["curl", "-sS", "--http2-prior-knowledge", "\(url)/b"])
            _ = try origin.waitForHead(2)
            let refused = try ask(gateway, "/quick")
            #expect(refused.status == 503 && refused["retry-after"] == "1")
            gate.open()
            for process in [held, second] {
                try process.waitForExit()
                #expect(process.output == "done")
            }
            let small = try #require(gateway.namedPorts["small"])
            let first = try RawClient(port: small)
            try first.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u{0}\u{0}\u{0}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}")
            // The gateway's own settings: it has been taken.
            _ = try first.readRaw(9)
            let other = try RawClient(port: small)
            #expect(String(decoding: try other.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 503 "))
        }
    }

    /// What ended before the program was asked to end stands in the log, whatever is written there last.
    @Test func theLogIsWholeAtTheEnd() throws {
        let configuration = Self.front("routes: [ { path: /hello, respond: { body: hello } } ]")
        let gateway = try GatewayProcess(configuration, admin: true)
        try HTTP2.run("h2load", ["-n", "500", "-c", "2", "-m", "10", "http://127.0.0.1:\(gateway.port)/hello"])
        gateway.process.send(.terminate)
        #expect(try gateway.process.waitForExit() == .code(0))
        let lines = gateway.process.output.split(separator: "\n")
        #expect(lines.count == 500 && lines.allSatisfy { $0.contains("\"protocol\":\"HTTP/2\"") })
    }

    /// An address that goes, and a program that is replaced: the client is told, and what is under way is completed.
    @Test(arguments: ["reload", "replacement"])
    func clientsAreTold(of event: String) throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            if request.target == "/held" { try gate.wait() }
            try connection.respond(200, body: "done")
        }
        func configuration(_ listeners: String) -> String {
            """
            listeners: [ \(listeners) ]
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: "/**", upstream: "\(origin.url)" } ]

            """
        }
        let stays = "{ name: stays, address: \"127.0.0.1:0\" }"
        let goes = "{ name: goes, address: \"127.0.0.1:0\", http2: true }"
        let gateway = try GatewayProcess(configuration("\(stays), \(goes)"), listeners: 2)
        let port = try #require(gateway.namedPorts["goes"])
        let script = #filePath.replacing("HTTP2Features.swift", with: "frames.py")
        let client = try ChildProcess(
            "/usr/bin/env", ["python3", script, "\(port)", "\(gateway.process.id)", "told"])
        _ = try origin.waitForHead()
        var next: GatewayProcess?
        if event == "reload" {
            _ = try gateway.directory.write(configuration(stays), to: "gateway.yaml")
            gateway.process.send(.hangup)
        } else {
            next = try GatewayProcess(replacing: gateway, listeners: 2)
        }
        _ = try client.wait(for: "the client to be told") { output, _ in output.contains("told") ? true : nil }
        gate.open()
        #expect(try client.waitForExit() == .code(0), "\(client.output)")
        if let next {
            #expect(try gateway.process.waitForExit() == .code(0))
            try next.stop()
        } else {
            try gateway.stop()
        }
        try origin.check()
    }
}
