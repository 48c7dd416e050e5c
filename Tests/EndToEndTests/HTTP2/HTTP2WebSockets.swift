import GatehouseTesting
import Testing

/// WebSocket on streams of HTTP/2, with a client and an endpoint by hand (`websocket.py`).
@Suite struct HTTP2WebSockets {
    @Test func streamsBecomeWebSockets() throws {
        let script = #filePath.replacing("HTTP2WebSockets.swift", with: "websocket.py")
        let server = try ChildProcess("/usr/bin/env", ["python3", script, "server"])
        let port = try server.wait(for: "the endpoint's port") { output, _ in
            output.contains("\n") ? UInt16(output.split(separator: "\n")[0]) : nil
        }
        let configuration = """
            listeners: [ { address: "127.0.0.1:0", http2: true } ]
            workers: 1
            access_log: { enabled: true, path: "-" }
            services: { chat: { endpoints: [ "http://127.0.0.1:\(port)" ] } }
            routes:
              - { path: "/echo", service: chat }
              - { path: "/refuse", service: chat }
              - { path: "/plain", service: chat }
              - { path: "/wrong", service: chat }
              - { path: "/big", service: chat }
              - { path: "/closed", service: chat, websocket: false }
              - { path: "/private", service: chat, auth: { secret: "0123456789abcdef0123456789abcdef" } }
              - { path: "/fixed", respond: { body: hello } }

            """
        let gateway = try GatewayProcess(configuration)
        try HTTP2.run("python3", [script, "client", "\(gateway.port)", "\(gateway.process.id)"])
        #expect(try gateway.process.waitForExit() == .code(0))
        let lines = gateway.process.output.split(separator: "\n")
        #expect(
            lines.contains {
                $0.contains("\"path\":\"/echo\",\"protocol\":\"HTTP/2\"") && $0.contains("\"status\":101")
            })
        server.send(.kill)
        try server.waitForExit()
    }
}
