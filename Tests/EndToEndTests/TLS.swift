import GatehouseTesting
import Testing

/// TLS with clients, as curl and `openssl s_client` see it.
@Suite struct TLSListeners {
    private let certificates: TestCertificates
    private let origin: ScriptedUpstream

    init() throws {
        certificates = try TestCertificates()
        origin = try ScriptedUpstream(named: "origin")
    }

    private func pair(_ files: (certificate: String, key: String)) -> String {
        "{ certificate: \(files.certificate), key: \(files.key) }"
    }

    private func configuration(_ tls: String, _ more: String = "") -> String {
        """
        listeners: [ { address: "127.0.0.1:0", tls: { \(tls) } } ]
        workers: 2
        access_log: { enabled: true }
        admin: { address: "127.0.0.1:0" }
        \(more)
        routes: [ { name: all, path: "/**", upstream: "\(origin.url)" } ]

        """
    }

    private func curl(_ gateway: GatewayProcess, _ target: String = "/", host: String = "localhost", _ more: String...)
        throws -> (output: String, exit: ChildProcess.Exit)
    {
        let port = gateway.port
        let process = try ChildProcess(
            "/usr/bin/env",
            [
                "curl", "-sS", "-i", "--http1.1", "-m", "20", "--cacert", certificates.authority, "--resolve",
                "\(host):\(port):127.0.0.1", "https://\(host):\(port)\(target)",
            ] + more)
        let exit = try process.waitForExit()
        return (process.output, exit)
    }

    private func sClient(_ gateway: GatewayProcess, _ more: String...) throws -> String {
        let process = try ChildProcess(
            "/usr/bin/env",
            ["openssl", "s_client", "-connect", "127.0.0.1:\(gateway.port)", "-CAfile", certificates.authority] + more)
        try process.waitForExit()
        return process.output + process.errors
    }

    private func metric(_ gateway: GatewayProcess, _ name: String) throws -> Double? {
        let page = gateway.ask("GET /metrics", on: gateway.adminPort)
        let line = page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Double($0.split(separator: " ").last ?? "") }
    }

    @Test func aRequestSaysHttps() throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        let text = configuration("certificates: [ \(pair(files)) ], hsts: 1h", "forwarding: { forwarded: true }")
        try withGateway(text, origin, admin: true) { gateway in
            let (answer, exit) = try curl(
                gateway, "/a?b", host: "localhost", "-H", "X-Forwarded-Proto: http", "-H",
                "X-Forwarded-Client-Cert: By=me", "-H", "X_Forwarded_Client_Cert: By=me")
            #expect(exit == .code(0) && answer.contains("200 OK") && answer.contains("origin GET /a?b"))
            #expect(answer.contains("\r\nStrict-Transport-Security: max-age=3600\r\n"))
            let request = try origin.waitForRequest()
            #expect(request.fields.values("X-Forwarded-Proto") == ["https"])
            #expect(request.fields["Forwarded"]?.contains("proto=https") == true)
            #expect(!request.fields.names.contains { $0.lowercased().contains("client") })
            let line = try gateway.process.wait(for: "the record") { output, _ in
                output.contains("\n") ? output : nil
            }
            let record = try JSON(String(line.split(separator: "\n")[0]))
            #expect(record["tls"]?["version"]?.text == "TLSv1.3")
            #expect(record["tls"]?["cipher"]?.text?.hasPrefix("TLS_") == true)
            let count = try metric(gateway, "gatehouse_tls_handshakes_total{result=\"ok\"}")
            #expect(count == 1)
        }
    }

    @Test func aLargeBodyPassesBothWays() throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        let body = certificates.path("body")
        let text = String(repeating: "0123456789abcdef", count: 100_000)
        _ = try certificates.directory.write(text, to: "body")
        let echo = try ScriptedUpstream { request, connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Length: \(request.bodyText.utf8.count)\r\n\r\n\(request.bodyText)")
        }
        let configuration = """
            listeners: [ { address: "127.0.0.1:0", tls: { certificates: [ \(pair(files)) ] } } ]
            workers: 1
            access_log: { enabled: false }
            routes: [ { name: all, path: "/**", upstream: "\(echo.url)" } ]

            """
        try withGateway(configuration, echo) { gateway in
            let (answer, exit) = try curl(gateway, "/", host: "localhost", "--data-binary", "@\(body)", "-H", "Expect:")
            #expect(exit == .code(0) && answer.hasSuffix("\r\n\r\n" + text))
        }
    }

    /// The name chooses the certificate; a name that nobody has gets the first.
    @Test func certificatesByName() throws {
        let first = try certificates.make("first", "DNS:one.example.com")
        let second = try certificates.make("second", "DNS:two.example.com")
        let wild = try certificates.make("wild", "DNS:*.example.org")
        let text = configuration("certificates: [ \(pair(first)), \(pair(second)), \(pair(wild)) ]")
        try withGateway(text, origin) { gateway in
            for (name, expected) in [
                ("one.example.com", "first"), ("two.example.com", "second"), ("a.example.org", "wild"),
                ("a.b.example.org", "first"), ("else.example.net", "first"),
            ] {
                let shown = try sClient(gateway, "-servername", name)
                #expect(shown.contains("subject=CN = \(expected)"), "\(name)")
            }
            let unnamed = try sClient(gateway, "-noservername")
            #expect(unnamed.contains("subject=CN = first"))
            let right = try curl(gateway, host: "two.example.com")
            #expect(right.exit == .code(0))
            // curl's own check of the name: 60.
            let wrong = try curl(gateway, host: "else.example.net")
            #expect(wrong.exit == .code(60))
        }
    }

    @Test func bothKindsOfKeysForOneName() throws {
        let ecdsa = try certificates.make("ec", "DNS:localhost")
        let rsa = try certificates.make("rsa", "DNS:localhost", kind: .rsa)
        let text = configuration("certificates: [ \(pair(ecdsa)), \(pair(rsa)) ]")
        try withGateway(text, origin) { gateway in
            let modern = try sClient(gateway, "-sigalgs", "ECDSA+SHA256")
            #expect(modern.contains("subject=CN = ec"))
            let old = try sClient(gateway, "-sigalgs", "RSA-PSS+SHA256")
            #expect(old.contains("subject=CN = rsa"))
        }
    }

    @Test(arguments: [
        ("profile: intermediate", "-tls1_2", true), ("profile: intermediate", "-tls1_3", true),
        ("profile: intermediate", "-tls1_1", false), ("profile: modern", "-tls1_2", false),
        ("profile: modern", "-tls1_3", true), ("min_version: \"1.3\"", "-tls1_2", false),
    ])
    func versions(setting: String, version: String, isAccepted: Bool) throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        try withGateway(configuration("certificates: [ \(pair(files)) ], \(setting)"), origin) { gateway in
            let said = try sClient(gateway, version)
            #expect(said.contains("Cipher is (NONE)") != isAccepted, "\(said)")
        }
    }

    /// Suites without forward secrecy or AEAD are not spoken.
    @Test(arguments: ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"])
    func weakSuitesAreRefused(suite: String) throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        try withGateway(configuration("certificates: [ \(pair(files)) ]"), origin) { gateway in
            let said = try sClient(gateway, "-tls1_2", "-cipher", suite)
            #expect(said.contains("Cipher is (NONE)"))
        }
    }

    /// Tickets made by one loop are opened by all.
    @Test(arguments: ["-tls1_2", "-tls1_3"]) func sessionsAreResumedOnAnyLoop(version: String) throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        let session = certificates.path("session\(version)")
        try withGateway(configuration("certificates: [ \(pair(files)) ]"), origin, admin: true) { gateway in
            // s_client ends with its input, before TLS 1.3's ticket has come: so it asks for something first.
            let question = "printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'"
            let client = "openssl s_client -connect 127.0.0.1:\(gateway.port) \(version) -ign_eof"
            func connect(_ more: String) throws -> String {
                let process = try ChildProcess("/bin/sh", ["-c", "\(question) | \(client) \(more)"])
                try process.waitForExit()
                return process.output
            }
            let first = try connect("-sess_out \(session)")
            #expect(first.contains("\nNew, "))
            for _ in 0..<8 {
                let said = try connect("-sess_in \(session)")
                #expect(said.contains("\nReused, "))
            }
            let resumed = try metric(gateway, "gatehouse_tls_resumed_total")
            #expect(resumed == 8)
        }
    }

    /// The client asks for a new handshake within a TLS 1.2 connection: nothing comes of it.
    @Test func renegotiationIsRefused() throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        try withGateway(configuration("certificates: [ \(pair(files)) ]"), origin) { gateway in
            let process = try ChildProcess(
                "/bin/sh",
                ["-c", "echo R | openssl s_client -connect 127.0.0.1:\(gateway.port) -tls1_2"])
            try process.waitForExit()
            #expect((process.output + process.errors).contains("no renegotiation"))
            let after = try curl(gateway)
            #expect(after.exit == .code(0))
        }
    }

    @Test func aStapledResponseIsSentAlong() throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        let response = try certificates.respond(about: "localhost")
        let text = configuration(
            "certificates: [ { certificate: \(files.certificate), key: \(files.key), ocsp: \(response) } ]")
        try withGateway(text, origin) { gateway in
            let asked = try sClient(gateway, "-status")
            #expect(asked.contains("OCSP Response Status: successful") && asked.contains("Cert Status: good"))
        }
    }

    /// Over the limit there is no handshake and no answer, only the end.
    @Test func connectionsAreCapped() throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        let text = configuration("certificates: [ \(pair(files)) ]").replacing(
            "tls: {", with: "max_connections: 1, tls: {")
        try withGateway(text, origin) { gateway in
            let first = try gateway.connect()
            try eventually("the first is counted") {
                let second = try gateway.connect()
                return try second.readToEnd().isEmpty
            }
            first.close()
        }
    }

    @Test func applicationProtocols() throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        try withGateway(configuration("certificates: [ \(pair(files)) ]"), origin) { gateway in
            let common = try sClient(gateway, "-alpn", "h2,http/1.1")
            #expect(common.contains("ALPN protocol: h2"))
            let older = try sClient(gateway, "-alpn", "http/1.1")
            #expect(older.contains("ALPN protocol: http/1.1"))
            let none = try sClient(gateway, "-alpn", "spdy/1")
            #expect(none.contains("no application protocol"))
        }
    }

    @Test func plainHttpIsAnsweredInClear() throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        try withGateway(configuration("certificates: [ \(pair(files)) ]"), origin, admin: true) { gateway in
            #expect(gateway.ask("GET /") == "400 tls_required")
            #expect(gateway.ask("DELETE /a") == "400 tls_required")
            try eventually("the count") {
                try metric(gateway, "gatehouse_tls_handshakes_total{result=\"plain_text\"}") == 2
            }
        }
    }

    @Test func aSilentClientIsGivenUp() throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        let text = configuration("certificates: [ \(pair(files)) ]", "timeouts: { head: 200ms }")
        try withGateway(text, origin, admin: true) { gateway in
            let client = try gateway.connect()
            #expect(try client.expectClosed() == .closed)
            let count = try metric(gateway, "gatehouse_tls_handshakes_total{result=\"timeout\"}")
            #expect(count == 1)
        }
    }

    @Test func aRedirectToHttps() throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        let text = """
            listeners:
              - { name: clear, address: "127.0.0.1:0", redirect_to_https: true }
              - { name: secure, address: "127.0.0.1:0", tls: { certificates: [ \(pair(files)) ] } }
            workers: 1
            access_log: { enabled: false }

            """
        try withGateway(text, listeners: 2) { gateway in
            #expect(gateway.ask("GET /a/%7eb?c=d", "Host: example.com") == "308 https://example.com/a/~b?c=d")
            #expect(gateway.ask("POST /", "Host: [::1]") == "308 https://[::1]/")
        }
    }

    @Test(arguments: ["optional", "required"]) func clientCertificates(mode: String) throws {
        let files = try certificates.make("localhost", "DNS:localhost")
        let ada = try certificates.make("ada", "DNS:ada.example.com,URI:spiffe://example.com/ada")
        let eve = try certificates.make("eve", "DNS:eve.example.com")
        let list = try certificates.revoke("eve")
        let text = configuration(
            "certificates: [ \(pair(files)) ], "
                + "client_certificates: { mode: \(mode), ca: \(certificates.authority), crl: \(list) }")
        try withGateway(text, origin, admin: true) { gateway in
            let (answer, _) = try curl(
                gateway, "/ada", host: "localhost", "--cert", ada.certificate, "--key", ada.key, "-H",
                "X-Forwarded-Client-Cert: Subject=\"CN=root\"")
            #expect(answer.contains("200 OK"))
            let value = try #require(try origin.waitForRequest().fields["X-Forwarded-Client-Cert"])
            #expect(value.hasPrefix("Hash=") && value.contains(";Subject=\"CN=ada\";URI=spiffe://example.com/ada;"))
            #expect(value.hasSuffix(";DNS=ada.example.com"))

            let withNone = try curl(gateway, "/none")
            #expect(withNone.output.contains("200 OK") == (mode == "optional"))
            if mode == "optional" {
                #expect(try origin.waitForRequest(2).fields["X-Forwarded-Client-Cert"] == nil)
            }
            let revoked = try curl(gateway, "/eve", host: "localhost", "--cert", eve.certificate, "--key", eve.key)
            #expect(!revoked.output.contains("200 OK"))
            // The client hears of it before it is counted.
            try eventually("the count") {
                try metric(gateway, "gatehouse_tls_handshakes_total{result=\"certificate_revoked\"}") == 1
            }
        }
    }
}

/// TLS towards services.
@Suite struct TLSServices {
    private let certificates: TestCertificates
    init() throws { certificates = try TestCertificates() }

    /// A gateway that serves TLS, and another in front of it that speaks TLS to the first.
    private func withService(
        _ files: (certificate: String, key: String), _ tls: String = "", of serviceTLS: String,
        _ body: (GatewayProcess) throws -> Void
    ) throws {
        let service = """
            listeners: [ { address: "127.0.0.1:0", tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ]\(tls) } } ]
            workers: 1
            access_log: { enabled: false }
            routes: [ { name: all, path: "/**", respond: { body: "hello" } } ]

            """
        try withGateway(service) { origin in
            let front =
                withAdmin
                + "services: { s: { endpoints: [ \"https://127.0.0.1:\(origin.port)\" ], tls: \(serviceTLS) } }\n"
                + "routes: [ { name: all, path: \"/**\", service: s } ]\n"
            try withGateway(front, admin: true) { try body($0) }
        }
    }

    @Test func aVerifiedServiceAnswers() throws {
        let files = try certificates.make("s", "IP:127.0.0.1")
        try withService(files, of: "{ ca: \(certificates.authority) }") { gateway in
            for _ in 0..<5 { #expect(gateway.ask("GET /") == "hello") }
        }
    }

    /// A new connection goes on with the session of the one before it.
    @Test(arguments: ["1.2", "1.3"]) func sessionsWithServicesAreResumed(version: String) throws {
        let files = try certificates.make("again", "DNS:again.example.com")
        let back = try GatewayProcess(
            """
            listeners: [ { address: "127.0.0.1:0", tls: { min_version: "\(version)", certificates: [
              { certificate: \(files.certificate), key: \(files.key) } ] } } ]
            admin: { address: "127.0.0.1:0" }
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: "/**", respond: { body: back } } ]

            """, admin: true)
        let front = service(
            at: "https://127.0.0.1:\(back.port)",
            "tls: { ca: \(certificates.authority), server_name: again.example.com }, pool: { max_idle: 0 }")
        try withGateway(front) { gateway in
            for _ in 0..<4 { #expect(gateway.ask("GET /") == "back") }
            let page = back.ask("GET /metrics", on: back.adminPort)
            #expect(page.contains("gatehouse_tls_handshakes_total{result=\"ok\"} 4\n"))
            #expect(page.contains("gatehouse_tls_resumed_total 3\n"))
        }
        try back.stop()
    }

    @Test func theServersNameCanBeAnother() throws {
        let files = try certificates.make("s", "DNS:users.internal")
        try withService(files, of: "{ ca: \(certificates.authority), server_name: users.internal }") { gateway in
            #expect(gateway.ask("GET /") == "hello")
        }
    }

    @Test(arguments: ["name", "expired", "future", "authority", "system"])
    func aServiceThatCannotBeTrusted(fault: String) throws {
        let other = try TestCertificates()
        let authority = fault == "authority" ? other.authority : certificates.authority
        let files =
            switch fault {
            case "name": try certificates.make("s", "DNS:other.internal,IP:127.0.0.2")
            case "expired":
                try certificates.make("s", "IP:127.0.0.1", valid: ("20200101000000Z", "20200201000000Z"))
            case "future":
                try certificates.make("s", "IP:127.0.0.1", valid: ("20900101000000Z", "20910201000000Z"))
            default: try certificates.make("s", "IP:127.0.0.1")
            }
        // A gateway would not start with such a certificate, so `openssl s_server` shows it.
        let server = try ServerOfOpenSSL(files, certificates)
        let tls = fault == "system" ? "{}" : "{ ca: \(authority) }"
        let front =
            oneListener + "services:\n"
            + "  s: { endpoints: [ \"https://127.0.0.1:\(server.port)\" ], tls: \(tls) }\n"
            + "  blind: { endpoints: [ \"https://127.0.0.1:\(server.port)\" ], tls: { verify: false } }\n"
            + "routes: [ { path: \"/**\", service: s }, { path: /blind, service: blind, rewrite: / } ]\n"
        try withGateway(front) { gateway in
            #expect(gateway.ask("GET /") == "502 upstream_certificate_invalid")
            // Not verified, the same certificate is good enough.
            #expect(gateway.ask("GET /blind").contains("s_server"))
            let reasons = [
                "name": "certificate_name", "expired": "certificate_expired", "future": "certificate_not_yet_valid",
                "authority": "certificate_untrusted", "system": "certificate_untrusted",
            ]
            let reason = try #require(reasons[fault])
            _ = try gateway.process.wait(for: "the warning") { _, errors in errors.contains(reason) ? true : nil }
        }
    }

    @Test func aServiceThatAsksWhoWeAre() throws {
        let files = try certificates.make("s", "IP:127.0.0.1")
        let gatewayFiles = try certificates.make("gateway", "DNS:gateway.internal")
        let asks = ", client_certificates: { ca: \(certificates.authority) }"
        let identity = "client_certificate: \(gatewayFiles.certificate), client_key: \(gatewayFiles.key)"
        try withService(files, asks, of: "{ ca: \(certificates.authority), \(identity) }") { gateway in
            #expect(gateway.ask("GET /") == "hello")
        }
        try withService(files, asks, of: "{ ca: \(certificates.authority) }") { gateway in
            #expect(gateway.ask("GET /").hasPrefix("502 "))
        }
    }

    @Test func aServiceThatSpeaksNoTLS() throws {
        let origin = try ScriptedUpstream { _, connection in connection.close() }
        let front =
            oneListener + "services: { s: { endpoints: [ \"https://127.0.0.1:\(origin.port)\" ] } }\n"
            + "routes: [ { name: all, path: \"/**\", service: s } ]\n"
        try withGateway(front) { gateway in
            #expect(gateway.ask("GET /") == "502 upstream_tls_failed")
        }
    }
}

/// `openssl s_server` with a certificate that a gateway would refuse to start with.
private final class ServerOfOpenSSL {
    let port: UInt16
    private let process: ChildProcess

    init(_ files: (certificate: String, key: String), _ certificates: TestCertificates) throws {
        let process = try ChildProcess(
            "/usr/bin/env",
            [
                "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", files.certificate, "-key", files.key, "-www",
            ])
        self.process = process
        port = try process.wait(for: "s_server to listen") { output, _ in
            guard let start = output.range(after: "ACCEPT 127.0.0.1:") else { return nil }
            return UInt16(output[start...].prefix { $0.isNumber })
        }
    }

    deinit { process.send(.kill) }
}

/// What is wrong with certificates is said before anything listens, all of it at once.
@Suite struct TLSFaults {
    private let certificates: TestCertificates
    init() throws { certificates = try TestCertificates() }

    @Test func everythingAtOnce() throws {
        let good = try certificates.make("good", "DNS:good.example.com")
        let other = try certificates.make("other", "DNS:other.example.com")
        let expired = try certificates.make("expired", "DNS:a", valid: ("20200101000000Z", "20200201000000Z"))
        let future = try certificates.make("future", "DNS:a", valid: ("20900101000000Z", "20910101000000Z"))
        let soon = try certificates.make("soon", "DNS:a")
        try certificates.run(
            "pkey", "-in", soon.key, "-aes256", "-passout", "pass:x", "-out", certificates.path("locked.key"))
        let file = try certificates.directory.write(
            """
            listeners:
              - address: "127.0.0.1:0"
                tls:
                  certificates:
                    - { certificate: nothing.pem, key: \(good.key) }
                    - { certificate: \(good.certificate), key: \(other.key) }
                    - { certificate: \(expired.certificate), key: \(expired.key) }
                    - { certificate: \(future.certificate), key: \(future.key) }
                    - { certificate: \(soon.certificate), key: locked.key }
                    - { certificate: \(good.key), key: \(good.key) }
                  client_certificates: { ca: \(good.key), crl: \(good.certificate) }
            services:
              s: { endpoints: [ "https://127.0.0.1:1" ], tls: { ca: missing.pem } }
            routes:
              - { path: /a, hosts: unknown.example.com, service: s }

            """, to: "gateway.yaml")
        let process = try ChildProcess(try GatewayProcess.binary(), ["check", "--no-resolve", file])
        #expect(try process.waitForExit() == .code(1))
        let said = process.output + process.errors
        for (line, words) in [
            (5, "nothing.pem\" does not exist"), (6, "does not belong to the certificate"),
            (7, "has expired on 2020-02-01"), (8, "is not valid before 2090-01-01"),
            (9, "is protected by a passphrase"), (10, "holds no certificate"), (11, "holds no certificate"),
            (13, "missing.pem\" does not exist"),
        ] {
            #expect(
                said.split(separator: "\n").contains { $0.contains("gateway.yaml:\(line):") && $0.contains(words) },
                "\(line): \(words) in \(said)")
        }
        let run = try ChildProcess(try GatewayProcess.binary(), ["run", file])
        #expect(try run.waitForExit() == .code(1))
        #expect(run.errors.contains("has expired") && run.errors.contains("missing.pem"))
    }

    /// The same at a reload: all is named, and clients go on seeing the certificate that was there.
    @Test func aReloadWithBadFilesChangesNothing() throws {
        let good = try certificates.make("good", "DNS:localhost")
        let other = try certificates.make("other", "DNS:localhost")
        let expired = try certificates.make("expired", "DNS:a", valid: ("20200101000000Z", "20200201000000Z"))
        func text(_ pairs: String...) -> String {
            """
            listeners: [ { address: "127.0.0.1:0", tls: { certificates: [ \(pairs.joined(separator: ", ")) ] } } ]
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: "/**", respond: { body: x } } ]

            """
        }
        let pair = "{ certificate: \(good.certificate), key: \(good.key) }"
        try withGateway(text(pair)) { gateway in
            let bad = text(
                "{ certificate: \(good.certificate), key: \(other.key) }",
                "{ certificate: \(expired.certificate), key: \(expired.key) }",
                "{ certificate: gone.pem, key: gone.key }")
            _ = try gateway.directory.write(bad, to: "gateway.yaml")
            gateway.process.send(.hangup)
            for words in [
                "does not belong to the certificate", "has expired on 2020-02-01", "gone.pem\" does not exist",
            ] {
                _ = try gateway.process.wait(for: words) { _, errors in errors.contains(words) ? true : nil }
            }
            #expect(try shown(by: gateway).contains("CN = good"))
            // The same files with other bytes, and nothing but a signal: the next handshake shows the new one.
            let renewed = text("{ certificate: \(other.certificate), key: \(other.key) }")
            _ = try gateway.directory.write(renewed, to: "gateway.yaml")
            gateway.process.send(.hangup)
            _ = try gateway.process.wait(for: "the reload") { _, errors in errors.contains("reloaded (") ? true : nil }
            try eventually("the new certificate") { try shown(by: gateway).contains("CN = other") }
        }
    }

    /// A certificate that is renewed in its place is what the next handshake shows; a connection that is there goes on.
    @Test func aRenewedCertificateIsTakenUp() throws {
        let first = try certificates.make("first", "DNS:localhost")
        let second = try certificates.make("second", "DNS:localhost")
        let (certificate, key) = (certificates.path("live.pem"), certificates.path("live.key"))
        func install(_ files: (certificate: String, key: String)) throws {
            // Renamed into place, as programs that renew certificates do.
            let script = """
                cp \(files.certificate) \(certificate).new && cp \(files.key) \(key).new
                mv \(certificate).new \(certificate) && mv \(key).new \(key)
                """
            let process = try ChildProcess("/bin/sh", ["-ec", script])
            #expect(try process.waitForExit() == .code(0))
        }
        try install(first)
        let text = """
            listeners: [ { address: "127.0.0.1:0", tls: { certificates: [ { certificate: \(certificate), key: \(key) } ] } } ]
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: /1, respond: { body: one } }, { path: /2, respond: { body: two } } ]

            """
        let gateway = try GatewayProcess(text, options: ["--watch"])
        // The second request waits in the shell until somebody writes into the pipe.
        let pipe = certificates.path("pipe")
        func get(_ path: String, _ field: String = "") -> String {
            "printf 'GET \(path) HTTP/1.1\\r\\nHost: x\\r\\n\(field)\\r\\n'"
        }
        let kept = try ChildProcess(
            "/bin/sh",
            [
                "-c",
                "mkfifo \(pipe) && { \(get("/1")); cat \(pipe); } | "
                    + "openssl s_client -quiet -connect 127.0.0.1:\(gateway.port)",
            ])
        _ = try kept.wait(for: "the first answer") { output, _ in output.hasSuffix("one") ? true : nil }
        #expect(try shown(by: gateway).contains("CN = first"))
        try install(second)
        try eventually("the renewed certificate") { try shown(by: gateway).contains("CN = second") }
        let last = try ChildProcess("/bin/sh", ["-c", "\(get("/2", "Connection: close\\r\\n")) >\(pipe)"])
        #expect(try last.waitForExit() == .code(0))
        _ = try kept.wait(for: "the second answer") { output, _ in output.hasSuffix("two") ? true : nil }
        try gateway.stop()
    }

    private func shown(by gateway: GatewayProcess) throws -> String {
        let process = try ChildProcess(
            "/bin/sh", ["-c", "openssl s_client -connect 127.0.0.1:\(gateway.port) </dev/null"])
        try process.waitForExit()
        return process.output
    }

    @Test func whatIsOnlyWorthAWarning() throws {
        try certificates.make("soon", "DNS:api.example.com", days: 10)
        let file = try certificates.directory.write(
            """
            listeners: [ { address: "127.0.0.1:0", tls: { certificates: [ { certificate: soon.pem, key: soon.key } ] } } ]
            workers: 1
            routes:
              - { path: /a, hosts: api.example.com, respond: {} }
              - { path: /b, hosts: other.example.com, respond: {} }

            """, to: "gateway.yaml")
        let process = try ChildProcess(try GatewayProcess.binary(), ["check", file])
        #expect(try process.waitForExit() == .code(0))
        #expect(process.output.contains("expires on") && process.output.contains("\"other.example.com\""))
        #expect(!process.output.contains("\"api.example.com\""))
        let run = try ChildProcess(try GatewayProcess.binary(), ["run", file])
        _ = try run.wait(for: "the warning") { _, errors in errors.contains("a certificate expires soon") ? true : nil }
        run.send(.kill)
    }
}
