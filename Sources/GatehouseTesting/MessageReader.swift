/// Reads HTTP/1.1 messages off a connection, one after the other, by `StrictRules`.
///
/// 1. `requestHead()` or `responseHead(to:)` reads a head and so learns how the body is delimited;
/// 2. `piece()` gives the body as it comes, nil at its end;
/// 3. then `trailers` are complete and the next head may be read.
final class MessageReader {
    let source: ByteSource
    private(set) var trailers = FieldList()
    private(set) var chunkSizes: [Int] = []
    private(set) var chunkExtensions: [String] = []
    private var rest = Rest.nothing

    /// What is left of the body under way.
    private enum Rest {
        case nothing
        case bytes(Int)
        case chunkHead
        case chunk(Int)
        case untilClose
    }

    init(_ socket: Socket) { source = ByteSource(socket) }

    /// - Returns: nil when the peer closed between two messages.
    func requestHead() throws -> StrictRequest? {
        source.startRecording()
        guard let line = try source.line("a request line") else { return nil }
        let (method, target, version) = try StrictRules.requestLine(line)
        let fields = try fieldSection("a request head")
        try StrictRules.checkHost(fields)
        let framing = try StrictRules.framing(ofRequest: fields)
        begin(framing)
        return StrictRequest(
            method: method, target: target, version: version, fields: fields, framing: framing,
            rawHead: source.stopRecording())
    }

    /// - Returns: nil when the peer closed between two messages.
    func responseHead(to method: String) throws -> StrictResponse? {
        source.startRecording()
        guard let line = try source.line("a status line") else { return nil }
        let (version, status, reason) = try StrictRules.statusLine(line)
        let fields = try fieldSection("a response head")
        let framing = try StrictRules.framing(ofResponse: status, to: method, fields)
        begin(framing)
        return StrictResponse(
            version: version, status: status, reason: reason, fields: fields, framing: framing,
            rawHead: source.stopRecording())
    }

    /// The next bytes of the body, as few or many as are there; nil at its end.
    ///
    /// - Throws: `KitFailure` of kind `closed` or `reset` when the body is cut short.
    func piece() throws -> [UInt8]? {
        while true {
            switch rest {
            case .nothing: return nil
            case .bytes(let left):
                let bytes = try bodyBytes(atMost: left)
                rest = bytes.count == left ? .nothing : .bytes(left - bytes.count)
                return bytes
            case .chunkHead:
                guard let line = try source.line("a chunk size") else {
                    throw KitFailure(.closed, "the peer closed before a chunk")
                }
                let (size, extensions) = try StrictRules.chunkLine(line)
                chunkSizes.append(size)
                if !extensions.isEmpty { chunkExtensions.append(extensions) }
                guard size > 0 else {
                    trailers = try trailerSection()
                    rest = .nothing
                    return nil
                }
                rest = .chunk(size)
            case .chunk(let left):
                let bytes = try bodyBytes(atMost: left)
                rest = .chunk(left - bytes.count)
                if bytes.count == left {
                    guard let line = try source.line("the end of a chunk") else {
                        throw KitFailure(.closed, "the peer closed behind a chunk's bytes")
                    }
                    guard line.isEmpty else { throw violation("bytes behind a chunk", line) }
                    rest = .chunkHead
                }
                return bytes
            case .untilClose:
                let bytes = try source.piece(atMost: .max >> 1)
                guard bytes.isEmpty else { return bytes }
                rest = .nothing
            }
        }
    }

    /// The rest of the body.
    func wholeBody() throws -> [UInt8] {
        var body: [UInt8] = []
        while let bytes = try piece() { body += bytes }
        return body
    }

    private func begin(_ framing: BodyFraming) {
        trailers = FieldList()
        chunkSizes = []
        chunkExtensions = []
        switch framing {
        case .none, .length(0): rest = .nothing
        case .length(let count): rest = .bytes(count)
        case .chunked: rest = .chunkHead
        case .untilClose: rest = .untilClose
        }
    }

    private func bodyBytes(atMost count: Int) throws -> [UInt8] {
        let bytes = try source.piece(atMost: count)
        guard !bytes.isEmpty else { throw KitFailure(.closed, "the peer closed with \(count) bytes of the body due") }
        return bytes
    }

    private func fieldSection(_ what: String) throws -> FieldList {
        var fields: [FieldList.Field] = []
        while true {
            guard let line = try source.line(what) else { throw KitFailure(.closed, "the peer closed in \(what)") }
            if line.isEmpty { return FieldList(fields) }
            fields.append(try StrictRules.field(line, in: what))
        }
    }

    private func trailerSection() throws -> FieldList {
        let fields = try fieldSection("a trailer section")
        for name in ["content-length", "transfer-encoding", "host", "trailer", "connection", "te"]
        where fields.contains(name) {
            throw violation("\(name) in a trailer section")
        }
        return fields
    }
}
