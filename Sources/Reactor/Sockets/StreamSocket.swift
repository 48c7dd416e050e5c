internal import CSystem

/// One connection, either side: TCP, or a socket in the file system.
///
/// Reading: whenever the system has bytes they are read into the loop's own memory and shown to the handler; `pause()`
/// stops that, `resume()` goes on. Writing: bytes go out at once; what the system cannot take waits in pooled chunks, and
/// the handler looks at `isCongested` and waits for `socketDidDrain()`. An error while writing is never reported inside
/// the call that wrote, but when the code on the stack has returned.
///
/// With TLS the handler notices nothing of it but `socketDidConnect()` after the handshake, on either side: see
/// `StreamSocket+TLS.swift`.
@safe package final class StreamSocket: DescriptorHandler {
    package let loop: EventLoop
    package internal(set) var handler: StreamHandler?
    package private(set) var isConnecting = false
    package private(set) var isOpen = true
    /// More bytes wait than the high mark; nothing more should be written until `socketDidDrain()`.
    package private(set) var isCongested = false
    package private(set) var isPaused = false
    var mayHaveMore = false
    var endWasSeen = false
    /// The end is told once: edge-triggered, every later event of a half-closed socket carries it again.
    var endWasTold = false
    private(set) var closesAfterFlush = false
    private var shutsAfterFlush = false
    private(set) var hasFailed = false
    private(set) var waiting = ByteQueue()
    /// nil: in clear.
    private(set) var tls: TLSSession?
    /// Bytes that come before everything else are shown by `socketDidPeek` first.
    var awaitsPreface = false
    package var highMark: Int32 = 32 * 1024

    /// Bytes that had to wait and were taken by the system since: shows whether a slow peer moves at all.
    package private(set) var takenCount: UInt64 = 0

    /// Bytes written that the system has not taken yet.
    package var waitingCount: Int { waiting.count }

    /// Takes over a connected descriptor; with a context, as the server of a TLS connection.
    package init?(
        descriptor: Int32, loop: EventLoop, handler: StreamHandler, tls context: TLSContext? = nil,
        hasPreface: Bool = false
    ) {
        self.loop = loop
        awaitsPreface = hasPreface
        super.init()
        self.descriptor = descriptor
        guard loop.descriptors.addStream(self) else {
            isOpen = false
            _ = CSystem.close(descriptor)
            return nil
        }
        self.handler = handler
        if let context { tls = TLSSession(context: context, peer: nil, socket: self) }
    }

    /// Starts a connection; its end is told by `socketDidConnect` or `socketDidFail`. Returns nil with the system's
    /// error number when it cannot even start.
    ///
    /// - Parameters:
    ///   - peer: whom to expect over TLS; the connection is there when the handshake is complete.
    ///   - greeting: sent before everything else, in clear.
    package static func connect(
        to target: StreamTarget, loop: EventLoop, handler: StreamHandler, tls peer: TLSPeer? = nil,
        greeting: [UInt8] = [], error: inout Int32
    ) -> StreamSocket? {
        let descriptor = begin(target, &error)
        guard descriptor >= 0 else { return nil }
        guard let socket = StreamSocket(descriptor: descriptor, loop: loop, handler: handler) else {
            error = EMFILE
            return nil
        }
        if let peer { socket.tls = TLSSession(context: peer.context, peer: peer, socket: socket) }
        // A connection that was made at once is reported by the loop as well, so that there is one way.
        socket.isConnecting = true
        if !greeting.isEmpty { socket.enqueue(greeting.span) }
        socket.updateInterest()
        return socket
    }

    package static func connect(
        to address: SocketAddress, loop: EventLoop, handler: StreamHandler, tls peer: TLSPeer? = nil,
        error: inout Int32
    ) -> StreamSocket? {
        connect(to: .address(address), loop: loop, handler: handler, tls: peer, error: &error)
    }

    /// A descriptor that is connecting, or connected already; negative when there is none.
    private static func begin(_ target: StreamTarget, _ error: inout Int32) -> Int32 {
        switch target {
        case .path(let path):
            // The path is passed for the length of the call. A connection is there at once or never: of a server that is
            // behind with accepting the system says EAGAIN.
            let descriptor = unsafe gh_local_begin(path)
            if descriptor < 0 { error = gh_errno() }
            return descriptor
        case .address(let address):
            let descriptor = socket(address.isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else {
                error = gh_errno()
                return -1
            }
            _ = gh_set_nonblocking(descriptor)
            _ = gh_set_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            var (storage, length) = address.storage
            let result = unsafe withUnsafePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe CSystem.connect(descriptor, $0, length)
                }
            }
            if result == 0 || gh_errno() == EINPROGRESS { return descriptor }
            error = gh_errno()
            _ = CSystem.close(descriptor)
            return -1
        }
    }

    deinit {
        precondition(!isOpen, "a socket was released while open")
    }

    /// Hands the connection to another role, such as from the idle pool to an exchange, or after an upgrade.
    package func setHandler(_ handler: StreamHandler) {
        self.handler = handler
    }

    // MARK: Reading

    package func pause() {
        guard isOpen, !isPaused else { return }
        isPaused = true
        updateInterest()
    }

    package func resume() {
        guard isOpen, isPaused else { return }
        isPaused = false
        updateInterest()
        if mayHaveMore || endWasSeen { loop.readLater(self) }
    }

    func continueReading() {
        guard isOpen else { return }
        // Paused since it was put in the queue: the bytes are still there, and no edge will tell of them again.
        if isPaused { mayHaveMore = true } else { readAny() }
    }

    func readAny() {
        if awaitsPreface { readPreface() } else if let tls { read(tls) } else { read() }
    }

    /// Tells a level-triggered descriptor set what can be used; edge-triggered there is nothing to tell.
    func updateInterest() {
        loop.descriptors.changeStream(
            self, read: !isPaused && !endWasTold, write: isConnecting || !waiting.isEmpty)
    }

    private func read() {
        mayHaveMore = false
        // A bounded share of the turn; of a broken connection everything, as there will be no other turn.
        var turnsLeft = hasFailed ? Int.max : 4
        while isOpen {
            if isPaused {
                mayHaveMore = true
                return
            }
            let count = unsafe recv(descriptor, loop.scratch, EventLoop.readSize, 0)
            if count > 0 {
                // After `closeAfterFlush` nobody listens; the bytes are taken so that closing does not become a reset.
                if !closesAfterFlush {
                    let bytes = unsafe Span(_unsafeStart: UnsafePointer(loop.scratch), count: count)
                    handler?.socketDidReceive(bytes)
                }
                // Less than asked for means drained; only an end of stream may still be behind it.
                if count < EventLoop.readSize && !endWasSeen { return }
                turnsLeft -= 1
                if turnsLeft == 0 {
                    mayHaveMore = true
                    loop.readLater(self)
                    return
                }
            } else if count == 0 {
                endWasSeen = false
                // After a failed write this is no end: the write took the error, and the failure will be told.
                if endWasTold || hasFailed { return }
                endWasTold = true
                updateInterest()
                if !closesAfterFlush { handler?.socketDidReachEnd() }
                return
            } else {
                let error = gh_errno()
                if error == EINTR { continue }
                if error == EAGAIN || error == EWOULDBLOCK { return }
                fail(error)
                return
            }
        }
    }

    // MARK: Writing

    package func write(_ bytes: Span<UInt8>) {
        if bytes.isEmpty || !isOpen || hasFailed { return }
        if isConnecting || !waiting.isEmpty {
            if let tls { seal(tls, bytes) } else { enqueue(bytes) }
            return
        }
        if loop.batch.take(bytes, for: self) { return }
        if loop.batch.owner === self {
            loop.batch.flush(with: bytes)
            return
        }
        loop.batch.flush()
        if !loop.batch.take(bytes, for: self) { sendNow(bytes, then: Span()) }
    }

    /// Writes three stretches in one go: a chunk's size line, its data and its end. Large data is not copied.
    package func write(_ head: Span<UInt8>, _ body: Span<UInt8>, _ tail: Span<UInt8>) {
        if body.count <= 4_096 {
            write(head)
            write(body)
            write(tail)
            return
        }
        write(head)
        if isOpen && !hasFailed && loop.batch.owner === self {
            loop.batch.flush(with: body, tail)
        } else {
            write(body)
            write(tail)
        }
    }

    /// Sends the stretches in order; what the system does not take waits.
    func sendNow(_ first: Span<UInt8>, _ second: Span<UInt8>, _ third: Span<UInt8>) {
        if let tls {
            seal(tls, first, second, third)
            return
        }
        if third.isEmpty {
            sendInClear(first, then: second)
            return
        }
        if !isOpen || hasFailed { return }
        var sent = send(first, second, third)
        if sent < 0 || sent == first.count + second.count + third.count { return }
        enqueue(first.extracting(min(sent, first.count)..<first.count))
        sent = max(0, sent - first.count)
        enqueue(second.extracting(min(sent, second.count)..<second.count))
        sent = max(0, sent - second.count)
        enqueue(third.extracting(min(sent, third.count)..<third.count))
        loop.descriptors.changeStream(self, read: !isPaused, write: true)
    }

    /// Sends `first` and then `second`; what the system does not take waits.
    func sendNow(_ first: Span<UInt8>, then second: Span<UInt8>) {
        if let tls { seal(tls, first, second) } else { sendInClear(first, then: second) }
    }

    private func sendInClear(_ first: Span<UInt8>, then second: Span<UInt8>) {
        if !isOpen || hasFailed { return }
        let total = first.count + second.count
        let sent = second.isEmpty ? send(first) : send(first, second)
        if sent == total { return }
        if sent < 0 { return }
        if sent < first.count {
            enqueue(first.extracting(sent..<first.count))
            enqueue(second)
        } else {
            enqueue(second.extracting((sent - first.count)..<second.count))
        }
        updateInterest()
    }

    /// Bytes taken by the system, 0 when it can take none now, -1 on failure.
    private func send(_ bytes: Span<UInt8>) -> Int {
        while true {
            let sent = unsafe bytes.withUnsafeBufferPointer { unsafe gh_send(descriptor, $0.baseAddress, $0.count) }
            if sent >= 0 { return sent }
            let error = gh_errno()
            if error == EINTR { continue }
            return noteWriteError(error)
        }
    }

    private func send(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Int {
        while true {
            let sent = unsafe first.withUnsafeBufferPointer { first in
                unsafe second.withUnsafeBufferPointer { second in
                    let parts = unsafe (
                        iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
                        iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
                    )
                    return unsafe withUnsafePointer(to: parts) {
                        unsafe $0.withMemoryRebound(to: iovec.self, capacity: 2) {
                            unsafe gh_sendv(descriptor, $0, 2)
                        }
                    }
                }
            }
            if sent >= 0 { return sent }
            let error = gh_errno()
            if error == EINTR { continue }
            return noteWriteError(error)
        }
    }

    private func send(_ first: Span<UInt8>, _ second: Span<UInt8>, _ third: Span<UInt8>) -> Int {
        while true {
            let sent = unsafe first.withUnsafeBufferPointer { first in
                unsafe second.withUnsafeBufferPointer { second in
                    unsafe third.withUnsafeBufferPointer { third in
                        let parts = unsafe (
                            iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
                            iovec(
                                iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count),
                            iovec(iov_base: UnsafeMutableRawPointer(mutating: third.baseAddress), iov_len: third.count)
                        )
                        return unsafe withUnsafePointer(to: parts) {
                            unsafe $0.withMemoryRebound(to: iovec.self, capacity: 3) {
                                unsafe gh_sendv(descriptor, $0, 3)
                            }
                        }
                    }
                }
            }
            if sent >= 0 { return sent }
            let error = gh_errno()
            if error == EINTR { continue }
            return noteWriteError(error)
        }
    }

    private func noteWriteError(_ error: Int32) -> Int {
        if error == EAGAIN || error == EWOULDBLOCK { return 0 }
        failWriting(error)
        return -1
    }

    func failWriting(_ error: Int32) {
        hasFailed = true
        loop.failLater(self, error)
    }

    /// Sends encrypted bytes behind those that wait.
    func sendBytes(_ bytes: Span<UInt8>) {
        if waiting.isEmpty && !isConnecting { sendInClear(bytes, then: Span()) } else { enqueue(bytes) }
    }

    private func enqueue(_ bytes: Span<UInt8>) {
        waiting.append(bytes, pool: &loop.chunks)
        if waiting.count > Int(highMark) { isCongested = true }
    }

    private func flushWaiting() {
        while !waiting.isEmpty {
            let sent = unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 16) { parts in
                let count = unsafe waiting.gather(into: parts)
                return unsafe gh_sendv(descriptor, parts.baseAddress, Int32(count))
            }
            if sent < 0 {
                let error = gh_errno()
                if error == EINTR { continue }
                _ = noteWriteError(error)
                return
            }
            waiting.drop(sent, pool: &loop.chunks)
            takenCount &+= UInt64(sent)
        }
        finishClosing()
        if isOpen { updateInterest() }
    }

    private func finishClosing() {
        if closesAfterFlush {
            close()
        } else if shutsAfterFlush {
            shutsAfterFlush = false
            _ = shutdown(descriptor, Int32(SHUT_WR))
        }
    }

    // MARK: Events

    package override func descriptorIsReady(_ readiness: Readiness) {
        if isConnecting {
            finishConnecting(readiness)
            return
        }
        if readiness.contains(.error) || (readiness.contains(.end) && !endWasTold) { endWasSeen = true }
        if readiness.contains(.writable) && !waiting.isEmpty {
            drain()
            if !isOpen || hasFailed { return }
        }
        if readiness.contains(.error) && isPaused {
            let error = gh_socket_error(descriptor)
            if error != 0 {
                fail(error)
                return
            }
        }
        if (readiness.contains(.readable) && !endWasTold) || endWasSeen {
            if isPaused { mayHaveMore = true } else { readAny() }
        }
    }

    private func finishConnecting(_ readiness: Readiness) {
        let error = gh_socket_error(descriptor)
        if error != 0 {
            fail(error)
            return
        }
        if !readiness.contains(.writable) { return }
        isConnecting = false
        // What the peer sent or ended before this turn came with the same edge and will not be told again.
        if readiness.contains(.end) { endWasSeen = true }
        if let tls {
            // The client speaks first; what is readable already is an end or an error, and is read there. A greeting goes
            // before all of it.
            updateInterest()
            if !waiting.isEmpty { flushWaiting() }
            if isOpen { read(tls) }
            return
        }
        handler?.socketDidConnect()
        if isOpen { drain() }
        if isOpen && (readiness.contains(.readable) || endWasSeen) {
            if isPaused { mayHaveMore = true } else { read() }
        }
    }

    /// Sends what waits and tells the handler when it may write again: when half has gone, so that the other side is
    /// reading again before this one runs dry.
    private func drain() {
        flushWaiting()
        guard isOpen, isCongested, waiting.count <= Int(highMark) / 2 else { return }
        isCongested = false
        if !closesAfterFlush { handler?.socketDidDrain() }
    }

    /// A write failed a moment ago. What the peer said before it went, perhaps an early answer, is still there to read,
    /// and comes before the failure.
    func failAfterWriting(_ error: Int32) {
        if isOpen && !isPaused && !endWasTold { readAny() }
        fail(error)
    }

    func fail(_ error: Int32) {
        guard isOpen else { return }
        let handler = self.handler
        close()
        handler?.socketDidFail(error)
    }

    // MARK: Closing

    /// No more will be written; the peer sees the end once everything has been sent.
    package func shutdownWrite() {
        guard isOpen else { return }
        if loop.batch.owner === self { loop.batch.flush() }
        if let tls { sayGoodbye(tls) }
        if waiting.isEmpty && !isConnecting {
            _ = shutdown(descriptor, Int32(SHUT_WR))
        } else {
            shutsAfterFlush = true
        }
    }

    /// Closes once everything written has been sent. The handler hears nothing more but a failure. A peer that still
    /// sends after that sees a reset, as TCP has it; who expects that shuts its side first and reads on for a while.
    package func closeAfterFlush() {
        guard isOpen else { return }
        if loop.batch.owner === self { loop.batch.flush() }
        if let tls { sayGoodbye(tls) }
        if waiting.isEmpty || hasFailed { close() } else { closesAfterFlush = true }
    }

    /// Closes so that the peer sees a reset: for a message that must not look complete.
    package func reset() {
        guard isOpen else { return }
        var linger = CSystem.linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<CSystem.linger>.size))
        tear()
    }

    /// Closes at once; bytes that wait are lost.
    package func close() {
        // What is lost must show: only a stream that was sent whole ends with TLS's own end.
        if let tls, isOpen, waiting.isEmpty, !hasFailed, loop.batch.owner !== self { sayGoodbye(tls) }
        tear()
    }

    private func tear() {
        guard isOpen else { return }
        isOpen = false
        loop.batch.drop(self)
        if let tls {
            tls.early.removeAll(pool: &loop.chunks)
            tls.end()
        }
        waiting.removeAll(pool: &loop.chunks)
        loop.descriptors.remove(self)
        _ = CSystem.close(descriptor)
        descriptor = -1
        handler = nil
    }

    // MARK: Facts

    /// Asks the system whether nothing has come from the peer: no byte, no end, no error.
    package var isQuiet: Bool {
        guard isOpen && !endWasSeen && !mayHaveMore && tls?.hasPending != true else { return false }
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK))
        return count < 0 && (gh_errno() == EAGAIN || gh_errno() == EWOULDBLOCK)
    }

    package var peerAddress: SocketAddress? { unsafe address(getpeername) }
    package var localAddress: SocketAddress? { unsafe address(getsockname) }

    private func address(
        _ ask: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
    ) -> SocketAddress? {
        unsafe socketAddress(of: descriptor, ask)
    }
}

func socketAddress(
    of descriptor: Int32, _ ask: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe ask(descriptor, $0, &length) }
    }
    return result == 0 ? SocketAddress(storage) : nil
}
