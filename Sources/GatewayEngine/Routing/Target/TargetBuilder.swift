package import HTTPWire

/// A target that was built, or why it could not be.
package enum TargetOutcome: Sendable, Hashable {
    /// Where the target stands in the buffer, and how many bytes `strip_prefix` (or an empty `rewrite_prefix`) took from
    /// the front of the path: the end of what goes into `X-Forwarded-Prefix`.
    case built(ByteRange, removedPrefix: Int)
    case failed(TargetFailure)
}

package enum TargetFailure: UInt8, Sendable, CaseIterable {
    /// A parameter's value is `.` or `..`: as a segment it would lead somewhere else.
    case dotSegment
    /// A redirect has to name the host, and the request has none (HTTP/1.0).
    case missingHost

    package var label: StaticString {
        switch self {
        case .dotSegment: "target_dot_segment"
        case .missingHost: "target_missing_host"
        }
    }
}

/// Writes the target that is sent upstream: path and query.
package enum TargetBuilder {
    /// - Parameters:
    ///   - path: the path that was matched: normalised, the stage removed.
    ///   - query: the client's query without `?`; `hasQuery` tells an empty one from none.
    ///   - scratch: as the match of this path left it.
    ///   - buffer: takes the target, behind what it holds. None of the spans may lie in it: growing moves its bytes.
    package static func build(
        _ plan: TargetPlan, path: Span<UInt8>, query: Span<UInt8>, hasQuery: Bool, scratch: MatchScratch,
        into buffer: WireBuffer
    ) -> TargetOutcome {
        let start = buffer.count
        let base = plan.base
        if !base.isEmpty { buffer.append(base.span) }
        let removed = appendPath(plan, path: path, scratch: scratch, into: buffer)
        guard removed >= 0 else {
            buffer.truncate(to: start)
            return .failed(.dotSegment)
        }
        let own = plan.query
        appendQuery(own: own.span, query: query, hasQuery: hasQuery, into: buffer)
        return .built(range(from: start, in: buffer), removedPrefix: removed)
    }

    /// Appends the edited path, which always begins with a slash. How many bytes were taken from the front of `path`, or
    /// -1 when a value is a dot segment.
    static func appendPath(
        _ plan: TargetPlan, path: Span<UInt8>, scratch: MatchScratch, into buffer: WireBuffer
    ) -> Int {
        switch plan.edit {
        case .none:
            buffer.append(path)
            return 0
        case .strip(let prefix):
            let end = end(of: prefix, in: path, scratch: scratch)
            if end == path.count { buffer.append("/") } else { buffer.append(path.extracting(end..<path.count)) }
            return end
        case .template(let pieces):
            return append(pieces, path: path, scratch: scratch, into: buffer) ? 0 : -1
        case .replacePrefix(let segments, let pieces):
            let end = end(ofSegments: segments, in: path)
            let start = buffer.count
            if !pieces.isEmpty, !append(pieces, path: path, scratch: scratch, into: buffer) { return -1 }
            buffer.append(path.extracting(end..<path.count))
            if buffer.count == start { buffer.append("/") }
            return pieces.isEmpty ? end : 0
        }
    }

    /// The target's own query, `&`, the client's bytes; a lone `?` is kept.
    static func appendQuery(own: Span<UInt8>, query: Span<UInt8>, hasQuery: Bool, into buffer: WireBuffer) {
        guard hasQuery || own.count > 0 else { return }
        buffer.append(byte: UInt8(ascii: "?"))
        buffer.append(own)
        if own.count > 0, query.count > 0 { buffer.append(byte: UInt8(ascii: "&")) }
        buffer.append(query)
    }

    static func range(from start: Int, in buffer: WireBuffer) -> ByteRange {
        ByteRange(start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: buffer.count - start))
    }

    /// Appends a template that makes a path.
    private static func append(
        _ pieces: [TargetPlan.Piece], path: Span<UInt8>, scratch: MatchScratch, into buffer: WireBuffer
    ) -> Bool {
        let start = buffer.count
        for index in pieces.indices {
            switch pieces[index] {
            case .literal(let bytes):
                if index == 0, bytes[0] != UInt8(ascii: "/") { buffer.append(byte: UInt8(ascii: "/")) }
                buffer.append(bytes.span)
            case .segment(let parameter):
                if index == 0 { buffer.append(byte: UInt8(ascii: "/")) }
                guard appendSegment(value(parameter, path, scratch), into: buffer) else { return false }
            case .rest(let parameter):
                if index == 0 { buffer.append(byte: UInt8(ascii: "/")) }
                // Normalised and cut at slashes: it can hold no dot segment.
                buffer.append(value(parameter, path, scratch))
            }
        }
        if buffer.count == start { buffer.append(byte: UInt8(ascii: "/")) }
        return !hasDotSegment(buffer, from: start)
    }

    /// Whether literal text and values have come together as one: `/.{x}` with an empty group of an expression.
    private static func hasDotSegment(_ buffer: WireBuffer, from start: Int) -> Bool {
        let bytes = buffer.span
        for index in start..<bytes.count where bytes[index] == UInt8(ascii: "/") {
            var end = index + 1
            while end < bytes.count, bytes[end] == UInt8(ascii: "."), end < index + 4 { end += 1 }
            let dots = end - index - 1
            if dots == 1 || dots == 2, end == bytes.count || bytes[end] == UInt8(ascii: "/") { return true }
        }
        return false
    }

    /// Appends a value as one segment. It stands in a normalised path, so all that needs an escape has one, but for the
    /// slashes that a group of a regular expression may have caught.
    private static func appendSegment(_ value: Span<UInt8>, into buffer: WireBuffer) -> Bool {
        if isDotSegment(value) { return false }
        var start = 0
        for index in 0..<value.count where value[index] == UInt8(ascii: "/") {
            buffer.append(value.extracting(start..<index))
            buffer.append("%2F")
            start = index + 1
        }
        buffer.append(value.extracting(start..<value.count))
        return true
    }

    private static func isDotSegment(_ value: Span<UInt8>) -> Bool {
        switch value.count {
        case 1: value[0] == UInt8(ascii: ".")
        case 2: value[0] == UInt8(ascii: ".") && value[1] == UInt8(ascii: ".")
        default: false
        }
    }

    @_lifetime(copy path)
    private static func value(_ parameter: Int, _ path: Span<UInt8>, _ scratch: MatchScratch) -> Span<UInt8> {
        let range = scratch.parameter(parameter)
        return path.extracting(Int(range.start)..<range.end)
    }

    /// Where the prefix ends in the path; 0 when the path does not begin with it, or only in the middle of a segment.
    private static func end(of prefix: [TargetPlan.Piece], in path: Span<UInt8>, scratch: MatchScratch) -> Int {
        var end = 0
        for index in prefix.indices {
            switch prefix[index] {
            case .literal(let bytes):
                guard Bytes.has(path, at: end, bytes.span) else { return 0 }
                end += bytes.count
            case .segment(let parameter), .rest(let parameter):
                let value = value(parameter, path, scratch)
                guard Bytes.has(path, at: end, value) else { return 0 }
                end += value.count
            }
        }
        return end == path.count || path[end] == UInt8(ascii: "/") ? end : 0
    }

    /// The offset of the slash behind the first `count` segments, or the end of the path.
    private static func end(ofSegments count: Int, in path: Span<UInt8>) -> Int {
        var left = count
        var index = 0
        while index < path.count {
            if path[index] == UInt8(ascii: "/") {
                if left == 0 { return index }
                left -= 1
            }
            index += 1
        }
        return path.count
    }
}
