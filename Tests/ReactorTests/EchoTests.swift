import Testing

@testable import Reactor

/// Sends back what it gets, over the loop.
private final class Echo: StreamHandler {
    var socket: StreamSocket?

    override func socketDidReceive(_ bytes: Span<UInt8>) { socket?.write(bytes) }
    override func socketDidReachEnd() { socket?.closeAfterFlush() }
}

/// Sends bytes, ends, and collects what comes back.
private final class Collector: StreamHandler {
    var socket: StreamSocket?
    var received: [UInt8] = []
    var isDone = false
    var failure: Int32?

    override func socketDidReceive(_ bytes: Span<UInt8>) {
        for index in bytes.indices { received.append(bytes[index]) }
    }
    override func socketDidReachEnd() {
        isDone = true
        socket?.close()
    }
    override func socketDidFail(_ error: Int32) {
        failure = error
        isDone = true
    }
}

@Suite struct StreamSocketTests {
    @Test(arguments: [0, 1, 1_000, 16_384, 70_000, 3_000_000])
    func everyByteComesBackInOrder(count: Int) throws {
        let loop = EventLoop()
        let descriptor = try ListeningSocket.bind(SocketAddress(literal: "127.0.0.1", port: 0)!, shared: false)
        let address = try #require(ListeningSocket.address(of: descriptor))
        var echoes: [Echo] = []
        let listener = ListeningSocket(
            descriptor: descriptor, loop: loop,
            onAccept: { client, peer in
                #expect(peer.isLoopback)
                let echo = Echo()
                echo.socket = StreamSocket(descriptor: client, loop: loop, handler: echo)
                echoes.append(echo)
            }, onTrouble: { _ in })
        let collector = Collector()
        var error: Int32 = 0
        collector.socket = StreamSocket.connect(to: address, loop: loop, handler: collector, error: &error)
        let sent = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        collector.socket?.write(sent.span)
        collector.socket?.shutdownWrite()
        while !collector.isDone { loop.turn(longest: 1_000) }
        #expect(collector.failure == nil)
        #expect(collector.received == sent)
        listener.close()
        #expect(loop.chunks.leasedCount == 0)
        for echo in echoes { echo.socket?.close() }
    }

    @Test func aRefusedConnectionIsTold() throws {
        let loop = EventLoop()
        let descriptor = try ListeningSocket.bind(SocketAddress(literal: "127.0.0.1", port: 0)!, shared: false)
        let address = try #require(ListeningSocket.address(of: descriptor))
        let listener = ListeningSocket(descriptor: descriptor, loop: loop, onAccept: { _, _ in }, onTrouble: { _ in })
        listener.close()
        let collector = Collector()
        var error: Int32 = 0
        collector.socket = StreamSocket.connect(to: address, loop: loop, handler: collector, error: &error)
        while !collector.isDone && error == 0 { loop.turn(longest: 1_000) }
        #expect(collector.failure != nil || error != 0)
    }
}
