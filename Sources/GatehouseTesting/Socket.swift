internal import CSystem

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A socket on the loopback interface, or in the file system, that blocks with a deadline.
///
/// The descriptor does not block; every operation polls for readiness and gives up at its deadline. Another thread may
/// close the socket at any time: the descriptor itself is closed only when its last user has left, so a number that
/// the system hands out again is never touched by mistake.
final class Socket: Sendable {
    private struct State {
        var descriptor: Int32
        var users = 0
        var isClosing = false
    }
    private let state: Monitor<State>

    enum ReadOutcome {
        case bytes([UInt8])
        case end
        case reset
    }

    init(adopting descriptor: Int32) {
        state = Monitor(State(descriptor: descriptor))
        makeNonblocking(descriptor)
        _ = setOption(descriptor, Int32(IPPROTO_TCP), Int32(TCP_NODELAY), 1)
    }

    deinit { close() }

    static func make() throws -> Int32 {
        #if canImport(Darwin)
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            // CLOEXEC from birth: a gateway spawned at this moment must not inherit (and so keep open) a test's socket.
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let descriptor = socket(AF_INET, kind, 0)
        #endif
        guard descriptor >= 0 else { throw KitFailure(.system, "socket: \(systemMessage(errno))") }
        #if canImport(Darwin)
            _ = setOption(descriptor, SOL_SOCKET, SO_NOSIGPIPE, 1)
        #endif
        makeNonblocking(descriptor)
        return descriptor
    }

    // MARK: Connecting and listening

    /// - Parameter receiveBuffer: SO_RCVBUF, set before connecting so that it bounds the window too.
    static func connect(port: UInt16, receiveBuffer: Int? = nil, within limit: Duration) throws -> Socket {
        let descriptor = try make()
        let connection = Socket(adopting: descriptor)
        if let receiveBuffer {
            _ = setOption(descriptor, SOL_SOCKET, SO_RCVBUF, Int32(clamping: receiveBuffer))
        }
        if startConnecting(descriptor, port: port) { return connection }
        guard errno == EINPROGRESS else {
            throw KitFailure(.system, "connect to port \(port): \(systemMessage(errno))")
        }
        guard try connection.poll(POLLOUT, until: Deadline(after: limit)) else {
            throw KitFailure(.timeout, "connecting to port \(port)")
        }
        let code = pendingError(descriptor)
        guard code == 0 else { throw KitFailure(.system, "connect to port \(port): \(systemMessage(code))") }
        return connection
    }

    /// Whether the connection is made already; otherwise errno says how it stands.
    static func startConnecting(_ descriptor: Int32, port: UInt16) -> Bool {
        var address = loopback(port)
        // SAFETY: the address lives across the call and its size is given.
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe systemConnect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        } == 0
    }

    /// - Parameter port: 0: one that is free.
    static func listen(port: UInt16 = 0, backlog: Int32 = 1024, receiveBuffer: Int? = nil) throws -> Socket {
        if port != 0 { return try bound(port, backlog, receiveBuffer) }
        var last: (any Error)?
        for _ in FreePorts.range {
            do { return try bound(FreePorts.next(), backlog, receiveBuffer) } catch { last = error }
        }
        throw last ?? KitFailure(.system, "there are no ports")
    }

    private static func bound(_ port: UInt16, _ backlog: Int32, _ receiveBuffer: Int?) throws -> Socket {
        let descriptor = try make()
        let listener = Socket(adopting: descriptor)
        _ = setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if let receiveBuffer {
            _ = setOption(descriptor, SOL_SOCKET, SO_RCVBUF, Int32(clamping: receiveBuffer))
        }
        var address = loopback(port)
        // SAFETY: as in startConnecting.
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, systemListen(descriptor, backlog) == 0 else {
            throw KitFailure(.system, "listen on port \(port): \(systemMessage(errno))")
        }
        return listener
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    /// The next client, or nil once the listener is closed.
    func accept() throws -> Socket? {
        while true {
            // In slices, as not every system wakes a poll on a listener that is closed under it.
            guard let ready = try? poll(POLLIN, until: Deadline(after: .seconds(1))) else { return nil }
            if !ready { continue }
            let client = withDescriptor(systemAccept) ?? -1
            if client >= 0 { return Socket(adopting: client) }
            let code = errno
            guard code == EAGAIN || code == EINTR || code == ECONNABORTED else { return nil }
        }
    }

    /// The port this end is bound to; 0 when it is closed.
    var localPort: UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withDescriptor { descriptor in
            // SAFETY: the structure is as large as the length says and lives across the call.
            unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getsockname(descriptor, $0, &length)
                }
            }
        }
        return code == 0 ? UInt16(bigEndian: address.sin_port) : 0
    }

    // MARK: Reading and writing

    /// Waits for bytes, the end or a reset.
    func read(atMost count: Int = 65_536, within limit: Duration) throws -> ReadOutcome {
        let deadline = Deadline(after: limit)
        while true {
            guard try poll(POLLIN, until: deadline) else {
                throw KitFailure(.timeout, "no byte came within \(limit)")
            }
            var failure: Int32 = 0
            var received = 0
            // SAFETY: recv writes at most `capacity` bytes into the uninitialised buffer, and only those are claimed.
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                received = withDescriptor { unsafe recv($0, buffer.baseAddress, buffer.count, 0) } ?? 0
                failure = received < 0 ? errno : 0
                filled = max(received, 0)
            }
            if received > 0 { return .bytes(bytes) }
            if received == 0 { return .end }
            switch failure {
            case EAGAIN, EINTR: continue
            case ECONNRESET, EPIPE: return .reset
            default: throw KitFailure(.system, "recv: \(systemMessage(failure))")
            }
        }
    }

    /// Sends what fits now and gives the count; 0 when nothing fits.
    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int {
        // SAFETY: the buffer is valid in the closure, and its own count bounds the call.
        let sent = unsafe bytes.withUnsafeBytes { buffer in
            withDescriptor { unsafe systemSend($0, buffer) } ?? -2
        }
        if sent >= 0 { return sent }
        if sent == -2 { throw KitFailure(.closed, "the socket is closed on this side") }
        let code = errno
        switch code {
        case EAGAIN, EINTR: return 0
        case ECONNRESET, EPIPE: throw KitFailure(.reset, "send: \(systemMessage(code))")
        default: throw KitFailure(.system, "send: \(systemMessage(code))")
        }
    }

    /// Sends everything.
    func send(_ bytes: [UInt8], within limit: Duration) throws {
        let deadline = Deadline(after: limit)
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = try sendSome(rest)
            rest = rest.dropFirst(sent)
            guard !rest.isEmpty else { return }
            guard try poll(POLLOUT, until: deadline) else {
                throw KitFailure(.timeout, "\(rest.count) of \(bytes.count) bytes could not be sent within \(limit)")
            }
        }
    }

    /// Whether the socket is ready before the deadline.
    func poll(_ interest: Int32, until deadline: Deadline) throws -> Bool {
        while true {
            var entry = pollfd()
            entry.events = Int16(interest)
            let outcome = withDescriptor { descriptor in
                entry.fd = descriptor
                return systemPoll(&entry, deadline.remainingMilliseconds)
            }
            guard let outcome else { throw KitFailure(.closed, "the socket is closed on this side") }
            if outcome > 0 { return true }
            if outcome == 0 {
                if deadline.remainingMilliseconds == 0 { return false }
            } else if errno != EINTR {
                throw KitFailure(.system, "poll: \(systemMessage(errno))")
            }
        }
    }

    // MARK: Ending

    /// Sends FIN; reading goes on.
    func finishSending() { _ = withDescriptor { shutdown($0, Int32(SHUT_WR)) } }

    /// Ends the connection with RST.
    func reset() {
        var option = linger()
        option.l_onoff = 1
        option.l_linger = 0
        // SAFETY: the option lives across the call and its size is given.
        _ = withDescriptor {
            unsafe setsockopt($0, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        close()
    }

    func setReceiveBuffer(_ bytes: Int) {
        _ = withDescriptor { setOption($0, SOL_SOCKET, SO_RCVBUF, Int32(clamping: bytes)) }
    }

    func setSendBuffer(_ bytes: Int) {
        _ = withDescriptor { setOption($0, SOL_SOCKET, SO_SNDBUF, Int32(clamping: bytes)) }
    }

    var isClosed: Bool { state.withLock { $0.isClosing } }

    func close() {
        let descriptor: Int32? = state.withLock { state in
            guard !state.isClosing else { return nil }
            state.isClosing = true
            guard state.users == 0 else {
                // Wakes whoever polls; the last to leave closes.
                shutdown(state.descriptor, Int32(SHUT_RDWR))
                return nil
            }
            return state.descriptor
        }
        if let descriptor { systemClose(descriptor) }
    }

    func withDescriptor<Result>(_ body: (Int32) -> Result) -> Result? {
        let descriptor: Int32? = state.withLock { state in
            guard !state.isClosing else { return nil }
            state.users += 1
            return state.descriptor
        }
        guard let descriptor else { return nil }
        defer {
            let code = errno
            let isLast = state.withLock { state in
                state.users -= 1
                return state.isClosing && state.users == 0
            }
            if isLast { systemClose(descriptor) }
            // The caller reads errno after this.
            setErrno(code)
        }
        return body(descriptor)
    }
}
