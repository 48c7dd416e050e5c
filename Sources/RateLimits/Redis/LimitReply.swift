/// The answer of the limits' script, put back into the check that asked.
package enum LimitReply {
    /// What came.
    package enum Result: Hashable, Sendable {
        /// Not all of it is there yet.
        case incomplete
        /// The check has its outcomes; the answer ends here.
        case decided(end: Int)
        /// The server refuses; its answer ends here.
        case refused(Refusal, end: Int)
    }

    /// What the server may say instead of deciding, as far as it matters what one does then.
    package enum Refusal: String, Hashable, Sendable {
        /// The script is not loaded there (any more): load it and ask again.
        case noScript = "NOSCRIPT"
        /// The key lives on another server of the cluster.
        case moved = "MOVED"
        case ask = "ASK"
        case crossSlot = "CROSSSLOT"
        /// Not yet, or not any more, one to write to: try the next address.
        case loading = "LOADING"
        case readOnly = "READONLY"
        case masterDown = "MASTERDOWN"
        case clusterDown = "CLUSTERDOWN"
        case tryAgain = "TRYAGAIN"
        case busy = "BUSY"
        case outOfMemory = "OOM"
        case noAuthentication = "NOAUTH"
        case noPermission = "NOPERM"
        case other = ""

        /// Of the words of an error: the first says what kind it is.
        package init(_ text: Span<UInt8>) {
            var word: [UInt8] = []
            for index in text.indices {
                guard text[index] != 0x20 else { break }
                word.append(text[index])
            }
            self = Refusal(rawValue: String(decoding: word, as: UTF8.self)) ?? .other
        }
    }

    /// Reads the answer that begins at `start`. Nothing of the check is changed before all of it is there.
    ///
    /// - Parameter asked: for how many requests was asked.
    package static func read(
        _ bytes: Span<UInt8>, from start: Int, reader: RESPReader, asked: Int = 1, into check: LimitCheck
    ) throws(RESPReader.Fault) -> Result {
        guard let end = try reader.end(bytes, from: start) else { return .incomplete }
        var position = start
        switch try reader.next(bytes, at: &position) {
        case .error(let range): return .refused(Refusal(bytes.extracting(range)), end: end)
        case .array(let count):
            guard count == 1 + 4 * check.items.count else { throw .unexpected }
        default: throw .unexpected
        }
        let grants = Int(try integer(bytes, &position, reader, in: 0...Int64(asked)))
        let isAllowed = grants > 0
        for index in check.items.indices {
            let limit = check.items[index].limit
            let allows = try integer(bytes, &position, reader, in: 0...1) == 1
            let remaining = try integer(bytes, &position, reader, in: 0...Int64(RateLimit.maximum))
            let reset = try integer(bytes, &position, reader, in: 0...Int64.max)
            let wait = try integer(bytes, &position, reader, in: 0...longestWait)
            // The server says what it says; a refusal of a limit that is not in dry run must be one of the request.
            guard allows || limit.isDryRun || !isAllowed else { throw .unexpected }
            check.items[index].outcome = LimitOutcome(
                isAllowed: allows, remaining: Int(remaining), reset: reset, retryAfter: allows ? 0 : max(wait, 1))
        }
        check.isAllowed = isAllowed
        check.grants = grants
        return .decided(end: end)
    }

    /// Seconds: no bucket takes longer to fill.
    private static let longestWait: Int64 = 20 * 366 * 86_400

    private static func integer(
        _ bytes: Span<UInt8>, _ position: inout Int, _ reader: RESPReader, in range: ClosedRange<Int64>
    ) throws(RESPReader.Fault) -> Int64 {
        guard case .integer(let value) = try reader.next(bytes, at: &position), range.contains(value) else {
            throw .unexpected
        }
        return value
    }
}
