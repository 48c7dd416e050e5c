import GatehouseTesting
import Testing

/// Calls of gRPC through the gateway, by grpcio on both sides (`calls.py`).
@Suite struct GRPC {
    /// The server, running.
    private static func server() throws -> (ChildProcess, UInt16) {
        let script = #filePath.replacing("GRPC.swift", with: "calls.py")
        let process = try ChildProcess("/usr/bin/env", ["python3", script, "server"])
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
            auth: { secret: "0123456789abcdef0123456789abcdef", exclude_paths: [ "/test.Echo/**", "/other.Service/**", "/gone.Service/**" ] }
            services:
              echo:
                endpoints: [ "http://127.0.0.1:\(port)" ]
                protocol: http2
                health_check: { type: grpc, interval: 2s, required: true }
              gone: { endpoints: [ "\(gone.url)" ] }
            routes:
              - { path: "/test.Echo/**", service: echo }
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
        }
        server.send(.kill)
        try server.waitForExit()
    }
}
