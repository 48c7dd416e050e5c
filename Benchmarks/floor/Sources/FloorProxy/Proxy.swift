internal import Glibc

/// The least that a proxy can do: accept, read a head up to its empty line, take a kept upstream connection, forward
/// the head with two fields added, read the response by its Content-Length, write it back.
///
/// It is a measuring instrument and no gateway: it knows GET without a body and responses with a Content-Length, it
/// trusts both sides, and it stops the process where a gateway would answer an error.
///
/// 1. A client's bytes are read into the loop's one scratch buffer. A head that came whole is forwarded from there.
/// 2. The head goes out in one write, two fields added, `Connection: close` taken out and noted.
/// 3. The response is read into the scratch buffer and written from there; what the client's socket does not take
///    goes to its outbox, and the upstream connection is not read until that is empty.
/// 4. After the last byte the upstream connection returns to the pool.
///
/// Safe to use: its two buffers are private, allocated once and never freed.
@safe struct Proxy<Events: Poller & ~Copyable>: ~Copyable {
    private var events: Events
    private let listener: Int32
    private let upstreamPort: UInt16
    private var connections: [Connection?] = []
    private var pool: [Connection] = []
    private var generation: UInt64 = 1
    private var requests: UInt64 = 0
    private let scratch: UnsafeMutableRawPointer
    private let output: UnsafeMutableRawPointer
    private let scratchSize: Int
    private static var listenerToken: UInt64 { 0 }

    init(events: consuming Events, settings: Settings) {
        self.events = events
        upstreamPort = settings.upstreamPort
        scratchSize = settings.bufferSize
        listener = Sockets.listen(on: settings.port)
        // Both live as long as the process.
        unsafe scratch = .allocate(byteCount: scratchSize, alignment: 64)
        unsafe output = .allocate(byteCount: scratchSize + 256, alignment: 64)
        self.events.add(listener, token: Self.listenerToken)
    }

    consuming func run() -> Never {
        var ready: [Ready] = []
        ready.reserveCapacity(1024)
        while true {
            ready.removeAll(keepingCapacity: true)
            events.wait(into: &ready)
            for event in ready {
                if event.token == Self.listenerToken {
                    acceptAll()
                    continue
                }
                let index = Int(event.token & 0xffff_ffff)
                guard index < connections.count, let connection = connections[index],
                    connection.token == event.token
                else { continue }
                if event.hangup {
                    close(connection)
                    continue
                }
                if event.writable && !connection.outbox.isEmpty { flush(connection) }
                if event.readable && !connection.closed { readable(connection) }
            }
        }
    }

    private mutating func acceptAll() {
        while let descriptor = Sockets.accept(from: listener) {
            _ = open(descriptor, .downstream)
        }
    }

    private mutating func open(_ descriptor: Int32, _ side: Connection.Side) -> Connection {
        generation &+= 1
        let token = UInt64(UInt32(bitPattern: descriptor)) | generation << 32
        let connection = Connection(descriptor: descriptor, token: token, side: side)
        while connections.count <= Int(descriptor) { connections.append(nil) }
        connections[Int(descriptor)] = connection
        events.add(descriptor, token: token)
        return connection
    }

    private mutating func close(_ connection: Connection) {
        guard !connection.closed else { return }
        connection.closed = true
        if let peer = connection.peer {
            connection.peer = nil
            peer.peer = nil
            close(peer)  // a broken exchange takes both sides with it
        } else if connection.side == .upstream {
            pool.removeAll { $0 === connection }
        }
        events.remove(connection.descriptor)
        connections[Int(connection.descriptor)] = nil
        _ = Glibc.close(connection.descriptor)
    }

    /// Reads until the socket is empty, or until the other side has to take something first.
    private mutating func readable(_ connection: Connection) {
        while !connection.closed {
            if connection.side == .upstream, let peer = connection.peer, !peer.outbox.isEmpty { return }
            // The kernel writes at most `scratchSize` bytes, and says how many.
            let count = unsafe read(connection.descriptor, scratch, scratchSize)
            if count < 0 && errno == EAGAIN { return }
            guard count > 0 else {
                close(connection)
                return
            }
            // Valid until the next read, and used only in this call.
            let bytes = unsafe UnsafeRawBufferPointer(start: scratch, count: count)
            switch connection.side {
            case .downstream: unsafe request(connection, bytes)
            case .upstream: unsafe response(connection, bytes)
            }
            if count < scratchSize { return }
        }
    }

    // MARK: Requests

    private mutating func request(_ client: Connection, _ bytes: UnsafeRawBufferPointer) {
        if client.partial.isEmpty && client.peer == nil, let end = unsafe Bytes.headEnd(bytes) {
            // A slice of the scratch buffer: as valid as `bytes`.
            unsafe forward(client, UnsafeRawBufferPointer(rebasing: bytes[..<end]))
            unsafe client.partial.append(contentsOf: bytes[end...])
        } else if client.partial.count + bytes.count > scratchSize {
            close(client)
        } else {
            unsafe client.partial.append(contentsOf: bytes)
            next(client)
        }
    }

    /// Forwards a head that arrived in pieces or behind another request.
    private mutating func next(_ client: Connection) {
        guard client.peer == nil, !client.closing, !client.partial.isEmpty else { return }
        let waiting = client.partial
        // Valid inside the closure, and not kept.
        unsafe waiting.withUnsafeBytes { bytes in
            guard let end = unsafe Bytes.headEnd(bytes) else { return }
            client.partial.removeFirst(end)
            unsafe forward(client, UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        }
    }

    private mutating func forward(_ client: Connection, _ head: UnsafeRawBufferPointer) {
        // A head is never longer than the scratch buffer, and `output` is longer than that.
        let end = head.count - 2  // without the empty line
        var length = end
        if let close = unsafe Bytes.find(Bytes.connectionClose, in: head) {
            client.closing = true
            // Copied without the field: what is before it, then what is after.
            let rest = close + Bytes.connectionClose.count - 2
            unsafe output.copyMemory(from: head.baseAddress!, byteCount: close)
            unsafe (output + close).copyMemory(from: head.baseAddress! + rest, byteCount: end - rest)
            length = close + end - rest
        } else {
            unsafe output.copyMemory(from: head.baseAddress!, byteCount: end)
        }
        requests &+= 1
        unsafe length += Bytes.writeFields(at: output + length, requestNumber: requests)

        let upstream = pool.popLast() ?? open(Sockets.connect(to: upstreamPort), .upstream)
        upstream.remaining = -1
        upstream.peer = client
        client.peer = upstream
        unsafe send(upstream, UnsafeRawBufferPointer(start: output, count: length))
    }

    // MARK: Responses

    private mutating func response(_ upstream: Connection, _ bytes: UnsafeRawBufferPointer) {
        guard let client = upstream.peer else {
            close(upstream)
            return
        }
        var bytes = unsafe bytes
        let length = bytes.count
        if upstream.remaining < 0 {
            guard upstream.partial.isEmpty, let end = unsafe Bytes.headEnd(bytes) else {
                Sockets.fail("a response head in pieces")  // the origin writes it in one piece
            }
            let head = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<end])
            guard let body = unsafe Bytes.contentLength(head) else { Sockets.fail("no Content-Length") }
            upstream.remaining = end + body
            if client.closing { unsafe bytes = withClose(bytes, headLength: end) }
        }
        upstream.remaining -= length
        let complete = upstream.remaining <= 0
        if complete {
            upstream.peer = nil
            client.peer = nil
            pool.append(upstream)
        }
        unsafe send(client, bytes)
        guard !client.closed else { return }
        if !client.outbox.isEmpty {
            if !complete { events.pauseReading(upstream.descriptor) }
        } else if complete {
            finished(client)
        }
    }

    /// The same bytes with `Connection: close` at the end of their head, in the output buffer.
    private func withClose(_ bytes: UnsafeRawBufferPointer, headLength: Int) -> UnsafeRawBufferPointer {
        let field = Bytes.connectionClose
        // `output` is longer than the scratch buffer by more than the field; the field's first line end is the head's.
        let before = headLength - 4
        unsafe output.copyMemory(from: bytes.baseAddress!, byteCount: before)
        unsafe (output + before).copyMemory(from: field.utf8Start, byteCount: field.count)
        let after = headLength - 2
        unsafe (output + before + field.count).copyMemory(
            from: bytes.baseAddress! + after, byteCount: bytes.count - after)
        return unsafe UnsafeRawBufferPointer(start: output, count: bytes.count + field.count - 2)
    }

    private mutating func finished(_ client: Connection) {
        if client.closing { close(client) } else { next(client) }
    }

    // MARK: Writing

    private mutating func send(_ connection: Connection, _ bytes: UnsafeRawBufferPointer) {
        var sent = 0
        if connection.outbox.isEmpty {
            // The caller's buffer outlives the call; the kernel copies.
            let count = unsafe write(connection.descriptor, bytes.baseAddress!, bytes.count)
            if count < 0 && errno != EAGAIN {
                close(connection)
                return
            }
            sent = max(count, 0)
        }
        if sent < bytes.count {
            unsafe connection.outbox.append(contentsOf: bytes[sent...])
            events.wantWritable(connection.descriptor, true)
        }
    }

    private mutating func flush(_ connection: Connection) {
        let count = unsafe connection.outbox.withUnsafeBytes { bytes in
            // Valid inside the closure; `sent` never passes the end.
            unsafe write(connection.descriptor, bytes.baseAddress! + connection.sent, bytes.count - connection.sent)
        }
        if count < 0 {
            if errno != EAGAIN { close(connection) }
            return
        }
        connection.sent += count
        guard connection.sent == connection.outbox.count else { return }
        connection.outbox.removeAll(keepingCapacity: true)
        connection.sent = 0
        events.wantWritable(connection.descriptor, false)
        guard connection.side == .downstream else { return }
        if let upstream = connection.peer {
            events.resumeReading(upstream.descriptor)
            readable(upstream)
        } else {
            finished(connection)
        }
    }
}
