import COpenSSL
import Testing

@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The end of a TLS connection, wanted or not.
@Suite struct TLSClosingTests {
    @Test func aGoodbyeIsAnEnd() throws {
        let connection = try SecureConnection()
        try connection.shakeHands()
        connection.client.socket?.shutdownWrite()
        try connection.turn(until: "the server saw the end") { connection.server.ends == 1 }
        // The other direction is still open.
        try connection.send(pattern(50_000), from: connection.server, to: connection.client)
        connection.server.socket?.closeAfterFlush()
        try connection.turn(until: "the client saw the end") { connection.client.ends == 1 }
        #expect(connection.client.failures.isEmpty && connection.server.failures.isEmpty)
        connection.loop.turnAFewTimes()
        #expect(connection.server.ends == 1 && connection.client.ends == 1)
        connection.close()
    }

    /// Everything that was written arrives, and then TLS's own end, not only TCP's.
    @Test func closingAfterTheLastByteLosesNone() throws {
        let connection = try SecureConnection(sendBuffer: 16 * 1024)
        try connection.shakeHands()
        let bytes = pattern(2_000_000)
        connection.server.socket?.write(bytes.span)
        connection.server.socket?.closeAfterFlush()
        try connection.turn(until: "the client saw the end") { connection.client.ends == 1 }
        #expect(connection.client.received == bytes)
        #expect(connection.client.failures.isEmpty)
        connection.close()
    }

    @Test func aBareEndIsAFailure() throws {
        let connection = try SecureConnection()
        try connection.shakeHands()
        try connection.send([1, 2, 3], from: connection.client, to: connection.server)
        connection.wire.cutTowardsServer()
        try connection.turn(until: "the server was told") { !connection.server.failures.isEmpty }
        #expect(connection.server.failures == [ECONNRESET] && connection.server.ends == 0)
        #expect(connection.server.socket?.tlsFailure == .truncated)
        connection.close()
    }

    /// A close that throws bytes away must not look like a whole stream.
    @Test func closingWithBytesWaitingShows() throws {
        let connection = try SecureConnection(sendBuffer: 16 * 1024)
        try connection.shakeHands()
        connection.wire.holdsForClient = true
        let bytes = pattern(4_000_000)
        connection.server.socket?.write(bytes.span)
        connection.loop.flush()
        #expect((connection.server.socket?.waitingCount ?? 0) > 0)
        connection.server.socket?.close()
        connection.wire.holdsForClient = false
        try connection.turn(until: "the client was told") { !connection.client.failures.isEmpty }
        #expect(connection.client.ends == 0 && connection.client.received.count < bytes.count)
        connection.close()
    }

    @Test func aResetIsNoGoodbye() throws {
        let connection = try SecureConnection()
        try connection.shakeHands()
        connection.server.socket?.reset()
        try connection.turn(until: "the client was told") { !connection.client.failures.isEmpty }
        #expect(connection.client.ends == 0)
        connection.close()
    }

    /// A handler may close in the middle of what it is told.
    @Test func closingWithinAnEventIsSafe() throws {
        let connection = try SecureConnection()
        try connection.shakeHands()
        connection.server.onReceive = { $0.socket?.close() }
        let bytes = pattern(300_000)
        connection.client.socket?.write(bytes.span)
        connection.loop.flush()
        try connection.turn(until: "the client was told") {
            connection.client.ends + connection.client.failures.count > 0
        }
        #expect(connection.server.receives == 1)
        connection.close()
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "PATCH /x HTTP/1.1\r\nHost: a\r\n\r\n", "hello\r\n"])
    func plainTextIsAnsweredInClear(text: String) throws {
        let identity = try TestIdentity.shared.get()
        var options = TLSContext.ServerOptions(identities: [identity.identity], ticketKeys: .init())
        options.plainAnswer = Array("use TLS".utf8)
        let loop = EventLoop()
        let recorder = Recorder()
        let pair = try RawSocket.pair()
        recorder.socket = StreamSocket(
            descriptor: pair.descriptor, loop: loop, handler: recorder, tls: try TLSContext(server: options))
        pair.peer.send(Array(text.utf8))
        try loop.turn(until: "the server was told") { !recorder.failures.isEmpty }
        #expect(recorder.failures == [EPROTO] && recorder.socket?.tlsFailure == .plainText)
        #expect(pair.peer.receive() == .bytes(Array("use TLS".utf8)))
        #expect(pair.peer.receive() == .end)
        pair.peer.closeNow()
        recorder.forget()
    }

    /// Whatever the first bytes are, the answer is an alert and the end, and nothing traps.
    @Test func noiseIsRefused() throws {
        var random = SeededRandom()
        let context = try TLSContext(
            server: TLSContext.ServerOptions(
                identities: [try TestIdentity.shared.get().identity], ticketKeys: .init()))
        for round in 0..<200 {
            let loop = EventLoop()
            let recorder = Recorder()
            let pair = try RawSocket.pair()
            recorder.socket = StreamSocket(
                descriptor: pair.descriptor, loop: loop, handler: recorder, tls: context)
            // Half of them begin as a handshake record does.
            var noise = (0..<Int.random(in: 1...600, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if round % 2 == 0 { noise = [22, 3, 1, 0, UInt8.random(in: 1...255, using: &random), 1] + noise }
            pair.peer.send(noise)
            pair.peer.shutdownWrite()
            try loop.turn(until: "the server was told, seed \(random.seed)") { !recorder.failures.isEmpty }
            #expect(recorder.connects == 0 && recorder.received.isEmpty && recorder.socket?.tlsFailure != nil)
            pair.peer.closeNow()
            recorder.forget()
        }
    }

    /// A change of keys costs the peer 30 bytes and us more: some are served, a flood ends the connection.
    @Test(arguments: [(50, true), (1_500, false)]) func keyUpdates(count: Int, isServed: Bool) throws {
        let connection = try SecureConnection()
        try connection.shakeHands()
        for _ in 0..<count {
            guard let socket = connection.client.socket, socket.isOpen else { break }
            // The connection is open, so its state is there.
            unsafe #expect(SSL_key_update(socket.tls?.ssl, SSL_KEY_UPDATE_REQUESTED) == 1)
            socket.write([7].span)
            connection.loop.flush()
            connection.wire.carry()
            connection.loop.turn(longest: 0)
        }
        try connection.turn(until: "it is decided") {
            !connection.server.failures.isEmpty || connection.server.received.count == count
        }
        #expect(connection.server.failures.isEmpty == isServed)
        connection.close()
    }

    @Test func endingInTheHandshakeIsClosed() throws {
        let connection = try SecureConnection()
        connection.wire.holdsForServer = true
        connection.wire.cutTowardsServer()
        try connection.turn(until: "the server was told") { !connection.server.failures.isEmpty }
        #expect(connection.server.socket?.tlsFailure == .closed)
        connection.close()
    }
}
