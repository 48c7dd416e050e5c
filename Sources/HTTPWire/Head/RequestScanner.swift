/// Reads request heads from a stream of bytes, strictly by RFC 9112.
///
/// 1. Input is copied into the head's arena in windows; the driver keeps nothing for a head that arrives in pieces.
/// 2. Each complete line is parsed where it lies: first the request line, then the fields.
/// 3. At the empty line what follows from the fields is settled: host, persistence, expectation.
///
/// The scanner empties the head before the first byte of a message and is ready for the next one (a pipelined request,
/// say) when it has completed one. After an error it has lost its place in the stream; `reset()` is for another
/// connection.
///
/// Framing is not settled here but by `Framing.ofRequest`, because a response's depends on more than its head.
package struct RequestScanner: Sendable {
    /// What came of the bytes given.
    package enum Outcome: Sendable, Hashable {
        /// All of them belong to a head that is not complete.
        case needMore
        /// The head is complete, and this many of them, counted from `offset`, belong to it.
        case complete(consumed: Int)
    }

    private enum Phase: UInt8 {
        /// Nothing received. Can transition to: requestLine.
        case idle
        /// Can transition to: fields, idle (by reset).
        case requestLine
        /// Can transition to: idle.
        case fields
    }

    private var phase = Phase.idle
    private var skippedEmptyLine = false
    private var lines = LineReader()

    package init() {}

    /// Back to the start of a message.
    package mutating func reset() { self = RequestScanner() }

    /// Nothing of a message has been received; so an end of the stream here is no error.
    package var isIdle: Bool { phase == .idle }

    package mutating func scan(
        _ input: Span<UInt8>, from offset: Int, into head: RequestHead, limits: HeadLimits
    ) throws(WireError) -> Outcome {
        var position = offset
        while position < input.count {
            if phase == .idle {
                head.removeAll()
                phase = .requestLine
            }
            let window = min(input.count &- position, LineReader.window)
            head.fields.arena.append(input.extracting(position..<position &+ window))
            position &+= window
            if try advance(head, limits) {
                let end = lines.lineStart
                let surplus = head.fields.arena.count &- end
                head.fields.arena.truncate(to: end)
                reset()
                try head.settle()
                return .complete(consumed: position &- surplus &- offset)
            }
        }
        return .needMore
    }

    /// Parses the lines that are complete; true when the empty line was among them.
    private mutating func advance(_ head: RequestHead, _ limits: HeadLimits) throws(WireError) -> Bool {
        let block = head.fields
        if phase == .requestLine {
            while try !readRequestLine(head, limits) {
                // Either the line is not complete, or it was the one empty line that may precede it.
                if lines.searched == block.arena.count { return false }
            }
            phase = .fields
        }
        return try lines.readFields(into: block, limits)
    }

    /// True when the request line was there and is good.
    private mutating func readRequestLine(_ head: RequestHead, _ limits: HeadLimits) throws(WireError) -> Bool {
        let block = head.fields
        let lineStart = lines.lineStart
        // A request can only start with a token byte, or with the empty line that is forgiven. Said at once, this ends
        // a connection that speaks another protocol before it could fill the whole limit.
        if lineStart < block.arena.count {
            // Within the arena, as just tested.
            let first = unsafe block.arena.base[lineStart]
            if ByteClass.of(first) & ByteClass.token == 0 && first != 0x0D && first != 0x0A { throw .badMethod }
        }
        let limit = lineStart + min(limits.requestLine, limits.head) + 2
        let end = try lines.next(in: block, limit: limit, orThrow: .requestLineTooLong)
        if end < 0 { return false }
        lines.move(behind: end)
        if end == lineStart && !skippedEmptyLine {
            // RFC 9112 §2.2: one empty line before a request is forgiven.
            skippedEmptyLine = true
            return false
        }
        try RequestLineParser.parse(head, from: lineStart, to: end)
        return true
    }
}
