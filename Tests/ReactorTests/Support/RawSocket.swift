@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The other side of a connection, as a plain descriptor that the test reads and writes itself, without any loop.
struct RawSocket {
    let descriptor: Int32

    struct Failure: Error {
        let call: String
        let code: Int32
    }

    /// A connected pair: `descriptor` for the socket under test, and its peer.
    static func pair(sendBuffer: Int32? = nil) throws -> (descriptor: Int32, peer: RawSocket) {
        let listener = try ListeningSocket.bind(.loopback, shared: false)
        defer { close(listener) }
        guard let address = ListeningSocket.address(of: listener) else {
            throw Failure(call: "getsockname", code: errno)
        }
        let peer = try RawSocket(connectingTo: address)
        let accepted = try accept(on: listener)
        if let sendBuffer { accepted.set(SOL_SOCKET, SO_SNDBUF, sendBuffer) }
        accepted.makeNonblocking()
        return (accepted.descriptor, peer)
    }

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Connects; on loopback the backlog takes it at once.
    init(connectingTo address: SocketAddress) throws {
        descriptor = socket(address.isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var (storage, length) = address.storage
        let result = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, length) }
        }
        guard result == 0 else { throw Failure(call: "connect", code: errno) }
        makeNonblocking()
    }

    /// Waits for a connection on a listening descriptor that no loop watches.
    static func accept(on listener: Int32) throws -> RawSocket {
        var ready = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&ready, 1, 10_000) == 1 else { throw Failure(call: "poll", code: ETIMEDOUT) }
        let accepted = systemAccept(listener)
        guard accepted >= 0 else { throw Failure(call: "accept", code: errno) }
        let socket = RawSocket(descriptor: accepted)
        socket.makeNonblocking()
        return socket
    }

    func makeNonblocking() {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends what the system takes; returns how much that was, or -1.
    @discardableResult
    func send(_ bytes: ArraySlice<UInt8>) -> Int {
        unsafe bytes.withUnsafeBufferPointer { unsafe systemSend(descriptor, $0) }
    }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Int { send(bytes[...]) }

    enum Received: Equatable {
        case bytes([UInt8])
        case nothing
        case end
        case failure(Int32)
    }

    func receive(_ limit: Int = 65_536) -> Received {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = unsafe recv(descriptor, &buffer, limit, 0)
        if count > 0 { return .bytes(Array(buffer[..<count])) }
        if count == 0 { return .end }
        return errno == EAGAIN ? .nothing : .failure(errno)
    }

    func shutdownWrite() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    func closeNow() { close(descriptor) }

    /// Closes so that the other side sees a reset.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        closeNow()
    }
}

private func systemAccept(_ listener: Int32) -> Int32 { accept(listener, nil, nil) }
@unsafe private func systemSend(_ descriptor: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
}

extension SocketAddress {
    static let loopback = SocketAddress(ipv4: 0x7F00_0001, port: 0)
}
