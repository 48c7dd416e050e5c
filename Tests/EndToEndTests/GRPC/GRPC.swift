import GatehouseTesting
import Testing

/// Calls of gRPC through the gateway, by grpcio on both sides (`calls.py`).
@Suite struct GRPC {
    /// The server, running.
    static func server(_ name: String = "calls.py", _ arguments: [String] = []) throws -> (ChildProcess, UInt16) {
        let script = #filePath.replacing("GRPC.swift", with: name)
        let process = try ChildProcess("/usr/bin/env", ["python3", script, "server"] + arguments)
        let port = try process.wait(for: "the server's port", within: .seconds(60)) { output, _ in
            output.contains("\n") ? UInt16(output.split(separator: "\n")[0]) : nil
        }
        return (process, port)
    }

    @Test func callsOfAllKinds() throws {
        let (server, port) = try Self.server()
        let gone = try ScriptedUpstream(named: "gone")
        gone.stop()
        let configuration = """
            listeners: [ { address: "127.0.0.1:0", http2: true } ]
            admin: { address: "127.0.0.1:0" }
            workers: 1
            access_log: { enabled: true, path: "-" }
            auth: { secret: "0123456789abcdef0123456789abcdef", exclude_paths: [ "/test.Echo/**", "/patient.Echo/**", "/other.Service/**", "/gone.Service/**" ] }
            services:
              echo:
                endpoints: [ "http://127.0.0.1:\(port)" ]
                protocol: http2
                health_check: { type: grpc, interval: 2s, required: true }
                retries: { attempts: 3, retry_on: [ grpc_unavailable ], backoff: { base: 1ms, max: 1ms } }
              patient: { endpoints: [ "http://127.0.0.1:\(port)" ], protocol: http2, timeouts: { request: 2s } }
              gone: { endpoints: [ "\(gone.url)" ] }
            routes:
              - { path: "/test.Echo/**", service: echo }
              - { path: "/patient.Echo/{method}", service: patient, rewrite: "/test.Echo/{method}" }
              - { path: "/gone.Service/**", service: gone }
              - { path: "/closed.Service/**", service: echo }

            """
        try withGateway(configuration, admin: true) { gateway in
            let script = #filePath.replacing("GRPC.swift", with: "calls.py")
            try HTTP2.run("python3", [script, "client", "\(gateway.port)"])
            try eventually("the check to say that it is well") {
                gateway.ask("GET /metrics", on: gateway.adminPort).contains(
                    "gatehouse_health_checks_total{service=\"echo\",result=\"success\"}")
            }
            // How calls ended is told of those of the service, and of the gateway's own.
            let page = gateway.ask("GET /metrics", on: gateway.adminPort)
            #expect(page.contains("gatehouse_grpc_calls_total{service=\"echo\",grpc_status=\"9\"} 1\n"))
            #expect(page.contains("gatehouse_grpc_calls_total{service=\"echo\",grpc_status=\"14\"} 1\n"))
            let lines = gateway.process.output.split(separator: "\n")
            for (path, ending) in [
                ("/test.Echo/Fail", "\"status\":200,\"status_from\":\"upstream\",\"grpc_status\":9"),
                ("/gone.Service/Method", "\"status\":200,\"status_from\":\"gateway\",\"grpc_status\":14"),
                ("/closed.Service/Method", "\"status\":200,\"status_from\":\"gateway\",\"grpc_status\":16"),
                ("/test.Echo/Flaky", "\"grpc_status\":0"),
            ] {
                #expect(lines.contains { $0.contains("\"path\":\"\(path)\"") && $0.contains(ending) }, "\(path)")
            }
        }
        server.send(.kill)
        try server.waitForExit()
    }

    /// The interoperability cases, in clear, and over TLS on both sides.
    @Test(arguments: ["clear", "TLS"])
    func interoperability(_ kind: String) throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let isTLS = kind == "TLS"
        let (server, port) = try Self.server("interop.py", isTLS ? [files.certificate, files.key] : [])
        let tls = "tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] }"
        let target = isTLS ? "https://localhost:\(port)" : "http://127.0.0.1:\(port)"
        let configuration = """
            listeners: [ { address: "127.0.0.1:0", \(isTLS ? tls : "http2: true") } ]
            workers: 1
            access_log: { enabled: false }
            services: { s: { endpoints: [ "\(target)" ], protocol: http2, tls: { ca: \(certificates.authority) } } }
            routes: [ { path: "/**", service: s } ]

            """
        try withGateway(configuration) { gateway in
            let script = #filePath.replacing("GRPC.swift", with: "interop.py")
            let trust = isTLS ? [certificates.authority] : []
            let seen = try HTTP2.run("python3", [script, "client", "localhost:\(gateway.port)"] + trust)
            #expect(seen == "14 of 14 cases\n")
        }
        server.send(.kill)
        try server.waitForExit()
    }
}
