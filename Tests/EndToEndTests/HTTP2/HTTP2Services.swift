import GatehouseTesting
import Testing

/// HTTP/2 towards services: an endpoint written with another library (`endpoint.py`), in clear and over TLS.
@Suite struct HTTP2Services {
    /// The endpoint, running.
    final class Endpoint: Sendable {
        let port: UInt16
        let process: ChildProcess

        init(_ arguments: [String] = []) throws {
            let script = #filePath.replacing("HTTP2Services.swift", with: "endpoint.py")
            let process = try ChildProcess("/usr/bin/env", ["python3", script] + arguments)
            self.process = process
            port = try process.wait(for: "the endpoint's port") { output, _ in
                output.contains("\n") ? UInt16(output.split(separator: "\n")[0]) : nil
            }
        }
    }

    private func configuration(_ url: String, _ keys: String, _ more: String = "") -> String {
        // Connections are told apart by their numbers: none ends because a machine is busy.
        let times = keys.contains("timeouts") ? "" : ", timeouts: { keep_alive: 10m }"
        return """
            listeners: [ { name: clear, address: "127.0.0.1:0", http2: true } ]
            admin: { address: "127.0.0.1:0" }
            workers: 1
            access_log: { enabled: false }
            \(more)
            services: { s: { endpoints: [ "\(url)" ], \(keys)\(times) } }
            routes: [ { path: "/**", service: s } ]

            """
    }

    private func withEndpoint(
        _ keys: String = "protocol: http2", _ more: String = "", _ body: (GatewayProcess, Endpoint) throws -> Void
    ) throws {
        let endpoint = try Endpoint()
        try withGateway(configuration("http://127.0.0.1:\(endpoint.port)", keys, more), admin: true) { gateway in
            try body(gateway, endpoint)
        }
    }

    @Test func aRequestAsTheEndpointSeesIt() throws {
        try withEndpoint { gateway, endpoint in
            let seen = gateway.ask(
                "GET /echo?a=b", "X-Mine: 1", "Connection: close, X-Gone", "X-Gone: 1", "TE: trailers")
            let lines = seen.split(separator: "\n").map(String.init)
            #expect(
                lines.prefix(4) == [
                    ":method: GET", ":scheme: http", ":path: /echo?a=b", ":authority: 127.0.0.1:\(endpoint.port)",
                ])
            #expect(
                lines.contains("x-mine: 1") && lines.contains("te: trailers") && lines.contains("via: 1.1 gatehouse"))
            #expect(!lines.contains { $0.hasPrefix("x-gone") || $0.hasPrefix("connection") || $0.hasPrefix("host") })
            let client = try gateway.connect()
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try client.readResponse().bodyText.hasSuffix("\n\nhello"))
            try client.send(
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n")
            let chunked = try client.readResponse()
            #expect(chunked.bodyText.hasSuffix("\n\nabc\nx-sum: 3"))
            #expect(!chunked.bodyText.contains("transfer-encoding"))
            #expect(chunked.fields["via"] == "2 gatehouse")
            // What is left of a caller's time, and nothing in place of what is none.
            let call = gateway.ask("GET /echo", "Content-Type: application/grpc", "grpc-timeout: 5S")
            let left = try #require(call.split(separator: "\n").first { $0.hasPrefix("grpc-timeout: ") }).dropFirst(14)
            #expect(left.last == "u" && (1...5_000_000).contains(Int(left.dropLast()) ?? 0))
            let unlimited = gateway.ask("GET /echo", "Content-Type: application/grpc", "grpc-timeout: 5")
            #expect(unlimited.contains("timeout: 5\n"))
            try client.send(request("HEAD /echo"))
            #expect(try client.readResponse(to: "HEAD").status == 200)
            try client.send(request("GET /trailers"))
            let trailers = try client.readResponse()
            #expect(trailers.bodyText == "hello" && trailers.trailers["grpc-status"] == "0")
            // What one request has left is no other's, on either side.
            try client.send(request("GET /connection"))
            #expect(try client.readResponse().trailers.names.isEmpty)
            let upload = "printf abc | curl -sS --http2-prior-knowledge -T - http://127.0.0.1:\(gateway.port)/echo"
            let second = try ChildProcess("/bin/sh", ["-c", upload])
            try second.waitForExit()
            #expect(second.output.hasSuffix("\n\nabc"), "\(second.output) \(second.errors)")
            try client.send(request("GET /interim"))
            #expect(try client.readAnyHead().status == 103)
            #expect(try client.readResponse().bodyText == "done")
            let overHTTP2 = try CurlAnswer("http://127.0.0.1:\(gateway.port)/echo", ["-d", "hi"])
            #expect(overHTTP2.body.hasSuffix("\n\nhi") && overHTTP2["via"] == "2 gatehouse")
        }
    }

    /// One connection for all, as long as the endpoint allows; then another one.
    @Test func connectionsAreShared() throws {
        try withEndpoint { gateway, _ in
            let clients = try (0..<16).map { _ in try gateway.connect() }
            for client in clients.prefix(8) { try client.send(request("GET /connection")) }
            for client in clients.prefix(8) { #expect(try client.readResponse().status == 200) }
            // Eight at once hold each other up: none is answered before all are there, on one connection.
            for client in clients.prefix(8) { try client.send(request("GET /hold?8")) }
            for client in clients.prefix(8) { #expect(try client.readResponse().bodyText == "held") }
            for client in clients { try client.send(request("GET /hold?16")) }
            for client in clients { #expect(try client.readResponse().bodyText == "held") }
            let page = gateway.ask("GET /metrics", on: gateway.adminPort)
            #expect(page.contains("gatehouse_upstream_connections_opened_total{service=\"s\"} 2\n"), "\(page)")
        }
    }

    /// Nothing was done about the request, so it goes out again, whatever its method.
    @Test(arguments: ["/refuse", "/goaway"])
    func whatWasRefusedIsSentAgain(_ path: String) throws {
        try withEndpoint { gateway, _ in
            let client = try gateway.connect()
            try client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let answer = try client.readResponse()
            #expect(answer.status == 200)
            #expect(answer.fields["x-connection"] == (path == "/goaway" ? "2" : "1"))
        }
    }

    /// A connection that ends before the answer: what may be repeated is, on another one; what may not is not.
    @Test(arguments: [("GET", 200, "2"), ("POST", 502, nil)])
    func connectionsThatEnd(_ method: String, _ status: Int, _ connection: String?) throws {
        try withEndpoint { gateway, _ in
            #expect(gateway.ask("GET /connection").hasPrefix("1 "))
            let client = try gateway.connect()
            try client.send("\(method) /close HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let answer = try client.readResponse()
            #expect(answer.status == status && answer.fields["x-connection"] == connection)
            #expect(gateway.ask("GET /connection").hasPrefix("2 "))
        }
    }

    /// The first connection falls silent without an end, as after a cable was cut. What may be repeated is, on another one.
    /// With `idle` alone it is the request after a silence that finds out, with `interval` alone one that waits.
    @Test(arguments: ["idle: 1ms, interval: 0s", "idle: 0s, interval: 100ms"])
    func aConnectionThatIsDead(_ ping: String) throws {
        try withEndpoint("protocol: http2, timeouts: { keep_alive: 0s }, ping: { \(ping), timeout: 2s }") {
            gateway, _ in
            #expect(gateway.ask("GET /deaf") == "last words")
            try someTimePasses()
            // On a machine that is slow another connection may be given up as well; but none stays that is dead.
            try eventually("an answer from another connection") {
                let client = try gateway.connect()
                try client.send(request("GET /connection"))
                let answer = try client.readResponse()
                return answer.status == 200 && answer.fields["x-connection"] != "1"
            }
        }
    }

    /// What may not be repeated has failed, and an answer under way ends as one that is not whole.
    @Test func whatIsLostWithADeadConnection() throws {
        let keys = "protocol: http2, timeouts: { keep_alive: 0s }, ping: { interval: 100ms, timeout: 2s }"
        try withEndpoint(keys) { gateway, _ in
            #expect(gateway.ask("GET /deaf") == "last words")
            #expect(gateway.ask("POST /connection", "Content-Length: 0") == "502 upstream_reset")
        }
        try withEndpoint(keys) { gateway, _ in
            #expect(gateway.ask("GET /dying").hasPrefix("failed"))
        }
    }

    /// Who answers PINGs may take its time: the answer comes with the third.
    @Test func aConnectionThatIsOnlySlow() throws {
        try withEndpoint("protocol: http2, ping: { interval: 10ms, timeout: 1m }") { gateway, _ in
            let client = try gateway.connect()
            try client.send(request("GET /pings?3"))
            let answer = try client.readResponse()
            #expect(answer.bodyText == "asked" && answer.fields["x-connection"] == "1")
            #expect(gateway.ask("GET /connection").hasPrefix("1 "))
        }
    }

    /// More of it than a millisecond.
    private func someTimePasses() throws {
        let begin = ContinuousClock.now
        try eventually("some time to pass") { ContinuousClock.now - begin > .milliseconds(20) }
    }

    /// The endpoint may change its mind about how many requests it takes at once.
    @Test func settingsChange() throws {
        try withEndpoint { gateway, _ in
            #expect(gateway.ask("GET /limit?1") == "limited")
            let clients = try (0..<4).map { _ in try gateway.connect() }
            func hold() throws -> [String] {
                for client in clients { try client.send(request("GET /hold?4")) }
                return try clients.map { try $0.readResponse().fields["x-connection"] ?? "" }.sorted()
            }
            #expect(try hold() == ["1", "2", "2", "2"])
            #expect(gateway.ask("GET /limit?8") == "limited")
            #expect(try hold() == ["1", "1", "1", "1"])
        }
    }

    /// An endpoint that takes nothing holds back the client that sends, and no other.
    @Test func aSlowEndpointHoldsBackItsClient() throws {
        try withEndpoint { gateway, _ in
            let idle = gateway.process.residentBytes
            let client = try gateway.connect()
            try client.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n")
            let sent = try client.sendUntilBlocked([UInt8](repeating: 0x78, count: 1 << 16), limit: 60_000_000)
            #expect(sent < 16 << 20)
            if let idle, let now = gateway.process.residentBytes { #expect(now - idle < 8 << 20) }
            #expect(gateway.ask("GET /connection").hasPrefix("1 "))
            client.reset()
            #expect(gateway.ask("POST /echo", "Content-Length: 0").contains(":method: POST"))
        }
    }

    /// A client that takes nothing holds back its own stream, and no other.
    @Test func aSlowReaderHoldsBackItsStream() throws {
        try withEndpoint { gateway, _ in
            let idle = gateway.process.residentBytes
            let slow = try (0..<7).map { _ in try gateway.connect(receiveBuffer: 4_096) }
            for client in slow {
                try client.send(request("GET /big"))
                _ = try client.readHead()
            }
            for _ in 0..<20 { #expect(gateway.ask("GET /connection").contains(" ")) }
            if let idle, let now = gateway.process.residentBytes { #expect(now - idle < 24 << 20) }
            for client in slow { #expect(try client.readBody(atLeast: 4 << 20).count == 4 << 20) }
        }
    }

    @Test func answersThatAreNone() throws {
        try withEndpoint { gateway, _ in
            for (fields, error) in [
                (":status=200&X-Upper=a", "502 upstream_invalid_response"),
                (":status=20", "502 upstream_invalid_response"),
                (":status=101", "502 upstream_invalid_response"),
                ("a=b&:status=200", "502 upstream_invalid_response"),
                (":status=200&:path=/", "502 upstream_invalid_response"),
                (":status=200&connection=close", "502 upstream_invalid_response"),
                (":status=200&transfer-encoding=chunked", "502 upstream_invalid_response"),
                (":status=200&a=b%0d%0ac%3a%20d", "502 upstream_invalid_response"),
                (":status=200&a=b%00", "502 upstream_invalid_response"),
                (":status=200&a%20b=c", "502 upstream_invalid_response"),
                (":status=200&content-length=x", "502 upstream_invalid_response"),
                (":status=200&a=b", "abc"), (":status=200&content-length=3", "abc"),
            ] {
                #expect(gateway.ask("GET /raw?\(fields)") == error, "\(fields)")
            }
            for path in ["/reset", "/raw?:status=200&content-length=2", "/raw?:status=200&content-length=4"] {
                #expect(gateway.ask("GET \(path)").hasPrefix("failed"), "\(path)")
            }
            // None of them has ended the connection.
            #expect(gateway.ask("GET /connection").hasPrefix("1 "))
        }
    }

    /// The endpoint answers before it has read: the rest is not sent, and the connection goes on.
    @Test func anEarlyAnswer() throws {
        try withEndpoint { gateway, _ in
            let client = try gateway.connect()
            try client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nbegin")
            #expect(try client.readResponse().status == 200)
            #expect(gateway.ask("GET /connection").hasPrefix("1 "))
        }
    }

    /// Over TLS what is spoken is agreed on.
    @Test(arguments: ["http2", "auto", "http1"])
    func overTLS(_ setting: String) throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let endpoint = try Endpoint([files.certificate, files.key])
        let trust = "tls: { ca: \(certificates.authority) }"
        let text = configuration("https://localhost:\(endpoint.port)", "protocol: \(setting), \(trust)")
        try withGateway(text, admin: true) { gateway in
            for _ in 0..<3 {
                let answer = gateway.ask("GET /echo")
                // An endpoint that speaks HTTP/2 only makes nothing of HTTP/1.1.
                if setting == "http1" {
                    #expect(answer.hasPrefix("502 "))
                } else {
                    #expect(answer.contains(":scheme: https\n"))
                }
            }
        }
    }

    /// Over TLS an endpoint of HTTP/1.1 is found out by `auto`, and refused by `http2`.
    @Test(arguments: [("auto", "hello"), ("http2", "502 upstream_tls_failed")])
    func anEndpointOfHTTP1(_ setting: String, _ expected: String) throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "IP:127.0.0.1")
        let front = """
            listeners: [ { address: "127.0.0.1:0", http2: false, tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] } } ]
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: "/**", respond: { body: hello } } ]

            """
        let origin = try GatewayProcess(front)
        let trust = "tls: { ca: \(certificates.authority) }"
        let text = configuration("https://127.0.0.1:\(origin.port)", "protocol: \(setting), \(trust)")
        try withGateway(text, admin: true) { gateway in
            for _ in 0..<3 { #expect(gateway.ask("GET /") == expected) }
            #expect(gateway.ask("GET /", "Connection: Upgrade", "Upgrade: websocket") == "501 upgrade_not_supported")
        }
        try origin.stop()
    }

    /// Two gateways in a row, and many requests at once through both.
    @Test func manyRequestsThroughTwoGateways() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let inner = try GatewayProcess(configuration(origin.url, "protocol: http1"), admin: true)
        let text = configuration("http://127.0.0.1:\(inner.port)", "protocol: http2")
        try withGateway(text, origin, admin: true) { gateway in
            let seen = try HTTP2.run(
                "h2load", ["-n", "3000", "-c", "4", "-m", "50", "http://127.0.0.1:\(gateway.port)/echo/a"])
            #expect(seen.contains("3000 succeeded, 0 failed, 0 errored"))
        }
        try inner.stop()
    }
}
