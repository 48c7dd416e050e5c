/// Reads response heads from an upstream, as strictly as requests: what an upstream gets wrong must not become another
/// message for the client. Interim responses (1xx) are given like any other head; the driver scans on.
///
/// The steps are those of `RequestScanner`, but that no empty line is skipped.
package struct ResponseScanner: Sendable {
    private enum Phase: UInt8 {
        /// Nothing received. Can transition to: statusLine.
        case idle
        /// Can transition to: fields, idle (by reset).
        case statusLine
        /// Can transition to: idle.
        case fields
    }

    private var phase = Phase.idle
    private var lines = LineReader()

    package init() {}

    /// Back to the start of a message.
    package mutating func reset() { self = ResponseScanner() }

    /// Nothing of a message has been received.
    package var isIdle: Bool { phase == .idle }

    package mutating func scan(
        _ input: Span<UInt8>, from offset: Int, into head: ResponseHead, limits: HeadLimits
    ) throws(WireError) -> RequestScanner.Outcome {
        var position = offset
        while position < input.count {
            if phase == .idle {
                head.removeAll()
                phase = .statusLine
            }
            let window = min(input.count &- position, LineReader.window)
            head.fields.arena.append(input.extracting(position..<position &+ window))
            position &+= window
            if try advance(head, limits) {
                let end = lines.lineStart
                let surplus = head.fields.arena.count &- end
                head.fields.arena.truncate(to: end)
                reset()
                head.parts.keepAlive = try head.fields.keepsAlive(minorVersion: head.parts.minorVersion)
                return .complete(consumed: position &- surplus &- offset)
            }
        }
        return .needMore
    }

    private mutating func advance(_ head: ResponseHead, _ limits: HeadLimits) throws(WireError) -> Bool {
        let block = head.fields
        if phase == .statusLine {
            // A response starts with `HTTP/`; saying so at once spares the wait for a line end that may never come.
            if block.arena.count > 0, unsafe block.arena.base[0] != UInt8(ascii: "H") { throw .badStatusLine }
            let limit = min(limits.requestLine, limits.head) + 2
            let end = try lines.next(in: block, limit: limit, orThrow: .statusLineTooLong)
            if end < 0 { return false }
            lines.move(behind: end)
            try Self.parseStatusLine(head, to: end)
            phase = .fields
        }
        return try lines.readFields(into: block, limits)
    }

    /// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 §4). The space before an absent reason may be
    /// absent too: many servers leave it out, and nothing else can be meant.
    private static func parseStatusLine(_ head: ResponseHead, to end: Int) throws(WireError) {
        let block = head.fields
        let line = block.bytes(ByteRange(0, end))
        guard line.count >= 12, Text.equals(line.extracting(..<5), "http/") else { throw .badStatusLine }
        guard line[0] == UInt8(ascii: "H"), line[1] == UInt8(ascii: "T"), line[2] == UInt8(ascii: "T"),
            line[3] == UInt8(ascii: "P"), ByteClass.isDigit(line[5]), line[6] == UInt8(ascii: "."),
            ByteClass.isDigit(line[7]), line[8] == 0x20
        else { throw .badStatusLine }
        guard line[5] == UInt8(ascii: "1"), line[7] <= UInt8(ascii: "1") else { throw .unsupportedVersion }
        var status = 0
        for index in 9..<12 {
            guard ByteClass.isDigit(line[index]) else { throw .badStatusLine }
            status = status * 10 + Int(line[index] - 0x30)
        }
        guard status >= 100, line.count == 12 || line[12] == 0x20 else { throw .badStatusLine }
        let reason = ByteRange(min(13, end), end)
        // The reason lies within the arena.
        try unsafe FieldLineParser.checkValue(block.arena.base, Int(reason.start), reason.end)
        head.parts = ResponseHead.Parts(
            status: status, minorVersion: line[7] - 0x30, keepAlive: false, reason: reason)
    }
}
