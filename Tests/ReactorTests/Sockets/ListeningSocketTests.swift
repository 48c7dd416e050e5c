import Testing

@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Accepts and remembers.
private final class Acceptor {
    private(set) var listener: ListeningSocket?
    var accepted: [Int32] = []
    var troubles: [Int32] = []

    init(_ descriptor: Int32, _ loop: EventLoop) {
        listener = ListeningSocket(
            descriptor: descriptor, loop: loop, onAccept: { [unowned self] client, _ in accepted.append(client) },
            onTrouble: { [unowned self] in troubles.append($0) })
    }

    func close() {
        listener?.close()
        for descriptor in accepted { _ = systemClose(descriptor) }
    }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

@Suite struct ListeningSocketTests {
    @Test func twoLoopsShareAPort() throws {
        let loops = [EventLoop(), EventLoop()]
        let first = try ListeningSocket.bind(.loopback, shared: true)
        let address = try #require(ListeningSocket.address(of: first))
        let second = try ListeningSocket.bind(address, shared: true)
        let acceptors = [Acceptor(first, loops[0]), Acceptor(second, loops[1])]
        var clients: [RawSocket] = []
        for _ in 0..<200 { clients.append(try RawSocket(connectingTo: address)) }
        for (loop, acceptor) in zip(loops, acceptors) {
            // The system spreads by the client's port: that one side gets none of 200 does not happen.
            try loop.turn(until: "each loop accepted") { !acceptor.accepted.isEmpty }
            loop.turnAFewTimes()
        }
        #expect(acceptors.map(\.accepted.count).reduce(0, +) == 200)
        #expect(acceptors.flatMap(\.troubles) == [])
        for acceptor in acceptors { acceptor.close() }
        for client in clients { client.closeNow() }
    }

    @Test func aPortThatIsNotSharedIsTakenOnce() throws {
        let first = try ListeningSocket.bind(.loopback, shared: false)
        defer { close(first) }
        let address = try #require(ListeningSocket.address(of: first))
        let error = #expect(throws: ListeningSocket.BindError.self) {
            _ = try ListeningSocket.bind(address, shared: false)
        }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.address == address)
    }

    @Test func pausedNothingIsAccepted() throws {
        let loop = EventLoop()
        let descriptor = try ListeningSocket.bind(.loopback, shared: false)
        let address = try #require(ListeningSocket.address(of: descriptor))
        let acceptor = Acceptor(descriptor, loop)
        acceptor.listener?.pauseAccepting()
        let client = try RawSocket(connectingTo: address)
        loop.turnAFewTimes()
        #expect(acceptor.accepted.isEmpty)
        acceptor.listener?.resumeAccepting()
        try loop.turn(until: "it was accepted") { acceptor.accepted.count == 1 }
        acceptor.close()
        client.closeNow()
    }

    @Test func anIPv6ListenerOnEverythingTakesIPv4() throws {
        let loop = EventLoop()
        let everything = SocketAddress(high: 0, low: 0, port: 0, isIPv6: true)
        let descriptor = try ListeningSocket.bind(everything, shared: false)
        let port = try #require(ListeningSocket.address(of: descriptor)).port
        let acceptor = Acceptor(descriptor, loop)
        let client = try RawSocket(connectingTo: SocketAddress(ipv4: 0x7F00_0001, port: port))
        try loop.turn(until: "it was accepted") { acceptor.accepted.count == 1 }
        acceptor.close()
        client.closeNow()
    }

    /// Out of descriptors the listener rests, tells so, and accepts what waited once there are some again. In a process
    /// of its own, because the limit holds for all of it.
    @Test func withoutDescriptorsItRestsAndRecovers() async {
        await #expect(processExitsWith: .success) {
            let loop = EventLoop()
            let descriptor = try ListeningSocket.bind(.loopback, shared: false)
            guard let address = ListeningSocket.address(of: descriptor) else { exit(2) }
            let acceptor = Acceptor(descriptor, loop)
            var clients: [RawSocket] = []
            for _ in 0..<5 { clients.append(try RawSocket(connectingTo: address)) }
            var limit = rlimit()
            // A limit of our own process, read into and set from a local value.
            _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 200
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            var fillers: [Int32] = []
            while case let filler = dup(descriptor), filler >= 0 { fillers.append(filler) }
            try loop.turn(until: "trouble was told") { !acceptor.troubles.isEmpty }
            guard acceptor.troubles == [EMFILE], acceptor.accepted.isEmpty else { exit(3) }
            // Resting, it does not spin: nothing is told again until the rest is over.
            loop.turnAFewTimes(50)
            guard acceptor.troubles.count == 1 else { exit(4) }
            for filler in fillers { close(filler) }
            try loop.turn(until: "all were accepted") { acceptor.accepted.count == 5 }
            acceptor.close()
            exit(0)
        }
    }
}
