import Testing

@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct StreamSocketClosingTests {
    // MARK: Half-close

    /// The peer ends first and then reads slowly: every event of the socket carries the end again.
    @Test func theEndOfThePeerIsToldOnce() throws {
        let connection = try Connection(sendBuffer: 16 * 1024)
        let (socket, recorder) = (connection.socket, connection.recorder)
        connection.peer.send(pattern(100))
        connection.peer.shutdownWrite()
        try connection.loop.turn(until: "the end came") { recorder.ends == 1 }
        let written = pattern(3_000_000)
        socket.write(written.span)
        socket.shutdownWrite()
        let (bytes, last) = try connection.readAtPeer()
        #expect(bytes == written)
        #expect(last == .end)
        #expect(recorder.ends == 1 && recorder.failures.isEmpty)
        #expect(recorder.received == pattern(100))
        connection.close()
    }

    @Test func afterItsOwnEndASocketStillReads() throws {
        let connection = try Connection()
        connection.socket.write([1, 2, 3].span)
        connection.socket.shutdownWrite()
        let (bytes, last) = try connection.readAtPeer()
        #expect(bytes == [1, 2, 3] && last == .end)
        connection.peer.send(pattern(200_000))
        connection.peer.shutdownWrite()
        try connection.loop.turn(until: "the end came") { connection.recorder.ends == 1 }
        #expect(connection.recorder.received == pattern(200_000))
        connection.close()
    }

    /// The peer has spoken and ended before the loop hears that the connection is there: all of it is one event.
    @Test(arguments: [0, 5])
    func anEndThatComesWithTheConnectionIsTold(count: Int) throws {
        let loop = EventLoop()
        let listener = try ListeningSocket.bind(.loopback, shared: false)
        defer { close(listener) }
        let address = try #require(ListeningSocket.address(of: listener))
        let recorder = Recorder()
        var error: Int32 = 0
        let socket = try #require(StreamSocket.connect(to: address, loop: loop, handler: recorder, error: &error))
        let peer = try RawSocket.accept(on: listener)
        peer.send(pattern(count))
        peer.shutdownWrite()
        try loop.turn(until: "connection and end came") { recorder.ends == 1 }
        #expect(recorder.connects == 1)
        #expect(recorder.received == pattern(count))
        socket.close()
        peer.closeNow()
    }

    // MARK: Failures

    @Test(arguments: [false, true])
    func aResetIsToldOnce(waitsToWrite: Bool) throws {
        let connection = try Connection(sendBuffer: 16 * 1024)
        if waitsToWrite { connection.socket.write(pattern(8_000_000).span) }
        connection.loop.turnAFewTimes()
        connection.peer.reset()
        try connection.loop.turn(until: "the reset came") { !connection.recorder.failures.isEmpty }
        connection.loop.turnAFewTimes()
        #expect(connection.recorder.failures.count == 1)
        #expect(connection.recorder.ends == 0)
        #expect(!connection.socket.isOpen && connection.socket.handler == nil)
        #expect(connection.loop.chunks.leasedCount == 0)
        #expect(connection.loop.descriptors.count == 0)
    }

    @Test func aResetReachesAPausedSocket() throws {
        let connection = try Connection()
        connection.socket.pause()
        connection.loop.turnAFewTimes()
        connection.peer.reset()
        try connection.loop.turn(until: "the reset came") { connection.recorder.failures == [ECONNRESET] }
        #expect(!connection.socket.isOpen)
    }

    /// The caller of `write` must not find its own state changed when the call returns.
    @Test func aFailureWhileWritingIsToldAfterTheCodeOnTheStack() throws {
        let connection = try Connection()
        // An answer given before the request was read: it must not be lost with the connection.
        connection.peer.send(pattern(70_000))
        connection.peer.reset()
        // More than the batch holds, so that it is sent, and fails, inside the call; then once more.
        connection.socket.write(pattern(100_000).span)
        connection.socket.write(pattern(100_000).span)
        #expect(connection.socket.isOpen && connection.recorder.isUntouched)
        try connection.loop.turn(until: "the failure was told") { !connection.recorder.failures.isEmpty }
        connection.loop.turnAFewTimes()
        #expect(connection.recorder.failures.count == 1 && connection.recorder.ends == 0)
        #expect(connection.recorder.received == pattern(70_000))
    }

    @Test func aFailureInsideAnotherHandlerIsToldAfterIt() throws {
        let connection = try Connection()
        let loop = connection.loop
        let pair = try RawSocket.pair()
        let other = Recorder()
        other.socket = StreamSocket(descriptor: pair.descriptor, loop: loop, handler: other)
        loop.turnAFewTimes()
        var whileWriting: [Int32]?
        other.onReceive = { _ in
            connection.peer.reset()
            connection.socket.write(pattern(100_000).span)
            connection.socket.write(pattern(100_000).span)
            whileWriting = connection.recorder.failures
        }
        pair.peer.send([1])
        try loop.turn(until: "the failure was told") { !connection.recorder.failures.isEmpty }
        #expect(whileWriting == [])
        #expect(connection.recorder.failures.count == 1)
        other.socket?.close()
        pair.peer.closeNow()
    }

    @Test func aRefusedConnectionIsTold() throws {
        let loop = EventLoop()
        let listener = try ListeningSocket.bind(.loopback, shared: false)
        let address = try #require(ListeningSocket.address(of: listener))
        close(listener)
        let recorder = Recorder()
        var error: Int32 = 0
        recorder.socket = StreamSocket.connect(to: address, loop: loop, handler: recorder, error: &error)
        try loop.turn(until: "the refusal came") { error != 0 || !recorder.failures.isEmpty }
        #expect(recorder.failures == [ECONNREFUSED] || error == ECONNREFUSED)
        #expect(recorder.connects == 0)
    }

    // MARK: Closing

    @Test func closeAfterFlushSendsEverythingAndTellsNothing() throws {
        let connection = try Connection(sendBuffer: 16 * 1024)
        let written = pattern(2_000_000)
        connection.socket.write(written.span)
        connection.socket.closeAfterFlush()
        #expect(connection.socket.isOpen)
        connection.peer.send(pattern(500))
        let (bytes, last) = try connection.readAtPeer(until: written.count)
        #expect(bytes == written, "ended with \(last)")
        try connection.loop.turn(until: "the socket closed itself") { !connection.socket.isOpen }
        let (more, end) = try connection.readAtPeer()
        #expect(more.isEmpty && end == .end)
        #expect(connection.recorder.isUntouched)
        connection.close()
    }

    @Test func closeAfterFlushWithNothingWaitingClosesAtOnce() throws {
        let connection = try Connection()
        connection.socket.write(pattern(100).span)
        connection.socket.closeAfterFlush()
        #expect(!connection.socket.isOpen)
        let (bytes, last) = try connection.readAtPeer()
        #expect(bytes == pattern(100) && last == .end)
        connection.close()
    }

    @Test func aResetIsSeenByThePeer() throws {
        let connection = try Connection()
        connection.socket.write(pattern(10).span)
        connection.socket.reset()
        let (bytes, last) = try connection.readAtPeer()
        #expect(bytes.isEmpty)
        #expect(last == .failure(ECONNRESET))
        connection.loop.turnAFewTimes()
        #expect(connection.recorder.isUntouched)
        connection.close()
    }

    @Test func aClosedSocketTakesEveryCall() throws {
        let connection = try Connection()
        connection.socket.close()
        connection.socket.write([1].span)
        connection.socket.pause()
        connection.socket.resume()
        connection.socket.shutdownWrite()
        connection.socket.closeAfterFlush()
        connection.socket.reset()
        connection.close()
        connection.loop.turnAFewTimes()
        #expect(connection.recorder.isUntouched)
    }

    @Test func aHandlerMayCloseItsSocketInEveryCall() throws {
        for count in [1, 300_000] {
            let connection = try Connection()
            connection.recorder.onReceive = { _ in connection.socket.close() }
            connection.peer.send(pattern(count))
            try connection.loop.turn(until: "bytes came") { connection.recorder.receives == 1 }
            connection.loop.turnAFewTimes()
            #expect(connection.recorder.receives == 1 && connection.recorder.ends == 0)
            connection.close()
        }
        let connection = try Connection()
        connection.recorder.onEnd = { _ in connection.socket.close() }
        connection.peer.shutdownWrite()
        try connection.loop.turn(until: "the end came") { connection.recorder.ends == 1 }
        connection.close()
    }
}
