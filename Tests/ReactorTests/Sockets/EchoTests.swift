import Testing

@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Sends back what it gets, with backpressure: congested, it stops reading.
private final class Echo: StreamHandler {
    var socket: StreamSocket?

    override func socketDidReceive(_ bytes: Span<UInt8>) {
        socket?.write(bytes)
        if socket?.isCongested == true { socket?.pause() }
    }
    override func socketDidDrain() { socket?.resume() }
    override func socketDidReachEnd() { socket?.closeAfterFlush() }
}

/// A listener whose connections echo.
private final class EchoServer {
    let address: SocketAddress
    private var listener: ListeningSocket?
    private var echoes: [Echo] = []

    init(_ loop: EventLoop) throws {
        let descriptor = try ListeningSocket.bind(.loopback, shared: false)
        address = try #require(ListeningSocket.address(of: descriptor))
        listener = ListeningSocket(
            descriptor: descriptor, loop: loop,
            onAccept: { [unowned self] client, peer in
                #expect(peer.isLoopback)
                let echo = Echo()
                echo.socket = StreamSocket(descriptor: client, loop: loop, handler: echo)
                echoes.removeAll { $0.socket?.isOpen != true }
                echoes.append(echo)
            }, onTrouble: { Issue.record("accepting failed with \($0)") })
    }

    var openCount: Int { echoes.reduce(0) { $0 + ($1.socket?.isOpen == true ? 1 : 0) } }

    func close() {
        listener?.close()
        for echo in echoes { echo.socket?.close() }
    }
}

@Suite struct EchoTests {
    @Test(arguments: [0, 1, 1_000, 16_384, 70_000, 3_000_000])
    func everyByteComesBackInOrder(count: Int) throws {
        let loop = EventLoop()
        let server = try EchoServer(loop)
        let recorder = Recorder()
        var error: Int32 = 0
        recorder.socket = StreamSocket.connect(to: server.address, loop: loop, handler: recorder, error: &error)
        let sent = pattern(count)
        recorder.socket?.write(sent.span)
        recorder.socket?.shutdownWrite()
        try loop.turn(until: "everything came back") { recorder.ends == 1 || !recorder.failures.isEmpty }
        #expect(recorder.failures == [])
        #expect(recorder.received == sent)
        recorder.socket?.close()
        server.close()
        #expect(loop.chunks.leasedCount == 0)
        #expect(loop.descriptors.count == 0)
    }

    /// Ten thousand connections, a hundred at a time, ended in different ways.
    @Test func connectionsComeAndGoWithoutLeaks() throws {
        let before = lowestFreeDescriptor()
        let loop = EventLoop()
        let server = try EchoServer(loop)
        var error: Int32 = 0
        for round in 0..<100 {
            var clients: [Recorder] = []
            for index in 0..<100 {
                let client = Recorder()
                client.socket = StreamSocket.connect(to: server.address, loop: loop, handler: client, error: &error)
                client.socket?.write(pattern(10 + index).span)
                clients.append(client)
            }
            try loop.turn(until: "round \(round) was echoed") {
                clients.enumerated().allSatisfy { $1.received.count == 10 + $0 }
            }
            for (index, client) in clients.enumerated() {
                #expect(client.received == pattern(10 + index))
                switch index % 3 {
                case 0: client.socket?.close()
                case 1: client.socket?.reset()
                default: client.socket?.shutdownWrite()
                }
            }
            try loop.turn(until: "round \(round) was closed") {
                server.openCount == 0 && clients.enumerated().allSatisfy { $0 % 3 != 2 || $1.ends == 1 }
            }
            for client in clients { client.socket?.close() }
            #expect(loop.descriptors.count == 1)
            #expect(loop.chunks.leasedCount == 0)
        }
        #expect(error == 0)
        server.close()
        #expect(loop.descriptors.count == 0)
        // Other tests of the process hold some; ten thousand leaked ones would show.
        #expect(lowestFreeDescriptor() < before + 1_000)
    }

    private func lowestFreeDescriptor() -> Int {
        // A new descriptor gets the lowest free number, and the limit of a leak is far above what tests hold.
        let lowest = dup(2)
        defer { close(lowest) }
        return Int(lowest)
    }
}
