import GatehouseTesting
import Testing

/// Certificates that come by themselves: against `pebble`, and against an authority that says what pebble never says.
@Suite(.serialized) struct AutomaticCertificates {
    private let certificates: TestCertificates
    private let storage: String

    init() throws {
        certificates = try TestCertificates()
        storage = certificates.path("store")
    }

    private func acme(_ url: String, _ domains: String, _ more: String = "") -> String {
        "acme: { directory: \"\(url)\", domains: [ \(domains) ], storage: \(storage), ca: \(certificates.authority)\(more) }"
    }

    private func configuration(_ tls: String, plain: String = "redirect_to_https: true") -> String {
        """
        listeners:
          - { name: plain, address: "127.0.0.1:0", \(plain) }
          - { name: secure, address: "127.0.0.1:0", tls: { \(tls) } }
        admin: { address: "127.0.0.1:0" }
        workers: 2
        access_log: { enabled: false }
        routes: [ { path: "/**", respond: { body: hello } } ]

        """
    }

    /// What `openssl` says of the certificate that is shown for a name, and of the handshake.
    private func shown(_ name: String, by port: UInt16, _ more: String = "") throws -> String {
        let process = try ChildProcess(
            "/bin/sh",
            [
                "-c",
                "openssl s_client -connect 127.0.0.1:\(port) -servername \(name) \(more) </dev/null 2>&1"
                    + " | tee /dev/stderr | openssl x509 -noout -serial -issuer -ext subjectAltName",
            ])
        try process.waitForExit()
        return process.output + process.errors
    }

    private func serial(_ name: String, by port: UInt16) throws -> Substring? {
        try shown(name, by: port).split(separator: "\n").first { $0.hasPrefix("serial=") }
    }

    /// What the admin API says of the managed certificate.
    private func report(_ gateway: GatewayProcess) throws -> JSON {
        let page = try JSON(gateway.ask("GET /api/v1/status", on: gateway.adminPort))
        guard case .array(let list)? = page["certificates"], let last = list.last else {
            throw KitFailure(.violation, "no certificate in \(page)")
        }
        return last
    }

    private func start(_ text: String, more: [String: String] = [:]) throws -> GatewayProcess {
        try GatewayProcess(text, listeners: 2, admin: true, environment: more)
    }

    /// The authority is not there when the gateway starts; nobody waits for it. Then it is, and asks by http. What came
    /// outlives the program, and goes over to a successor.
    @Test func byHTTP() throws {
        let port = try PebbleServer.freePort()
        let text = configuration(
            acme("https://localhost:\(port)/dir", "a.gateway.test, b.gateway.test", ", challenge: http-01"))
        let gateway = try start(text)
        let (plain, secure) = (gateway.namedPorts["plain"] ?? 0, gateway.namedPorts["secure"] ?? 0)
        // Until then nobody is served, in words that can be understood.
        #expect(try shown("a.gateway.test", by: secure).contains("unrecognized name"))
        #expect(gateway.ask("GET /", on: secure) == "400 tls_required")
        #expect(gateway.ask("GET /x", "Host: a.gateway.test", on: plain).hasPrefix("308 https://a.gateway.test"))
        #expect(gateway.ask("GET /.well-known/acme-challenge/x", "Host: a.gateway.test", on: plain).hasPrefix("308 "))
        try eventually("the first try to be told") {
            try report(gateway)["last_error"]?.text?.contains("refused") == true
        }
        #expect(try report(gateway)["state"]?.text == "missing")

        let pebble = try PebbleServer(certificates, port: port, httpPort: plain)
        try eventually("the certificate") { try report(gateway)["state"]?.text == "valid" }
        let first = try shown("b.gateway.test", by: secure)
        #expect(first.contains("Pebble Intermediate") && first.contains("DNS:a.gateway.test, DNS:b.gateway.test"))
        #expect(try report(gateway)["last_error"] == .null)
        let metrics = gateway.ask("GET /metrics", on: gateway.adminPort)
        #expect(metrics.contains("gatehouse_acme_orders_total{certificate=\"a.gateway.test\",result=\"ok\"} 1\n"))
        #expect(metrics.contains("gatehouse_acme_failing{certificate=\"a.gateway.test\"} 0\n"))
        #expect(
            metrics.contains("gatehouse_tls_certificate_expiry_timestamp_seconds{listener=\"secure\",certificate=\""))
        let status = try ChildProcess(
            try GatewayProcess.binary(), ["status", "--admin", "127.0.0.1:\(gateway.adminPort ?? 0)"])
        #expect(try status.waitForExit() == .code(0))
        #expect(status.output.contains("a.gateway.test +1") && status.output.contains("by acme"))
        try pebble.stop()

        let number = try #require(try serial("a.gateway.test", by: secure))
        let successor = try GatewayProcess(replacing: gateway, listeners: 2)
        #expect(try gateway.process.waitForExit() == .code(0))
        #expect(try serial("a.gateway.test", by: secure) == number)
        try successor.stop()
        let again = try start(text)
        #expect(try serial("a.gateway.test", by: again.namedPorts["secure"] ?? 0) == number)
        #expect(try report(again)["state"]?.text == "valid")
        try again.stop()
    }

    /// By TLS alone, though the listener asks its clients for certificates; and renewed before it ends.
    @Test func byTLSAndRenewed() throws {
        let port = try PebbleServer.freePort()
        let text = configuration(
            "client_certificates: { ca: \(certificates.authority) }, "
                + acme("https://localhost:\(port)/dir", "a.gateway.test, b.gateway.test, c.gateway.test"))
        let gateway = try start(text)
        let secure = gateway.namedPorts["secure"] ?? 0
        let pebble = try PebbleServer(certificates, port: port, tlsPort: secure, seconds: 9)
        // A try that fails is repeated after a minute, and that is no fault of the gateway on a machine that is busy.
        func wait(issued count: Int) throws {
            _ = try gateway.process.wait(for: "\(count) certificates", within: .seconds(200)) { _, errors in
                errors.split(separator: "\n").count { $0.contains("a certificate has come") } >= count ? true : nil
            }
        }
        try wait(issued: 1)
        let first = try serial("c.gateway.test", by: secure)
        try wait(issued: 3)
        let later = try serial("c.gateway.test", by: secure)
        #expect(first != nil && later != nil && first != later)
        // Whoever asks by that protocol gets nothing but a handshake, and only while it is asked for.
        let other = try shown("other.gateway.test", by: secure, "-alpn acme-tls/1")
        #expect(other.contains("no application protocol"))
        withExtendedLifetime(pebble) {}
        try gateway.stop()
    }

    /// An authority that takes only its customers says so; so it does of a key that is wrong. With the right one, which
    /// nobody gets to see, the certificate comes, and the next needs none: the account is there.
    @Test func accountsOfCustomers() throws {
        let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
        let wrong = "b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQJQH"
        let port = try PebbleServer.freePort()
        let url = "https://localhost:\(port)/dir"
        let pebble = try PebbleServer(
            certificates, port: port, tlsPort: try PebbleServer.freePort(), externalAccounts: ["kid-1": key])
        func text(_ eab: String, _ domain: String = "a.gateway.test") -> String {
            configuration(acme(url, domain, eab))
        }
        let gateway = try start(text(""), more: ["EAB_KEY": key])
        func reload(_ text: String) throws {
            _ = try gateway.directory.write(text, to: "gateway.yaml")
            gateway.process.send(.hangup)
        }
        func wait(for words: String) throws {
            try eventually("the failure: \(words)") {
                try report(gateway)["last_error"]?.text?.contains(words) == true
            }
        }
        try wait(for: "set acme.eab")
        try reload(text(", eab: { key_id: kid-1, hmac_key: \(wrong) }"))
        try wait(for: "eab with key_id kid-1: ")
        try reload(text(", eab: { key_id: kid-2, hmac_key: \(key) }"))
        try wait(for: "eab with key_id kid-2: ")
        let lines = gateway.process.errors.split(separator: "\n").filter { $0.contains("could not be got") }
        #expect(lines.allSatisfy { $0.contains("\"reason\":\"external_account\"") }, "\(lines)")

        // Nobody answers where the authority looks: what it cannot see is all that is missing now.
        try reload(text(", eab: { key_id: kid-1, hmac_key: \"${env:EAB_KEY}\" }"))
        try wait(for: "a.gateway.test: ")
        #expect(pebble.log.contains("POST /sign-me-up"))
        try reload(text(", eab: { key_id: kid-2, hmac_key: \(wrong) }", "b.gateway.test"))
        try wait(for: "b.gateway.test: ")
        let seen = gateway.process.output + gateway.process.errors + (try report(gateway).description)
        #expect(!seen.contains(key) && !seen.contains(wrong))
        try gateway.stop()
    }

    /// An authority that wants a certificate to be renewed, because it will be revoked say, need not wait for it. The order
    /// names what it replaces.
    @Test func renewedWhenTheAuthorityWantsIt() throws {
        let authority = try ScriptedAuthority(certificates, .hurries)
        let gateway = try start(
            configuration(acme(authority.url, "a.example", ", challenge: http-01"), plain: "http2: true"))
        authority.look(at: gateway.namedPorts["plain"] ?? 0)
        _ = try gateway.process.wait(for: "two certificates", within: .seconds(60)) { _, errors in
            errors.split(separator: "\n").count { $0.contains("a certificate has come") } >= 2 ? true : nil
        }
        try eventually("the question about the second") { authority.questions.count >= 2 }
        #expect(authority.orders == 2)
        // 4711, behind the key of who has signed it.
        #expect(authority.questions[0].hasSuffix(".Emc") && authority.questions[0].count == 31)
        #expect(authority.replaced == [authority.questions[0]])
        let line = try gateway.process.wait(for: "its line") { _, errors in
            errors.split(separator: "\n").first { $0.contains("has said when to renew") }
        }
        #expect(line.contains("\"from\":\"2001-01-01") && line.contains("https://a.example/why"), "\(line)")
        try gateway.stop()
        try authority.check()
    }

    /// Beside certificates of files, and on a listener that was there before.
    @Test func takenUpByAReload() throws {
        let files = try certificates.make("first", "DNS:first.gateway.test")
        let fixed = "certificates: [ { certificate: \(files.certificate), key: \(files.key) } ]"
        let gateway = try start(configuration(fixed))
        let secure = gateway.namedPorts["secure"] ?? 0
        let before = try #require(try serial("first.gateway.test", by: secure))
        let pebble = try PebbleServer(certificates, tlsPort: secure)
        _ = try gateway.directory.write(
            configuration(fixed + ", " + acme(pebble.url, "second.gateway.test")), to: "gateway.yaml")
        gateway.process.send(.hangup)
        try eventually("the certificate") {
            try shown("second.gateway.test", by: secure).contains("Pebble Intermediate")
        }
        #expect(try serial("first.gateway.test", by: secure) == before)
        #expect(try serial("unknown.gateway.test", by: secure) == before)
        // Taken away again, nobody shows it.
        _ = try gateway.directory.write(configuration(fixed), to: "gateway.yaml")
        gateway.process.send(.hangup)
        try eventually("the first one for all") { try serial("second.gateway.test", by: secure) == before }
        try gateway.stop()
    }

    /// What goes wrong is told in the authority's words, and repeated when it may be.
    @Test(arguments: [
        (ScriptedAuthority.Trouble.none, "", ""), (.rateLimit(5_000), "rate_limited", "rateLimited: too many orders"),
        (.otherName, "wrong_certificate", "cannot be used"), (.noCertificate, "wrong_certificate", "cannot be used"),
    ])
    func anAuthorityThatSays(trouble: ScriptedAuthority.Trouble, reason: String, detail: String) throws {
        let authority = try ScriptedAuthority(certificates, trouble)
        let gateway = try start(
            configuration(acme(authority.url, "a.example", ", challenge: http-01"), plain: "http2: true"))
        authority.look(at: gateway.namedPorts["plain"] ?? 0)
        if reason.isEmpty {
            try eventually("the certificate") { try report(gateway)["state"]?.text == "valid" }
            #expect(try shown("a.example", by: gateway.namedPorts["secure"] ?? 0).contains("serial=1267"))
        } else {
            try eventually("the failure") { try report(gateway)["last_error"]?.text?.contains(detail) == true }
            let line = try gateway.process.wait(for: "its line") { _, errors in
                errors.split(separator: "\n").first { $0.contains("a certificate could not be got") }
            }
            #expect(line.contains("\"reason\":\"\(reason)\"") && line.contains(detail), "\(line)")
            if case .rateLimit(let seconds) = trouble { #expect(line.contains("\"next_try_seconds\":\(seconds)")) }
            let metrics = gateway.ask("GET /metrics", on: gateway.adminPort)
            #expect(metrics.contains("gatehouse_acme_orders_total{certificate=\"a.example\",result=\"failed\"} 1\n"))
            #expect(gateway.ask("GET /", on: gateway.namedPorts["plain"]) == "hello")
        }
        #expect(authority.orders == 1)
        try gateway.stop()
        try authority.check()
    }

    /// A file that is no certificate is refused at start; a place that cannot be written to fails the order.
    @Test func aStorageThatIsNone() throws {
        let authority = try ScriptedAuthority(certificates, .none)
        let text = configuration(acme(authority.url, "a.example", ", challenge: http-01"), plain: "http2: true")
        try TemporaryDirectory.link(storage, to: "/nonexistent/place")
        let gateway = try start(text)
        try eventually("the failure") { try report(gateway)["last_error"]?.text?.contains("storage: cannot") == true }
        #expect(authority.orders == 0)
        try gateway.stop()

        let directory = try ChildProcess("/bin/rm", [storage])
        #expect(try directory.waitForExit() == .code(0))
        let first = try start(text)
        authority.look(at: first.namedPorts["plain"] ?? 0)
        try eventually("the certificate") { try report(first)["state"]?.text == "valid" }
        let kept = try report(first)["path"]?.text ?? ""
        try first.stop()
        let spoil = try ChildProcess("/bin/sh", ["-c", "echo nothing > \(kept)"])
        #expect(try spoil.waitForExit() == .code(0))
        let refused = try ChildProcess(try GatewayProcess.binary(), ["run", first.file])
        #expect(try refused.waitForExit() == .code(1))
        #expect(refused.errors.contains("\(kept)\" is no certificate with its key"))
        let check = try ChildProcess(try GatewayProcess.binary(), ["check", "--no-resolve", first.file])
        #expect(try check.waitForExit() == .code(1))
    }
}
