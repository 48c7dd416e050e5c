import GatehouseTesting
import Testing

/// Sockets in the file system.
@Suite struct UnixSockets {
    private let directory: TemporaryDirectory
    private var path: String { directory.file("app.sock") }

    init() throws { directory = try TemporaryDirectory() }

    private func origin(at path: String) throws -> ScriptedUpstream {
        try ScriptedUpstream(path: path) { connection in
            while !connection.isClosed, let request = try connection.readRequest() {
                let text = "\(request.method) \(request.target) \(request.fields["host"] ?? "")"
                try connection.respond(body: "\(text) \(request.bodyText.utf8.count)")
            }
        }
    }

    @Test func anEndpointIsASocket() throws {
        let origin = try origin(at: path)
        try withGateway(service(at: "unix:\(path)"), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /a?b"))
            #expect(try client.readResponse().bodyText == "GET /a?b localhost 0")
            let body = String(repeating: "x", count: 300_000)
            try client.send(request("POST /c", "Content-Length: 300000") + body)
            #expect(try client.readResponse().bodyText == "POST /c localhost 300000")
            // Pooled like any other.
            #expect(origin.connectionCount == 1)
        }
    }

    /// Nothing there, nobody listening, and back again: each said as what it is.
    @Test func aSocketThatIsNotThere() throws {
        let more = "retries: { attempts: 0 }, outlier_detection: { enabled: false }"
        try withGateway(service(at: "unix:\(path)", more)) { gateway in
            #expect(gateway.ask("GET /") == "502 upstream_connect_failed")
            _ = try gateway.process.wait(for: "the reason") { _, errors in
                errors.contains("an endpoint's socket could not be connected to") && errors.contains("no such file")
                    && errors.contains(path) ? true : nil
            }
            do {
                let gone = try origin(at: path)
                #expect(gateway.ask("GET /") == "GET / gateway.test 0" || gateway.ask("GET /").hasPrefix("GET /"))
                gone.stop()
            }
            // The file is left behind, as by a program that crashed.
            #expect(gateway.ask("GET /") == "502 upstream_connect_refused")
        }
    }

    @Test func healthChecksAskThere() throws {
        let healthy = try origin(at: path)
        let other = directory.file("other.sock")
        let text =
            withAdmin + """
                services:
                  app:
                    endpoints: [ "unix:\(path)", "unix:\(other)" ]
                    health_check: { path: /health, interval: 20s, timeout: 15s, required: true }
                routes: [ { name: all, path: "/**", service: app } ]

                """
        try withGateway(text, healthy, admin: true) { gateway in
            for _ in 0..<6 { #expect(gateway.ask("GET /a").hasPrefix("GET /a")) }
            let page = gateway.ask("GET /api/v1/services/app", on: gateway.adminPort)
            #expect(page.contains("unix:\(other)"))
        }
    }

    @Test func explainNamesTheSocket() throws {
        let file = try directory.write(service(at: "unix:\(path)", "proxy_protocol: v2"), to: "gateway.yaml")
        let process = try ChildProcess(try GatewayProcess.binary(), ["explain", "--config", file, "GET", "http://a/b"])
        #expect(try process.waitForExit() == .code(0))
        #expect(process.output.contains("http://localhost/b by unix:\(path)"))
        #expect(process.output.contains("a PROXY header (v2) tells origin who the client is"))
    }
}
