import GatehouseTesting
import Testing

/// PROXY protocol headers of real connections, in and out.
@Suite struct ProxyProtocol {
    private func gateway(_ upstream: String, _ proxy: String = "any", _ more: String = "") -> String {
        """
        listeners: [ { address: "127.0.0.1:0", proxy_protocol: \(proxy) } ]
        trusted_proxies: [ 127.0.0.0/8 ]
        workers: 1
        access_log: { enabled: true }
        admin: { address: "127.0.0.1:0" }
        \(more)
        routes: [ { name: all, path: "/**", upstream: "\(upstream)" } ]

        """
    }

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    /// From 203.0.113.9:4711 to 198.51.100.2:443.
    private static let block: [UInt8] =
        signature + [0x21, 0x11, 0, 12, 203, 0, 113, 9, 198, 51, 100, 2, 0x12, 0x67, 0x01, 0xBB]

    private func record(_ gateway: GatewayProcess, _ number: Int = 1) throws -> JSON {
        let lines = try gateway.process.wait(for: "record \(number)") { output, _ -> [Substring]? in
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            return lines.count >= number ? Array(lines) : nil
        }
        return try JSON(String(lines[number - 1]))
    }

    private func count(_ gateway: GatewayProcess, _ result: String) -> String? {
        let page = gateway.ask("GET /metrics", on: gateway.adminPort)
        let line = page.split(separator: "\n").first {
            $0.hasPrefix("gatehouse_proxy_headers_total{result=\"\(result)\"} ")
        }
        return line.flatMap { $0.split(separator: " ").last }.map(String.init)
    }

    @Test(arguments: [
        ("203.0.113.9", Array("PROXY TCP4 203.0.113.9 198.51.100.2 4711 443\r\n".utf8)),
        ("2001:db8::9", Array("PROXY TCP6 2001:db8::9 2001:db8::2 4711 443\r\n".utf8)),
        ("203.0.113.9", block),
        ("127.0.0.1", Array("PROXY UNKNOWN\r\n".utf8)), ("127.0.0.1", signature + [0x20, 0, 0, 0]),
    ])
    func theClientIsTheOneThatIsNamed(_ client: String, _ header: [UInt8]) throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(gateway(origin.url), origin, admin: true) { gateway in
            for isSlow in [false, true] {
                let connection = try gateway.connect()
                let bytes = header + Array(request("GET /a").utf8)
                if isSlow { for byte in bytes { try connection.send([byte]) } } else { try connection.send(bytes) }
                #expect(try connection.readResponse().bodyText == "origin GET /a")
                // The header is that of the connection, not of its first request.
                try connection.send(request("GET /b"))
                #expect(try connection.readResponse().bodyText == "origin GET /b")
            }
            for number in 1...4 {
                #expect(try origin.waitForRequest(number).fields["x-forwarded-for"] == client)
                let written = try record(gateway, number)
                #expect(written["client"]?.text == client)
            }
            #expect(count(gateway, "ok") == "2")
        }
    }

    private func status(_ gateway: GatewayProcess, _ client: String) throws -> Int {
        let connection = try gateway.connect()
        try connection.send("PROXY TCP4 \(client) 198.51.100.2 4711 443\r\n")
        try connection.send(request("GET /", "X-Forwarded-For: 192.0.2.77"))
        return try connection.readResponse().status
    }

    /// What it tells is the client's address for every policy; and what such a client says of itself is not believed.
    @Test func policiesSeeTheClient() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let policies = """
            addresses: { deny: [ 203.0.113.66 ] }
            rate_limiting: { default: { requests_per_day: 1, burst: 1, key: client_ip } }
            """
        try withGateway(gateway(origin.url, "v1", policies), origin, admin: true) { gateway in
            let clients = ["203.0.113.66", "203.0.113.9", "203.0.113.9", "203.0.113.10"]
            let statuses = try clients.map { try status(gateway, $0) }
            #expect(statuses == [403, 200, 429, 200])
            #expect(try origin.waitForRequest(2).fields["x-forwarded-for"] == "203.0.113.10")
        }
    }

    @Test(arguments: [
        ("missing", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), ("malformed", "PROXY TCP4 1.2.3.4\r\nGET /"),
        ("version", "PROXY UNKNOWN\r\n"), ("incomplete", "\r\n\r\n\0\r\nQUIT"),
    ])
    func aConnectionWithoutAGoodOneIsEnded(_ reason: String, _ bytes: String) throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(gateway(origin.url, reason == "version" ? "v2" : "any"), origin, admin: true) { gateway in
            let connection = try gateway.connect()
            try connection.send(bytes)
            if reason == "incomplete" { connection.finishSending() }
            try connection.expectClosed()
            #expect(count(gateway, reason) == "1")
            _ = try gateway.process.wait(for: "the line") { _, errors in
                errors.contains("a connection without a good PROXY header was ended") && errors.contains(reason)
                    ? true : nil
            }
            #expect(origin.connectionCount == 0 && gateway.process.output.isEmpty)
        }
    }

    @Test func aHeaderThatDoesNotComeIsNotWaitedForLong() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(gateway(origin.url, "{ timeout: 100ms }"), origin, admin: true) { gateway in
            let connection = try gateway.connect()
            try connection.send("PROXY TCP4 ")
            try connection.expectClosed()
            #expect(count(gateway, "timeout") == "1")
        }
        // A probe connects and goes: counted, and no line.
        try withGateway(gateway(origin.url, "{ timeout: 1m }"), origin, admin: true) { gateway in
            let probe = try gateway.connect()
            probe.finishSending()
            try probe.expectClosed()
            #expect(count(gateway, "closed") == "1")
        }
    }

    @Test func whoIsNotTrustedSendsNone() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let elsewhere = "trusted: [ 10.0.0.0/8 ]"
        try withGateway(gateway(origin.url, "{ \(elsewhere) }"), origin, admin: true) { gateway in
            let connection = try gateway.connect()
            try connection.expectClosed()
            #expect(count(gateway, "untrusted") == "1")
        }
        try withGateway(gateway(origin.url, "{ \(elsewhere), others: serve }"), origin, admin: true) { gateway in
            #expect(gateway.ask("GET /a") == "origin GET /a")
            let forged = try gateway.connect()
            try forged.send("PROXY TCP4 203.0.113.9 198.51.100.2 4711 443\r\n" + request("GET /b"))
            #expect(try forged.readResponse().status == 400)
        }
    }

    @Test(arguments: ["--http1.1", "--http2"]) func beforeTLS(_ version: String) throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let origin = try ScriptedUpstream(named: "origin")
        let tls = "any, tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] }"
        try withGateway(gateway(origin.url, tls), origin, admin: true) { gateway in
            let target = "https://localhost:\(gateway.port)/a"
            let curl = try ChildProcess(
                "/usr/bin/env",
                [
                    "curl", "-sS", "-m", "20", version, "--haproxy-protocol", "--cacert", certificates.authority,
                    "--resolve", "localhost:\(gateway.port):127.0.0.1", target, target,
                ])
            #expect(try curl.waitForExit() == .code(0))
            #expect(curl.output == "origin GET /aorigin GET /a")
            let seen = try record(gateway)
            #expect(seen["client"]?.text == "127.0.0.1" && seen["tls"]?["version"]?.text == "TLSv1.3")
            #expect(count(gateway, "ok") == "1")
            // Without the header a handshake is none.
            let plain = try ChildProcess(
                "/usr/bin/env", ["curl", "-sS", "-m", "20", "-k", "https://127.0.0.1:\(gateway.port)/"])
            #expect(try plain.waitForExit() != .code(0))
            #expect(count(gateway, "missing") == "1")
        }
    }

    /// TLS that ended at the balancer is the client's https; without it a redirect would lead in a circle.
    @Test func aBalancerThatTookTLSOffSaysSo() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(gateway(origin.url, "v2, redirect_to_https: true"), origin, admin: true) { gateway in
            for isSecure in [true, false] {
                var header = Self.block + [0x20, 0, 5, isSecure ? 1 : 0, 0, 0, 0, 0]
                header[15] += 8
                let connection = try gateway.connect()
                try connection.send(header + Array(request("GET /a").utf8))
                let response = try connection.readResponse()
                #expect(response.status == (isSecure ? 200 : 308))
            }
            #expect(try origin.waitForRequest().fields["x-forwarded-proto"] == "https")
        }
    }

    // MARK: Towards endpoints

    /// Reads the header, then answers each request with it.
    private func telling(_ version: String) throws -> ScriptedUpstream {
        try ScriptedUpstream { connection in
            var header: [UInt8] = []
            if version == "v1" {
                while header.last != 10 { header += try connection.readRaw(1) }
            } else {
                header = try connection.readRaw(16)
                header += try connection.readRaw(Int(header[14]) << 8 | Int(header[15]))
            }
            let told = version == "v1" ? String(decoding: header.dropLast(2), as: UTF8.self) : "\(header.dropFirst(12))"
            while !connection.isClosed, try connection.readRequest() != nil {
                try connection.respond(body: told)
            }
        }
    }

    private func towards(_ origin: ScriptedUpstream, _ version: String, _ keys: String = "") -> String {
        """
        listeners: [ { address: "127.0.0.1:0" } ]
        trusted_proxies: [ 127.0.0.0/8 ]
        workers: 1
        access_log: { enabled: false }
        services: { told: { endpoints: [ "\(origin.url)" ], proxy_protocol: \(version)\(keys) } }
        routes: [ { name: all, path: "/**", service: told } ]

        """
    }

    @Test func theEndpointIsTold() throws {
        let lines = try telling("v1")
        try withGateway(towards(lines, "v1"), lines) { gateway in
            let client = try gateway.connect()
            for _ in 0..<2 {
                try client.send(request("GET /"))
                let told = "PROXY TCP4 127.0.0.1 127.0.0.1 \(client.localPort) \(gateway.port)"
                #expect(try client.readResponse().bodyText == told)
            }
            #expect(lines.connectionCount == 1)
            // Another client, and one that a trusted proxy names: for neither is that connection used.
            let other = try gateway.connect()
            try other.send(request("GET /"))
            #expect(try other.readResponse().bodyText.contains(" \(other.localPort) "))
            try other.send(request("GET /", "X-Forwarded-For: 2001:db8::9"))
            #expect(
                try other.readResponse().bodyText
                    == "PROXY TCP6 2001:db8::9 ::ffff:127.0.0.1 0 \(gateway.port)")
            #expect(lines.connectionCount == 3)
        }
        let blocks = try telling("v2")
        try withGateway(towards(blocks, "v2"), blocks) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /"))
            let ports = [client.localPort, gateway.port].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            let expected: [UInt8] = [0x21, 0x11, 0, 12, 127, 0, 0, 1, 127, 0, 0, 1] + ports
            #expect(try client.readResponse().bodyText == "\(expected)")
        }
    }

    /// A few connections for many clients: each is told of its own, whoever waited for whom.
    @Test func nobodyIsTakenForAnother() throws {
        let origin = try telling("v1")
        let keys = ", pool: { max_connections: 3, max_idle: 3 }"
        try withGateway(towards(origin, "v1", keys), origin) { gateway in
            var random = SeededRandom()
            let clients = try (0..<8).map { _ in try gateway.connect() }
            for _ in 0..<60 {
                let busy = clients.indices.filter { _ in Bool.random(using: &random) }
                for index in busy { try clients[index].send(request("GET /")) }
                for index in busy.shuffled(using: &random) {
                    let told = try clients[index].readResponse().bodyText
                    #expect(told.contains(" \(clients[index].localPort) "), "seed \(random.seed)")
                }
            }
        }
    }

    /// The gateway's own questions are nobody's, and the header goes before TLS.
    @Test func checksAndTLS() throws {
        let origin = try telling("v2")
        let check = ", health_check: { path: /, interval: 20s, timeout: 15s, required: true }"
        try withGateway(towards(origin, "v2", check), origin) { gateway in
            #expect(gateway.ask("GET /").hasPrefix("[33, 17, 0, 12, 127"))
        }
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let inner = try ScriptedUpstream(named: "inner")
        let tls = "any, tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] }"
        try withGateway(gateway(inner.url, tls), inner, admin: true) { behind in
            let text = """
                listeners: [ { address: "127.0.0.1:0" } ]
                workers: 1
                access_log: { enabled: false }
                services:
                  told:
                    endpoints: [ "https://127.0.0.1:\(behind.port)" ]
                    tls: { ca: \(certificates.authority), server_name: localhost }
                    proxy_protocol: v2
                routes: [ { name: all, path: "/**", service: told } ]

                """
            try withGateway(text) { front in
                let client = try front.connect()
                try client.send(request("GET /a"))
                #expect(try client.readResponse().bodyText == "inner GET /a")
                #expect(try record(behind)["client"]?.text == "127.0.0.1")
                #expect(count(behind, "ok") == "1")
            }
        }
    }
}
