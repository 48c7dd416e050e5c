import GatehouseTesting
import Testing

/// Bytes go on as they come, and stop where nobody takes them.
@Suite struct Streaming {
    /// Event N is read before event N + 1 is sent: one that is held back would hold up the test for ever.
    @Test func eventsReachTheClientOneByOne() throws {
        let read = Counter("events read by the client")
        let origin = try ScriptedUpstream { request, connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 0..<20 {
                try connection.sendChunk("data: \(number)\n\n")
                try read.wait(for: number + 1)
            }
            try connection.send("0\r\n\r\n")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /events"))
            #expect(try client.readHead().fields["content-type"] == "text/event-stream")
            for number in 0..<20 {
                let event = "data: \(number)\n\n"
                #expect(try client.readBody(atLeast: event.utf8.count) == Array(event.utf8))
                read.add()
            }
            #expect(try client.readPiece() == nil)
        }
    }

    @Test func aResponseWithLengthIsNotCollected() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
            try gate.wait()
            try connection.send("def")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request())
            _ = try client.readHead()
            #expect(try client.readBody(atLeast: 3) == Array("abc".utf8))
            gate.open()
            #expect(try client.readBody(atLeast: 3) == Array("def".utf8))
        }
    }

    @Test(arguments: [true, false])
    func piecesReachTheOriginOneByOne(_ isChunked: Bool) throws {
        let read = Counter("pieces read by the origin")
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readHead() != nil else { return }
            var text = ""
            while let piece = try connection.readPiece() {
                text += String(decoding: piece, as: UTF8.self)
                read.add(piece.count)
            }
            try connection.respond(body: text)
        })
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("POST /", isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 30"))
            for number in 0..<10 {
                try client.send(isChunked ? "3\r\nab\(number)\r\n" : "ab\(number)")
                try read.wait(for: 3 * (number + 1))
            }
            if isChunked { try client.send("0\r\n\r\n") }
            #expect(try client.readResponse().bodyText == "ab0ab1ab2ab3ab4ab5ab6ab7ab8ab9")
        }
    }

    /// Both directions at once: an echo that answers while it is still being asked.
    @Test func bothDirectionsAtOnce() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readHead() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while let piece = try connection.readPiece() { try connection.sendChunk(piece) }
            try connection.send("0\r\n\r\n")
        })
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("POST /echo", "Transfer-Encoding: chunked"))
            _ = try client.readHead()
            for number in 0..<20 {
                let text = "message \(100 + number)"
                try client.send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
                #expect(try client.readBody(atLeast: text.utf8.count) == Array(text.utf8))
            }
            try client.send("0\r\n\r\n")
            #expect(try client.readPiece() == nil)
        }
    }

    private static let pattern: [UInt8] = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    private static let most = 256 << 20

    /// A client that takes nothing stops the origin; what the gateway keeps meanwhile stays small.
    @Test func aSlowReaderStopsTheOrigin() throws {
        let blocked = Counter("origins that were stopped")
        let proceed = Gate()
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Streaming.most)\r\n\r\n")
            let sent = try connection.sendUntilBlocked(Streaming.pattern, limit: Streaming.most)
            blocked.add(sent)
            try proceed.wait()
            connection.close()
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let idle = gateway.process.residentBytes
            let client = try gateway.connect(receiveBuffer: 4096)
            try client.send(request())
            _ = try client.readHead()
            try blocked.wait(for: 1)
            let sent = blocked.value
            #expect(sent < Streaming.most, "the origin was never stopped")
            if let idle, let now = gateway.process.residentBytes { #expect(now - idle < 16 << 20) }
            // Everything that the origin got rid of arrives, and in order.
            let start = Array(Streaming.pattern)
            let received = try client.readBody(atLeast: 100_000)
            #expect(received.indices.allSatisfy { received[$0] == start[$0 % start.count] })
            proceed.open()
        }
    }

    /// A response that was held back up to its last byte leaves a connection that is good for the next one.
    @Test func aConnectionThatWasStoppedServesAgain() throws {
        let body = Array(repeating: UInt8(ascii: "x"), count: 6 << 20)
        let origin = try ScriptedUpstream { request, connection in
            if request.target == "/big" {
                try connection.respond(body: body)
            } else {
                try connection.respond(body: "ok")
            }
        }
        try withGateway(service(at: origin.url, "timeouts: { request: 5s, keep_alive: 1m }"), origin) { gateway in
            for _ in 0..<3 {
                let client = try gateway.connect(receiveBuffer: 4096)
                try client.send(request("GET /big"))
                #expect(try client.readResponse().body.count == body.count)
                for _ in 0..<2 { #expect(gateway.ask("GET /small") == "ok") }
            }
        }
    }

    @Test func aStoppedStreamGoesOn() throws {
        let total = 24 << 20
        let blocked = Gate("the origin to be stopped")
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = Array("fff1\r\n".utf8) + Streaming.pattern + [13, 10]
            let sent = try connection.sendUntilBlocked(chunk, limit: total)
            blocked.open()
            // The rest of the chunk under way, then the end.
            if sent % chunk.count > 0 { try connection.send(Array(chunk[(sent % chunk.count)...])) }
            try connection.send("0\r\n\r\n")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect(receiveBuffer: 16_384)
            try client.send(request())
            _ = try client.readHead()
            try blocked.wait()
            var count = 0
            var isRight = true
            while let piece = try client.readPiece() {
                for byte in piece {
                    if byte != Streaming.pattern[count % Streaming.pattern.count] { isRight = false }
                    count += 1
                }
            }
            #expect(isRight)
            #expect(count > 0 && count % Streaming.pattern.count == 0)
        }
    }

    /// An origin that takes nothing stops the client.
    @Test func aSlowOriginStopsTheClient() throws {
        let proceed = Gate()
        let origin = try ScriptedUpstream(
            receiveBuffer: 8_192,
            connection: { connection in
                guard try connection.readHead() != nil else { return }
                try proceed.wait()
                let kind = try connection.waitForClose()
                #expect([.closed, .reset].contains(kind))
            })
        let configuration = everything(to: origin, "limits: { request_body: 1073741824 }")
        try withGateway(configuration, origin) { gateway in
            let idle = gateway.process.residentBytes
            let client = try gateway.connect()
            try client.send(request("POST /", "Content-Length: \(Streaming.most)"))
            try origin.waitForHead()
            let sent = try client.sendUntilBlocked(Streaming.pattern, limit: Streaming.most)
            #expect(sent < Streaming.most, "the client was never stopped")
            if let idle, let now = gateway.process.residentBytes { #expect(now - idle < 16 << 20) }
            client.reset()
            proceed.open()
            try origin.waitForClose()
        }
    }

    /// 200 slow readers at once cost no more than their buffers.
    @Test func manySlowReadersStayBounded() throws {
        let body = [UInt8](repeating: 7, count: 4 << 20)
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            _ = try connection.sendUntilBlocked(body, limit: body.count)
            try connection.waitForClose()
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let idle = gateway.process.residentBytes
            let clients = try (0..<200).map { _ in try gateway.connect(receiveBuffer: 4096) }
            for client in clients { try client.send(request()) }
            for client in clients { _ = try client.readHead() }
            if let idle, let now = gateway.process.residentBytes {
                // 32 KiB each way and what the allocator needs besides.
                #expect(now - idle < 200 * (4 * 32_768) + (16 << 20))
            }
        }
    }
}
