import GatehouseTesting
import Testing

/// Connections that turn into WebSockets, byte by byte. A library's client and server speak through the gateway in
/// scripts/second-opinion.
@Suite struct WebSockets {
    private let handshake = request(
        "GET /chat", "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: chat")

    private static let accepted =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"

    /// Accepts and sends back whatever comes, until the end.
    private func echo() throws -> ScriptedUpstream {
        try ScriptedUpstream(connection: { connection in
            guard let head = try connection.readHead() else { return }
            guard head.fields.contains("upgrade") else { return try connection.respond(426) }
            try connection.send(Self.accepted)
            while let byte = try? connection.readRaw(1) { try connection.send(byte) }
        })
    }

    @Test func bytesPassBothWays() throws {
        let origin = try echo()
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(handshake)
            let head = try client.readAnyHead()
            #expect(head.status == 101)
            #expect(head.fields["upgrade"] == "websocket" && head.fields["connection"] == "Upgrade")
            #expect(head.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(head.fields.contains("x-request-id"))
            for text in ["a", "hello", String(repeating: "x", count: 100_000)] {
                try client.send(text)
                #expect(try client.readRaw(text.utf8.count) == Array(text.utf8))
            }
            let received = try #require(origin.heads.first)
            #expect(received.fields["connection"] == "Upgrade" && received.fields["upgrade"] == "websocket")
            #expect(received.fields["sec-websocket-protocol"] == "chat")
            #expect(received.fields["x-forwarded-for"] == "127.0.0.1")
            client.finishSending()
            #expect(try client.readToEnd().isEmpty)
        }
    }

    /// Frames that come right behind the handshake wait for the answer.
    @Test func bytesBehindTheHandshake() throws {
        let origin = try echo()
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(handshake + "early")
            #expect(try client.readAnyHead().status == 101)
            #expect(try client.readRaw(5) == Array("early".utf8))
            client.reset()
        }
    }

    /// An endpoint that does not switch answers like any other, and the connection goes on.
    @Test func aRefusalIsAnAnswer() throws {
        let origin = try ScriptedUpstream { _, connection in try connection.respond(403, body: "no") }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            for _ in 0..<2 {
                try client.send(handshake)
                let response = try client.readResponse()
                #expect(response.status == 403 && response.bodyText == "no")
            }
        }
    }

    /// The code of the gateway's refusal.
    private func refusal(of request: String, _ gateway: GatewayProcess) -> String? {
        (try? gateway.exchange(request)).flatMap(errorCode)
    }

    /// A route may forbid it; other protocols are never asked for.
    @Test func onlyWebSocketAndOnlyWhereAllowed() throws {
        let origin = try echo()
        let closed =
            oneListener + "routes: [ { path: \"/**\", websocket: false, upstream: \"\(origin.url)\" } ]\n"
        try withGateway(closed, origin) { gateway in
            #expect(refusal(of: handshake, gateway) == "upgrade_not_supported")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let other = handshake.replacing("Upgrade: websocket", with: "Upgrade: irc/6.9")
            #expect(refusal(of: other, gateway) == "upgrade_not_supported")
            let two = handshake.replacing("Upgrade: websocket", with: "Upgrade: websocket, h2c")
            #expect(refusal(of: two, gateway) == "upgrade_not_supported")
            let post = handshake.replacing("GET /chat", with: "POST /chat")
            #expect(refusal(of: post, gateway) == "upgrade_not_supported")
            let h2c = request(
                "GET /", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
            let answer = try gateway.exchange(h2c)
            #expect(answer.status == 426)
            #expect(origin.heads.count == 1)
            #expect(origin.heads.first?.fields.contains("upgrade") == false)
        }
    }

    /// 101 for a request that did not ask is no response at all.
    @Test func aSwitchThatNobodyAskedFor() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            _ = try connection.readHead()
            try connection.send(Self.accepted)
            try connection.waitForClose()
        })
        try withGateway(everything(to: origin)) { gateway in
            #expect(gateway.ask("GET /") == "502 upstream_invalid_response")
        }
    }

    /// A reader that is slow holds back the sender, and nothing is lost.
    @Test func aSlowReader() throws {
        let total = 4 << 20
        let origin = try ScriptedUpstream(connection: { connection in
            _ = try connection.readHead()
            try connection.send(Self.accepted)
            try connection.send([UInt8](repeating: 7, count: total))
            connection.finishSending()
            try connection.waitForClose()
        })
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect(receiveBuffer: 8_192)
            try client.send(handshake)
            #expect(try client.readAnyHead().status == 101)
            #expect(try client.readRaw(total).allSatisfy { $0 == 7 })
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test func silenceEndsIt() throws {
        let origin = try echo()
        try withGateway(everything(to: origin, "timeouts: { stream_idle: 2s }"), origin) { gateway in
            let client = try gateway.connect()
            try client.send(handshake)
            #expect(try client.readAnyHead().status == 101)
            try client.send("x")
            #expect(try client.readRaw(1) == [120])
            _ = try client.readToEnd()
        }
    }

    /// SIGTERM: a Close frame between two frames, the client's own is passed on, and the program ends.
    @Test(arguments: [true, false])
    func aDrainSaysGoodbye(_ inFrame: Bool) throws {
        let half = Gate("the gateway to drain")
        let origin = try ScriptedUpstream(connection: { connection in
            _ = try connection.readHead()
            try connection.send(Self.accepted)
            // A text frame of six bytes, perhaps in two halves.
            try connection.send(inFrame ? [0x81, 6, 104, 101] : [0x81, 6, 104, 101, 108, 108, 111, 33])
            if inFrame {
                try half.wait()
                try connection.send([108, 108, 111, 33])
            }
            #expect(try connection.readRaw(8) == [0x88, 0x82, 1, 2, 3, 4, 2, 0xEB])
            connection.finishSending()
            try connection.waitForClose()
        })
        let gateway = try GatewayProcess(everything(to: origin))
        let client = try gateway.connect()
        try client.send(handshake)
        #expect(try client.readAnyHead().status == 101)
        #expect(try client.readRaw(4) == [0x81, 6, 104, 101])
        if !inFrame { #expect(try client.readRaw(4) == [108, 108, 111, 33]) }
        gateway.process.send(.terminate)
        if inFrame {
            try eventually("the listener to close") { (try? RawClient(port: gateway.port)) == nil }
            half.open()
            #expect(try client.readRaw(4) == [108, 108, 111, 33])
        }
        #expect(try client.readRaw(4) == [0x88, 0x02, 0x03, 0xE9])
        try client.send([0x88, 0x82, 1, 2, 3, 4, 2, 0xEB])
        #expect(try client.readToEnd().isEmpty)
        #expect(try gateway.process.waitForExit() == .code(0))
        try origin.check()
    }
}
