import Testing

@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes through TLS: whatever the split, in both directions, under backpressure, from the first to the last.
@Suite struct TLSSocketTests {
    @Test(arguments: [1, 2, 5, 100, 1_399, Int.max])
    func bytesArriveWhateverTheSplit(slice: Int) throws {
        let connection = try SecureConnection(slice: slice)
        try connection.shakeHands()
        let question = pattern(slice < 100 ? 1_000 : 100_000)
        let answer = pattern(slice < 100 ? 1_500 : 300_000, from: 7)
        try connection.send(question, from: connection.client, to: connection.server)
        #expect(connection.server.received == question)
        try connection.send(answer, from: connection.server, to: connection.client)
        #expect(connection.client.received == answer)
        let facts = try #require(connection.server.socket?.tlsFacts)
        #expect(facts.version == 0x0304 && facts.cipher == 0x1301 && !facts.isResumed)
        #expect(facts.protocolIndex == 0)
        connection.close()
    }

    /// Both sides write pieces of any size in any number of calls, and pause and resume as they like.
    @Test func aRandomWalkLosesNothing() throws {
        var random = SeededRandom()
        for _ in 0..<4 {
            let connection = try SecureConnection(slice: Int.random(in: 1...40_000, using: &random))
            try connection.shakeHands()
            var sent: (client: Int, server: Int) = (0, 0)
            for _ in 0..<60 {
                let size = [1, 17, 4_096, 16_384, 16_385, 70_000].randomElement(using: &random)!
                let head = pattern(Int.random(in: 0...40, using: &random))
                let fromClient = Bool.random(using: &random)
                let side = fromClient ? connection.client : connection.server
                let start = fromClient ? sent.client : sent.server
                let bytes = pattern(head.count + size + 2, from: start)
                guard let socket = side.socket, !socket.isCongested else {
                    connection.loop.turn(longest: 0)
                    connection.wire.carry()
                    continue
                }
                socket.write(
                    bytes.span.extracting(0..<head.count), bytes.span.extracting(head.count..<head.count + size),
                    bytes.span.extracting(head.count + size..<bytes.count))
                connection.loop.flush()
                if fromClient { sent.client += bytes.count } else { sent.server += bytes.count }
                if Bool.random(using: &random) { side.socket?.pause() }
                connection.wire.slice = Int.random(in: 1...40_000, using: &random)
                connection.loop.turn(longest: 0)
                connection.wire.carry()
                if Bool.random(using: &random) { side.socket?.resume() }
            }
            connection.client.socket?.resume()
            connection.server.socket?.resume()
            connection.wire.slice = .max
            try connection.turn(until: "everything has arrived, seed \(random.seed)") {
                connection.server.received.count >= sent.client && connection.client.received.count >= sent.server
            }
            #expect(connection.server.received == pattern(sent.client), "seed \(random.seed)")
            #expect(connection.client.received == pattern(sent.server), "seed \(random.seed)")
            connection.close()
        }
    }

    /// Records that OpenSSL has read already are no edge for the loop: they must come after `resume` all the same.
    @Test func whatCameWhilePausedComesLater() throws {
        let connection = try SecureConnection()
        try connection.shakeHands()
        connection.server.onReceive = { $0.socket?.pause() }
        let bytes = pattern(400_000)
        connection.client.socket?.write(bytes.span)
        connection.loop.flush()
        try connection.turn(until: "the server paused") { connection.server.receives > 0 }
        for _ in 0..<20 {
            connection.wire.carry()
            connection.loop.turn(longest: 0)
        }
        #expect(connection.server.receives == 1)
        connection.server.onReceive = { _ in }
        connection.server.socket?.resume()
        try connection.turn(until: "the rest has arrived") { connection.server.received.count >= bytes.count }
        #expect(connection.server.received == bytes)
        connection.close()
    }

    @Test func aSlowReaderCongestsAndDrains() throws {
        let connection = try SecureConnection(sendBuffer: 16 * 1024)
        try connection.shakeHands()
        connection.wire.holdsForClient = true
        let socket = try #require(connection.server.socket)
        var written = 0
        var fullTurns = 0
        while fullTurns < 20 {
            try #require(written < 64 << 20)
            if socket.isCongested {
                fullTurns += 1
            } else {
                fullTurns = 0
                let bytes = pattern(20_000, from: written)
                socket.write(bytes.span)
                connection.loop.flush()
                written += bytes.count
            }
            connection.loop.turn(longest: 0)
        }
        #expect(socket.waitingCount > Int(socket.highMark) / 2)
        connection.server.drains = 0
        connection.wire.holdsForClient = false
        try connection.turn(until: "the client has it all") { connection.client.received.count >= written }
        #expect(connection.client.received == pattern(written))
        #expect(connection.server.drains == 1 && !socket.isCongested && socket.waitingCount == 0)
        connection.close()
    }

    /// What is written before the handshake is complete waits for it.
    @Test func earlyBytesWait() throws {
        let connection = try SecureConnection()
        let bytes = pattern(40_000)
        connection.client.socket?.write(bytes.span)
        connection.loop.flush()
        try connection.turn(until: "the server has them") { connection.server.received.count >= bytes.count }
        #expect(connection.server.received == bytes)
        connection.close()
    }

    /// Head and body of one event leave in one record: one header, one tag, and nothing else.
    @Test func smallWritesShareARecord() throws {
        let connection = try SecureConnection()
        try connection.shakeHands()
        try connection.send([1], from: connection.server, to: connection.client)
        let before = connection.wire.carriedToClient
        let pieces = (0..<10).map { pattern(100, from: $0 * 100) }
        for piece in pieces { connection.server.socket?.write(piece.span) }
        connection.loop.flush()
        try connection.turn(until: "they have arrived") { connection.client.received.count >= 1_001 }
        // Five bytes of header, one of the content's type, sixteen of the tag.
        #expect(connection.wire.carriedToClient - before == 1_000 + 22)
        connection.close()
    }

    @Test func anIdleConnectionHoldsNoChunk() throws {
        let connection = try SecureConnection()
        try connection.shakeHands()
        try connection.send(pattern(100_000), from: connection.client, to: connection.server)
        #expect(connection.loop.chunks.leasedCount == 0)
        #expect(connection.loop.sealed.count == 0)
        connection.close()
    }
}
