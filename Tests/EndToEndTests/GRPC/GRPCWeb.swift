import GatehouseTesting
import Testing

/// Calls of gRPC-Web, byte by byte, to a service of gRPC (`calls.py`).
@Suite struct GRPCWeb {
    /// A message as it stands in a body, with a byte of flags and four of the length.
    private static func frame(_ text: String, flags: UInt8 = 0) -> [UInt8] {
        let bytes = Array(text.utf8)
        return [flags] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }

    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = Array(bytes[start..<min(start + 3, bytes.count)])
            let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for place in 0..<4 {
                text.append(place <= group.count ? letters[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Padding may stand behind any group.
    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: 4) {
            let group = text[start..<min(start + 4, text.count)]
            let bits = group.enumerated().reduce(0) {
                $0 | (letters.firstIndex(of: $1.element) ?? 0) << (18 - 6 * $1.offset)
            }
            let padding = group.filter { $0 == UInt8(ascii: "=") }.count
            bytes += (0..<(3 - padding)).map { UInt8(truncatingIfNeeded: bits >> (16 - 8 * $0)) }
        }
        return bytes
    }

    /// The messages of an answer, and the trailers behind them.
    private static func parts(_ body: [UInt8]) -> (messages: [String], trailers: String?) {
        var (messages, trailers): ([String], String?) = ([], nil)
        var index = 0
        while index + 5 <= body.count {
            let length = body[(index + 1)..<(index + 5)].reduce(0) { $0 << 8 | Int($1) }
            let end = min(index + 5 + length, body.count)
            let text = String(decoding: body[(index + 5)..<end], as: UTF8.self)
            #expect(trailers == nil && end == index + 5 + length, "something behind the trailers, or cut off")
            if body[index] == 0x80 { trailers = text } else { messages.append(text) }
            index = end
        }
        return (messages, trailers)
    }

    private func withService(_ body: (GatewayProcess) throws -> Void) throws {
        let (server, port) = try GRPC.server()
        let gone = try ScriptedUpstream(named: "gone")
        gone.stop()
        let configuration = """
            listeners: [ { address: "127.0.0.1:0", http2: true } ]
            admin: { address: "127.0.0.1:0" }
            workers: 1
            access_log: { enabled: false }
            cors: { origins: [ "https://app.example.com" ], methods: [ POST ], headers: [ Content-Type, X-Grpc-Web ], expose: [ Grpc-Status, Grpc-Message ] }
            services:
              echo: { endpoints: [ "http://127.0.0.1:\(port)" ], protocol: http2 }
              gone: { endpoints: [ "\(gone.url)" ] }
            routes:
              - { path: "/test.Echo/**", service: echo, grpc_web: true }
              - { path: "/gone.Service/**", service: gone, grpc_web: true }
              - { path: "/plain.Service/**", service: echo, rewrite: "/test.Echo/Unary" }

            """
        try withGateway(configuration, admin: true, body)
        server.send(.kill)
        try server.waitForExit()
    }

    private func call(
        _ gateway: GatewayProcess, _ method: String, _ body: [UInt8], type: String, _ fields: String..., chunks: Int = 0
    ) throws -> StrictResponse {
        let client = try gateway.connect()
        let head = "POST /\(method) HTTP/1.1\r\nHost: a.test\r\nContent-Type: \(type)\r\nX-Grpc-Web: 1\r\n"
        let more = fields.map { $0 + "\r\n" }.joined()
        guard chunks > 0 else {
            try client.send(Array("\(head)\(more)Content-Length: \(body.count)\r\n\r\n".utf8) + body)
            return try client.readResponse()
        }
        try client.send("\(head)\(more)Transfer-Encoding: chunked\r\n\r\n")
        for start in stride(from: 0, to: body.count, by: chunks) {
            let piece = Array(body[start..<min(start + chunks, body.count)])
            try client.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
        }
        try client.send("0\r\n\r\n")
        return try client.readResponse()
    }

    @Test func binaryAndText() throws {
        try withService { gateway in
            let question = Self.frame("hello")
            for suffix in ["", "+proto"] {
                let binary = try call(gateway, "test.Echo/Unary", question, type: "application/grpc-web\(suffix)")
                #expect(binary.status == 200)
                #expect(binary.fields["content-type"]?.hasPrefix("application/grpc-web") == true)
                #expect(binary.fields["content-type"]?.hasPrefix("application/grpc-web-text") == false)
                #expect(binary.fields["x-initial"] == "1" && binary.trailers.names.isEmpty)
                let (messages, trailers) = Self.parts(binary.body)
                #expect(messages == ["echo hello"])
                let lines = Set((trailers ?? "").split(separator: "\r\n").map(String.init))
                #expect(lines.isSuperset(of: ["grpc-status: 0", "x-trailing: 2", "x-bytes-bin: AP8"]), "\(lines)")
            }
            // In pieces that no group of the base64 fits into, each message padded for itself.
            let twice = Array((Self.base64(Self.frame("12")) + "").utf8)
            for chunks in [0, 1, 5] {
                let text = try call(
                    gateway, "test.Echo/Down", twice, type: "application/grpc-web-text", chunks: chunks)
                #expect(text.fields["content-type"]?.hasPrefix("application/grpc-web-text") == true)
                let (messages, trailers) = Self.parts(Self.decoded(text.body))
                #expect(messages == (0..<12).map(String.init))
                #expect(trailers?.contains("grpc-status: 0\r\n") == true)
            }
            let several = ["a", "bb", "ccc"].map { Self.base64(Self.frame($0)) }.joined()
            let up = try call(
                gateway, "test.Echo/Up", Array(several.utf8), type: "application/grpc-web-text", chunks: 3)
            #expect(Self.parts(Self.decoded(up.body)).messages == ["6"])
            let mixed = try call(
                gateway, "test.Echo/Unary", question, type: "application/grpc-web",
                "Accept: application/grpc-web-text")
            #expect(Self.parts(Self.decoded(mixed.body)).messages == ["echo hello"])
        }
    }

    @Test func errors() throws {
        try withService { gateway in
            // Without a message the head says it all.
            let failed = try call(gateway, "test.Echo/Fail", Self.frame(""), type: "application/grpc-web")
            #expect(failed.status == 200 && failed.fields["grpc-status"] == "9" && failed.body.isEmpty)
            #expect(failed.fields["content-type"]?.hasPrefix("application/grpc-web") == true)
            // Behind a message it stands in the body.
            let broken = try call(gateway, "test.Echo/Broken", Self.frame("web"), type: "application/grpc-web")
            let (messages, trailers) = Self.parts(broken.body)
            #expect(messages == ["1"] && trailers?.contains("grpc-status: 14\r\n") == true)
            // The gateway's own, with what a page's script needs to read it.
            let gone = try call(
                gateway, "gone.Service/Method", Self.frame(""), type: "application/grpc-web-text+proto",
                "Origin: https://app.example.com")
            #expect(gone.status == 200 && gone.fields["grpc-status"] == "14")
            #expect(gone.fields["content-type"] == "application/grpc-web-text+proto")
            #expect(gone.fields["access-control-allow-origin"] == "https://app.example.com")
            #expect(gone.fields["access-control-expose-headers"] == "Grpc-Status, Grpc-Message")
            for text in ["AAA", "AAAA=", "A*AA", "====", "AA=A"] {
                let bad = try call(
                    gateway, "test.Echo/Unary", Array(text.utf8), type: "application/grpc-web-text")
                #expect(bad.fields["grpc-status"] == "13", "\(text)")
            }
            // Where the route does not say so, it is a request like others: the service does not know the media type.
            let plain = try call(gateway, "plain.Service/Method", Self.frame("a"), type: "application/grpc-web")
            #expect(plain.status == 415 || plain.fields["grpc-status"] != "0")
        }
    }

    /// Each message leaves as it comes: the call never ends.
    @Test func messagesAreNotHeldBack() throws {
        try withService { gateway in
            let client = try gateway.connect()
            let question = Self.base64(Self.frame(""))
            try client.send(
                "POST /test.Echo/Endless HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/grpc-web-text\r\n"
                    + "Content-Length: \(question.utf8.count)\r\n\r\n\(question)")
            #expect(try client.readHead().status == 200)
            #expect(try client.readBody(atLeast: 24).count >= 24)
            client.reset()
        }
    }
}
