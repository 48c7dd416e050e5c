import GatehouseTesting
import Testing

/// Server-Sent Events and long polls: each event goes through when it comes, whatever is configured around it.
@Suite struct EventStreams {
    /// How an origin frames a stream that has no end yet.
    enum Framing: String, CaseIterable, Sendable { case chunks, untilClose }

    private static let count = 12

    /// Sends an event when the one before it was read.
    private func origin(_ framing: Framing, _ read: Counter) throws -> ScriptedUpstream {
        try ScriptedUpstream { request, connection in
            let field = framing == .chunks ? "Transfer-Encoding: chunked" : "Connection: close"
            try connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\(field)\r\n\r\n")
            for number in 0..<Self.count {
                let event = Array(Self.event(number).utf8)
                if framing == .chunks { try connection.sendChunk(event) } else { try connection.send(event) }
                try read.wait(for: number + 1)
            }
            if framing == .chunks { try connection.send("0\r\n\r\n") } else { connection.close() }
        }
    }

    private static func event(_ number: Int) -> String { "id: \(number)\ndata: event \(number)\n\n" }

    /// All that could hold a body back, or look into it, on the way of a stream that it does not concern.
    private let policies = """
        security_headers: true
        cors: { origins: "*" }
        rate_limiting: { default: { requests_per_second: 1000, key: client_ip } }
        auth: { secret: "0123456789abcdef0123456789abcdef", optional: true }
        transformations:
          - path: "/**"
            response: { remove_fields: [ data ], headers: { set: { X-Shaped: "yes" } } }
        """

    private func read(_ client: RawClient, _ read: Counter) throws {
        for number in 0..<Self.count {
            let event = Self.event(number)
            let bytes = try client.readBody(atLeast: event.utf8.count)
            #expect(String(decoding: bytes, as: UTF8.self) == event)
            read.add()
        }
        #expect(try client.readPiece() == nil)
    }

    /// Event N is read before event N + 1 is sent: one that is held back would hold up the test for ever.
    @Test(arguments: Framing.allCases, ["1.1", "1.0"])
    func oneByOneWithPolicies(_ framing: Framing, _ version: String) throws {
        let counter = Counter("events read by the client")
        let origin = try origin(framing, counter)
        let service = """
            services:
              origin:
                endpoints: [ "\(origin.url)" ]
                retries: { attempts: 2, retry_on: [ connect_failure, reset, 503 ] }
                circuit_breaker: { error_ratio: 50% }
            """
        let text = oneListener + policies + "\n" + service + "\nroutes: [ { path: \"/**\", service: origin } ]\n"
        try withGateway(text, origin) { gateway in
            let client = try gateway.connect()
            try client.send("GET /events HTTP/\(version)\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
            let head = try client.readHead()
            #expect(head.fields["content-type"] == "text/event-stream" && head.fields["x-shaped"] == "yes")
            #expect(head.fields.contains("transfer-encoding") == (version == "1.1"))
            try read(client, counter)
        }
    }

    /// TLS on both sides of a gateway, and between two of them.
    @Test(arguments: Framing.allCases) func oneByOneThroughTLS(_ framing: Framing) throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let counter = Counter("events read by the client")
        let origin = try origin(framing, counter)
        let behind = """
            listeners:
              - address: "127.0.0.1:0"
                tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] }
            workers: 1
            access_log: { enabled: false }
            \(policies)
            routes: [ { path: "/**", upstream: "\(origin.url)" } ]

            """
        try withGateway(behind, origin) { behind in
            let front =
                oneListener + "services: { s: { endpoints: [ \"https://127.0.0.1:\(behind.port)\" ], tls: { ca: "
                + "\(certificates.authority), server_name: localhost } } }\nroutes: [ { path: \"/**\", service: s } ]\n"
            try withGateway(front) { front in
                let client = try front.connect()
                try client.send(request("GET /events"))
                #expect(try client.readHead().status == 200)
                try read(client, counter)
            }
        }
    }

    /// A program of other people, which writes each event as it comes.
    @Test(arguments: ["--http1.1", "--http2"]) func curlThroughTLS(_ version: String) throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let counter = Counter("events that curl has written")
        let origin = try origin(.chunks, counter)
        let text = """
            listeners:
              - address: "127.0.0.1:0"
                tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] }
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: "/**", upstream: "\(origin.url)" } ]

            """
        try withGateway(text, origin) { gateway in
            let curl = try ChildProcess(
                "/usr/bin/env",
                [
                    "curl", "-sSN", version, "-m", "60", "--cacert", certificates.authority, "--resolve",
                    "localhost:\(gateway.port):127.0.0.1", "https://localhost:\(gateway.port)/events",
                ])
            for number in 0..<Self.count {
                _ = try curl.wait(for: "event \(number)") { output, _ in
                    output.hasSuffix(Self.event(number)) ? true : nil
                }
                counter.add()
            }
            #expect(try curl.waitForExit() == .code(0))
        }
    }

    /// Answers that are long in coming hold up nobody: neither one another nor what comes after them.
    @Test func longPolls() throws {
        let (arrived, gate) = (Counter("polls at the origin"), Gate())
        let origin = try ScriptedUpstream { request, connection in
            if request.target == "/poll" {
                arrived.add()
                try gate.wait()
            }
            try connection.respond(body: request.target)
        }
        try withGateway(everything(to: origin, "timeouts: { stream_idle: 100ms, body_idle: 100ms }"), origin) {
            gateway in
            let clients = try (0..<20).map { _ in try gateway.connect() }
            for client in clients { try client.send(request("GET /poll")) }
            try arrived.wait(for: clients.count)
            for _ in 0..<20 { #expect(gateway.ask("GET /short") == "/short") }
            gate.open()
            for client in clients { #expect(try client.readResponse().bodyText == "/poll") }
        }
    }
}
