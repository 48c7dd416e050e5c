/// One connection of a gateway to a `ScriptedUpstream`, in the hands of the script that plays the origin.
///
/// Used by one thread at a time: the script's. Every method that waits throws `KitFailure` when its patience ends, and
/// a script need not catch it: the upstream keeps it for the test to see.
public final class UpstreamConnection: @unchecked Sendable {
    /// Counted from 0 in the order of arrival.
    public let number: Int
    private let socket: Socket
    private let reader: MessageReader
    private unowned let upstream: ScriptedUpstream
    private var current: StrictRequest?

    init(number: Int, socket: Socket, upstream: ScriptedUpstream) {
        self.number = number
        self.socket = socket
        self.upstream = upstream
        reader = MessageReader(socket)
    }

    // MARK: Reading

    /// The next request's head; the body is then read with `readPiece`.
    ///
    /// - Returns: nil when the gateway closed the connection between two requests.
    public func readHead() throws -> StrictRequest? {
        // An idle connection may wait for long: it is the gateway that decides when to close it.
        reader.source.patience = .seconds(3600)
        defer { reader.source.patience = Patience.standard }
        guard try reader.source.fill() else { return nil }
        reader.source.patience = Patience.standard
        current = try reader.requestHead()
        if let current {
            upstream.note(head: current)
            if current.framing == .none || current.framing == .length(0) { upstream.note(request: current) }
        }
        return current
    }

    /// The next bytes of the request's body; nil at its end, when the request counts as complete.
    public func readPiece() throws -> [UInt8]? {
        guard let framing = current?.framing, framing != .none, framing != .length(0) else { return nil }
        if let bytes = try reader.piece() {
            current?.body += bytes
            if case .length(let length) = framing, current?.body.count == length { finish() }
            return bytes
        }
        current?.trailers = reader.trailers
        current?.chunkSizes = reader.chunkSizes
        current?.chunkExtensions = reader.chunkExtensions
        finish()
        return nil
    }

    /// The rest of the request's body.
    @discardableResult
    public func readBody() throws -> [UInt8] {
        var body: [UInt8] = []
        while let bytes = try readPiece() { body += bytes }
        return body
    }

    /// The next request, body included.
    ///
    /// - Returns: nil when the gateway closed the connection between two requests.
    public func readRequest() throws -> StrictRequest? {
        guard var request = try readHead() else { return nil }
        request.body = try readBody()
        request.trailers = reader.trailers
        request.chunkSizes = reader.chunkSizes
        request.chunkExtensions = reader.chunkExtensions
        return request
    }

    /// So many bytes, whatever they are: what follows a 101.
    public func readRaw(_ count: Int) throws -> [UInt8] { try reader.source.exactly(count) }

    private func finish() {
        if let request = current { upstream.note(request: request) }
        current = nil
    }

    /// Waits until the gateway ends the connection; bytes that come before are thrown away.
    ///
    /// - Returns: `closed` for FIN, `reset` for RST.
    @discardableResult
    public func waitForClose(within limit: Duration = Patience.standard) throws -> KitFailure.Kind {
        reader.source.patience = limit
        defer { reader.source.patience = Patience.standard }
        do {
            while !(try reader.source.piece(atMost: 65_536).isEmpty) {}
            return .closed
        } catch let failure as KitFailure where failure.kind == .reset {
            return .reset
        }
    }

    // MARK: Writing

    /// Sends bytes as they are.
    public func send(_ bytes: [UInt8]) throws { try socket.send(bytes, within: Patience.standard) }

    /// Sends text as it is.
    public func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends until the peer takes no more, or `limit` bytes are gone.
    ///
    /// - Parameter quiet: how long the socket must stay full to count as blocked.
    /// - Returns: the bytes sent, always a prefix of `pattern` repeated.
    public func sendUntilBlocked(
        _ pattern: [UInt8], limit: Int, quiet: Duration = .milliseconds(400)
    ) throws -> Int {
        try socket.sendUntilBlocked(pattern, limit: limit, quiet: quiet)
    }

    /// A whole response with Content-Length.
    public func respond(_ status: Int = 200, fields: String = "", body: String = "") throws {
        try respond(status, fields: fields, body: Array(body.utf8))
    }

    /// A whole response with Content-Length.
    ///
    /// - Parameter fields: further lines, each ended by CRLF.
    public func respond(_ status: Int = 200, fields: String = "", body: [UInt8]) throws {
        let head = "HTTP/1.1 \(status) Status\r\n\(fields)Content-Length: \(body.count)\r\n\r\n"
        try send(Array(head.utf8) + body)
    }

    /// One chunk of a chunked body.
    public func sendChunk(_ bytes: [UInt8]) throws {
        try send(Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [13, 10])
    }

    public func sendChunk(_ text: String) throws { try sendChunk(Array(text.utf8)) }

    // MARK: Ending

    /// Sends FIN; reading goes on.
    public func finishSending() { socket.finishSending() }

    /// Closes both ways.
    public func close() { socket.close() }

    /// Ends the connection with RST.
    public func reset() { socket.reset() }

    public var isClosed: Bool { socket.isClosed }
}

extension Socket {
    func sendUntilBlocked(_ pattern: [UInt8], limit: Int, quiet: Duration) throws -> Int {
        var total = 0
        while total < limit {
            let start = total % pattern.count
            let slice = pattern[start..<min(pattern.count, start + limit - total)]
            let sent = try sendSome(slice)
            total += sent
            if sent == 0, !(try poll(writable, until: Deadline(after: quiet))) { break }
        }
        return total
    }
}
