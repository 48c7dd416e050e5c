/// Finds a body in the bytes of its connection, for every kind of framing. It copies no payload: it says where in the
/// input payload stands, and the exchange forwards from there.
///
/// 1. The driver calls `next` with the bytes it has and an offset, which `next` moves over what it has used.
/// 2. Each call gives one event. On `needMore` all input is used; on `end` the offset stands behind the body, where a
///    pipelined message may start.
/// 3. Chunk extensions are skipped and forgotten (RFC 9112 §7.1.1). Trailers go into the block given with the call;
///    those that RFC 9110 §6.5.1 forbids are taken out again.
package struct BodyDecoder: Sendable {
    package enum Event: Sendable, Hashable {
        /// Payload: so many bytes, from this offset into the input.
        case payload(start: Int, count: Int)
        /// All input is used, and the body is not at its end.
        case needMore
        /// The body is complete. Given again if asked again.
        case end(consumedTo: Int)
    }

    private enum State: Sendable {
        /// So many bytes are left, more than none. Can transition to: length, complete.
        case length(Int)
        /// Can transition to: complete, by `endOfStream`.
        case untilClose
        /// In a chunk's size line. Can transition to: chunkData, trailers.
        case chunkSize(ChunkSizeParser)
        /// So many bytes of a chunk are left. Can transition to: chunkData, chunkEnd.
        case chunkData(Int)
        /// The CRLF behind a chunk's data; whether the CR has been seen. Can transition to: chunkEnd, chunkSize.
        case chunkEnd(seenCR: Bool)
        /// Behind the last chunk. Can transition to: complete.
        case trailers(LineReader)
        /// The end.
        case complete
    }

    private var state: State
    private let limits: HeadLimits

    /// - Parameter limits: for the trailer section.
    package init(_ framing: BodyFraming, limits: HeadLimits = HeadLimits()) {
        self.limits = limits
        switch framing {
        case .none: state = .complete
        case .length(let count): state = count > 0 ? .length(count) : .complete
        case .chunked: state = .chunkSize(ChunkSizeParser())
        case .untilClose: state = .untilClose
        }
    }

    /// The whole body, trailers included, has been read.
    package var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    /// The next event in `input` from `offset` on.
    ///
    /// - Parameter trailers: filled with the trailer fields of a chunked body; emptied when they begin.
    package mutating func next(
        _ input: Span<UInt8>, from offset: inout Int, trailers: HeaderBlock
    ) throws(WireError) -> Event {
        while true {
            let available = input.count - offset
            switch state {
            case .complete:
                return .end(consumedTo: offset)
            case .length(let left):
                guard available > 0 else { return .needMore }
                let count = min(left, available)
                state = left == count ? .complete : .length(left - count)
                return payload(count, &offset)
            case .untilClose:
                guard available > 0 else { return .needMore }
                return payload(available, &offset)
            case .chunkData(let left):
                guard available > 0 else { return .needMore }
                let count = min(left, available)
                state = left == count ? .chunkEnd(seenCR: false) : .chunkData(left - count)
                return payload(count, &offset)
            case .chunkEnd(let seenCR):
                guard available > 0 else { return .needMore }
                guard input[offset] == (seenCR ? 0x0A : 0x0D) else { throw .badChunkEnd }
                offset += 1
                state = seenCR ? .chunkSize(ChunkSizeParser()) : .chunkEnd(seenCR: true)
            case .chunkSize(var parser):
                let size = try parser.read(input, from: &offset)
                if size > 0 {
                    state = .chunkData(size)
                } else if size == 0 {
                    trailers.removeAll()
                    state = .trailers(LineReader())
                } else {
                    state = .chunkSize(parser)
                    return .needMore
                }
            case .trailers(var lines):
                guard available > 0 else { return .needMore }
                if try read(&lines, input, &offset, trailers) {
                    state = .complete
                    FieldRules.removeForbiddenTrailers(trailers)
                } else {
                    state = .trailers(lines)
                }
            }
        }
    }

    /// The peer has closed. That ends a body until close and is an error in every other that is not complete.
    package mutating func endOfStream() throws(WireError) {
        switch state {
        case .complete: return
        case .untilClose: state = .complete
        case .length, .chunkSize, .chunkData, .chunkEnd, .trailers: throw .truncatedBody
        }
    }

    private func payload(_ count: Int, _ offset: inout Int) -> Event {
        let start = offset
        offset += count
        return .payload(start: start, count: count)
    }

    /// One window of trailers, in the way of the head scanners. True at the section's end.
    private func read(
        _ lines: inout LineReader, _ input: Span<UInt8>, _ offset: inout Int, _ trailers: HeaderBlock
    ) throws(WireError) -> Bool {
        let window = min(input.count - offset, LineReader.window)
        trailers.arena.append(input.extracting(offset..<offset + window))
        offset += window
        guard try lines.readFields(into: trailers, limits) else { return false }
        offset -= trailers.arena.count - lines.lineStart
        trailers.arena.truncate(to: lines.lineStart)
        return true
    }
}
