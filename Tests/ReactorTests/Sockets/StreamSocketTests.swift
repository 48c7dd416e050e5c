import Testing

@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One socket under test on a loop, and its peer as a plain descriptor.
struct Connection {
    let loop = EventLoop()
    let recorder = Recorder()
    let socket: StreamSocket
    let peer: RawSocket

    init(sendBuffer: Int32? = nil) throws {
        let pair = try RawSocket.pair(sendBuffer: sendBuffer)
        peer = pair.peer
        socket = try #require(StreamSocket(descriptor: pair.descriptor, loop: loop, handler: recorder))
        recorder.socket = socket
    }

    /// Everything the peer can read until the end, an error or `limit` bytes.
    func readAtPeer(until limit: Int = .max) throws -> (bytes: [UInt8], last: RawSocket.Received) {
        var bytes: [UInt8] = []
        var last = RawSocket.Received.nothing
        try loop.turn(until: "the peer has read") {
            while bytes.count < limit {
                last = peer.receive()
                guard case .bytes(let more) = last else { break }
                bytes += more
            }
            return bytes.count >= limit || last != .nothing
        }
        return (bytes, last)
    }

    func close() {
        socket.close()
        peer.closeNow()
        recorder.forget()
        // The socket may wait for its next share of a turn, and a loop that never turns again would keep it, and it the loop.
        loop.turnAFewTimes()
        #expect(loop.chunks.leasedCount == 0)
        #expect(loop.descriptors.count == 0)
    }
}

@Suite struct StreamSocketTests {
    // MARK: Backpressure

    @Test func aSlowReaderCongestsAndDrains() throws {
        let connection = try Connection(sendBuffer: 16 * 1024)
        let (socket, recorder) = (connection.socket, connection.recorder)
        var written: [UInt8] = []
        // Until the buffers of the system are so full that turning frees nothing.
        var fullTurns = 0
        while fullTurns < 20 {
            try #require(written.count < 64 * 1024 * 1024)
            if socket.isCongested {
                fullTurns += 1
            } else {
                fullTurns = 0
                let bytes = pattern(20_000, from: written.count)
                socket.write(bytes.span)
                written += bytes
            }
            connection.loop.turn(longest: 0)
        }
        #expect(socket.waitingCount > Int(socket.highMark) / 2)
        #expect(connection.loop.chunks.leasedCount > 0)
        recorder.drains = 0
        var waitingAtDrain = Int.max
        recorder.onDrain = { _ in waitingAtDrain = socket.waitingCount }
        let (bytes, _) = try connection.readAtPeer(until: written.count)
        #expect(bytes == written)
        #expect(recorder.drains == 1)
        #expect(waitingAtDrain <= Int(socket.highMark) / 2)
        #expect(!socket.isCongested && socket.waitingCount == 0)
        connection.close()
    }

    /// What was written before the connection is there can be more than the high mark.
    @Test func writingBeforeTheConnectionDrainsToo() throws {
        let loop = EventLoop()
        let listener = try ListeningSocket.bind(.loopback, shared: false)
        defer { close(listener) }
        let recorder = Recorder()
        var error: Int32 = 0
        let address = try #require(ListeningSocket.address(of: listener))
        let socket = try #require(StreamSocket.connect(to: address, loop: loop, handler: recorder, error: &error))
        socket.write(pattern(Int(socket.highMark) + 1).span)
        #expect(socket.isCongested)
        try loop.turn(until: "the socket drained") { recorder.drains == 1 }
        #expect(recorder.connects == 1 && socket.waitingCount == 0 && !socket.isCongested)
        socket.close()
    }

    // MARK: Pausing

    @Test func pausingAndResumingLosesNoByte() throws {
        var random = SeededRandom()
        let connection = try Connection()
        let (socket, recorder, peer) = (connection.socket, connection.recorder, connection.peer)
        let sent = pattern(4_000_000)
        var offset = 0
        recorder.onReceive = { _ in if Int.random(in: 0..<3, using: &random) == 0 { socket.pause() } }
        try connection.loop.turn(until: "all bytes came, seed \(random.seed)") {
            if offset < sent.count {
                offset += max(0, peer.send(sent[offset..<min(offset + 300_000, sent.count)]))
                if offset == sent.count { peer.shutdownWrite() }
            }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: socket.pause()
            case 1: break
            default: socket.resume()
            }
            return recorder.ends == 1
        }
        #expect(recorder.received == sent, "seed \(random.seed)")
        #expect(recorder.ends == 1 && recorder.failures.isEmpty)
        connection.close()
    }

    /// A socket that has used up its share of a turn waits in a queue; pausing it there must not lose the rest.
    @Test func pausingInTheQueueOfTheLoopKeepsTheRest() throws {
        let connection = try Connection()
        let (socket, recorder, peer) = (connection.socket, connection.recorder, connection.peer)
        connection.peer.set(SOL_SOCKET, SO_SNDBUF, 1_000_000)
        let sent = pattern(16 * EventLoop.readSize)
        var offset = 0
        let refill = {
            while offset < sent.count, case let more = peer.send(sent[offset...]), more > 0 { offset += more }
        }
        refill()
        recorder.onReceive = { recorder in
            refill()
            if recorder.receives == 4 { socket.pause() }
        }
        try connection.loop.turn(until: "the socket paused itself") { socket.isPaused }
        connection.loop.turnAFewTimes()
        #expect(recorder.receives == 4)
        socket.resume()
        try connection.loop.turn(until: "the rest came") {
            refill()
            return recorder.received.count == sent.count
        }
        #expect(recorder.received == sent)
        connection.close()
    }

    @Test func aPausedSocketReadsNothing() throws {
        let connection = try Connection()
        connection.socket.pause()
        connection.peer.send(pattern(1_000))
        connection.peer.shutdownWrite()
        connection.loop.turnAFewTimes()
        #expect(connection.recorder.isUntouched)
        connection.socket.resume()
        try connection.loop.turn(until: "the end came") { connection.recorder.ends == 1 }
        #expect(connection.recorder.received == pattern(1_000))
        connection.close()
    }

    // MARK: Handlers

    @Test func aNewHandlerHearsWhatComesNext() throws {
        let connection = try Connection()
        let second = Recorder()
        connection.recorder.onReceive = { _ in connection.socket.setHandler(second) }
        connection.peer.send([1])
        try connection.loop.turn(until: "the first byte came") { connection.recorder.receives == 1 }
        connection.peer.send([2])
        try connection.loop.turn(until: "the second byte came") { second.receives == 1 }
        #expect(connection.recorder.received == [1] && second.received == [2])
        connection.close()
    }

    /// Two descriptors are ready in one turn; whoever comes first closes the other and opens a connection that gets the
    /// same number. The event that waits belongs to the old one.
    @Test func aStaleEventDoesNotReachTheNextOwnerOfTheNumber() throws {
        let loop = EventLoop()
        let newcomer = Recorder()
        var newcomerPeer: RawSocket?
        var reused: Bool?
        let recorders = [Recorder(), Recorder()]
        var peers: [RawSocket] = []
        for recorder in recorders {
            let pair = try RawSocket.pair()
            recorder.socket = StreamSocket(descriptor: pair.descriptor, loop: loop, handler: recorder)
            peers.append(pair.peer)
        }
        loop.turnAFewTimes()
        for (index, recorder) in recorders.enumerated() {
            let other = recorders[1 - index]
            recorder.onReceive = { _ in
                guard let old = other.socket?.descriptor, old >= 0, newcomer.socket == nil else { return }
                guard let pair = try? RawSocket.pair() else { return }
                other.socket?.close()
                // The freed number is taken on purpose, as the next `accept` would by chance.
                reused = dup2(pair.descriptor, old) == old
                close(pair.descriptor)
                newcomerPeer = pair.peer
                newcomer.socket = StreamSocket(descriptor: old, loop: loop, handler: newcomer)
            }
        }
        for peer in peers { peer.send([7]) }
        try loop.turn(until: "one of them got its byte") { newcomer.socket != nil }
        loop.turnAFewTimes()
        #expect(reused == true)
        #expect(newcomer.isUntouched)
        #expect(recorders.map(\.receives).sorted() == [0, 1])
        newcomerPeer?.send([9])
        try loop.turn(until: "the newcomer got its own byte") { newcomer.received == [9] }
        for recorder in recorders + [newcomer] {
            recorder.socket?.close()
            recorder.forget()
        }
        for peer in peers { peer.closeNow() }
        newcomerPeer?.closeNow()
    }

    @Test func addressesOfBothSidesAreKnown() throws {
        let connection = try Connection()
        #expect(connection.socket.peerAddress?.isLoopback == true)
        #expect(connection.socket.localAddress?.port != 0)
        connection.close()
        #expect(connection.socket.peerAddress == nil)
    }
}
