/// A client that sends exactly the bytes it is told to, at the pace it is told to, and reads by the strict rules.
public final class RawClient: @unchecked Sendable {
    private let socket: Socket
    private let reader: MessageReader

    /// Connects to 127.0.0.1.
    ///
    /// - Parameter receiveBuffer: SO_RCVBUF: a small one makes a slow reader felt early.
    public init(port: UInt16, receiveBuffer: Int? = nil) throws {
        socket = try Socket.connect(port: port, receiveBuffer: receiveBuffer, within: Patience.standard)
        reader = MessageReader(socket)
    }

    /// Connects to a socket in the file system.
    public init(path: String) throws {
        socket = try Socket.connect(path: path)
        reader = MessageReader(socket)
    }

    deinit { socket.close() }

    /// The port of this end, as the gateway's peer address shows it.
    public var localPort: UInt16 { socket.localPort }

    /// One request on a connection of its own.
    public static func exchange(port: UInt16, _ request: String, method: String = "GET") throws -> StrictResponse {
        let client = try RawClient(port: port)
        try client.send(request)
        return try client.readResponse(to: method)
    }

    // MARK: Sending

    /// Sends bytes in as few packets as the system likes.
    public func send(_ bytes: [UInt8]) throws { try socket.send(bytes, within: Patience.standard) }

    public func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends each byte by itself, so that the gateway meets the message in every state of its parser.
    public func sendByteByByte(_ text: String) throws {
        for byte in text.utf8 { try send([byte]) }
    }

    /// Sends until the gateway takes no more, or `limit` bytes are gone.
    ///
    /// - Parameter quiet: how long the socket must stay full to count as blocked.
    /// - Returns: the bytes sent, always a prefix of `pattern` repeated.
    public func sendUntilBlocked(
        _ pattern: [UInt8], limit: Int, quiet: Duration = .milliseconds(400)
    ) throws -> Int {
        try socket.sendUntilBlocked(pattern, limit: limit, quiet: quiet)
    }

    /// Bounds what the system takes off the client's hands before the gateway reads.
    public func setSendBuffer(_ bytes: Int) { socket.setSendBuffer(bytes) }

    /// Sends FIN; reading goes on.
    public func finishSending() { socket.finishSending() }

    /// Ends the connection with RST.
    public func reset() { socket.reset() }

    public func close() { socket.close() }

    // MARK: Reading

    /// How long reading waits; `Patience.standard` unless it is set.
    public var patience: Duration {
        get { reader.source.patience }
        set { reader.source.patience = newValue }
    }

    /// The next final response, its body and trailers, and the 1xx responses before it.
    public func readResponse(to method: String = "GET") throws -> StrictResponse {
        var response = try readHead(to: method)
        response.body = try reader.wholeBody()
        response.trailers = reader.trailers
        response.chunkSizes = reader.chunkSizes
        return response
    }

    /// The head of the next final response, and the 1xx responses before it.
    public func readHead(to method: String = "GET") throws -> StrictResponse {
        var informational: [StrictResponse] = []
        while true {
            var head = try readAnyHead(to: method)
            if head.status >= 200 {
                head.informational = informational
                return head
            }
            informational.append(head)
        }
    }

    /// The next head, 1xx or final.
    public func readAnyHead(to method: String = "GET") throws -> StrictResponse {
        guard let head = try reader.responseHead(to: method) else {
            throw KitFailure(.closed, "the gateway closed where a response was due")
        }
        return head
    }

    /// The next bytes of the body; nil at its end.
    public func readPiece() throws -> [UInt8]? { try reader.piece() }

    /// Bytes of the body until they are at least as many as asked for, which must not be more than are to come.
    public func readBody(atLeast count: Int) throws -> [UInt8] {
        var body: [UInt8] = []
        while body.count < count {
            guard let bytes = try reader.piece() else {
                throw KitFailure(.closed, "the body ended after \(body.count) of \(count) bytes")
            }
            body += bytes
        }
        return body
    }

    /// The trailers of the body that was read last.
    public var trailers: FieldList { reader.trailers }

    /// So many bytes, whatever they are: what follows a 101.
    public func readRaw(_ count: Int) throws -> [UInt8] { try reader.source.exactly(count) }

    /// Everything up to the end of the connection, whatever it is.
    public func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            while true {
                let piece = try reader.source.piece(atMost: 1 << 20)
                if piece.isEmpty { return bytes }
                bytes += piece
            }
        } catch let failure as KitFailure where failure.kind == .reset {
            return bytes
        }
    }

    /// Whether bytes or the end come within a while: for clients that go on until they are stopped.
    public func hasInput(within limit: Duration) throws -> Bool {
        if reader.source.hasBuffered { return true }
        return try socket.poll(readable, until: Deadline(after: limit))
    }

    /// Waits for the gateway to close the connection without another byte.
    ///
    /// - Returns: `closed` for FIN, `reset` for RST.
    /// - Throws: `KitFailure` when a byte comes, or patience ends.
    @discardableResult
    public func expectClosed() throws -> KitFailure.Kind {
        do {
            let bytes = try reader.source.piece(atMost: 65_536)
            guard bytes.isEmpty else {
                throw KitFailure(.violation, "bytes came where the end was due: \"\(printable(bytes))\"")
            }
            return .closed
        } catch let failure as KitFailure where failure.kind == .reset {
            return .reset
        }
    }
}
