package import HTTPWire

/// What became of a path.
package enum NormalizedPath: Sendable, Hashable {
    /// Already in normal form: use the bytes as they came.
    case unchanged(PathFeatures)
    /// The normal form stands in the buffer that was given.
    case rewritten(ByteRange, PathFeatures)
    case rejected(PathRejection)
}

/// The one truth about a path: what is matched, limited, authorised, logged and forwarded is what comes out of here.
///
/// 1. `%xx` gets upper-case digits, and unreserved characters lose their escape (RFC 3986 §6.2.2.1, §6.2.2.2).
/// 2. Dot segments are then removed as in RFC 3986 §5.2.4, never above the root; what ended in one ends in a slash.
/// 3. Nothing is decoded twice: `%252e` stays as it is.
/// 4. What servers read differently is noted as `PathFeatures`, for the policy of the listener or route to judge. Two
///    things no policy allows, because they only ever serve to get around a gateway: `..;x`, and dot segments between
///    encoded slashes or backslashes (`/public%2F..%2Fadmin`).
///
/// The result is a fixed point: normalising it again changes nothing. Nearly every path is in normal form already, and
/// one pass over it finds that out without writing a byte.
package enum PathNormalizer {
    /// `path` without query. `buffer` takes the normal form when it differs, behind what it holds already; `path` must
    /// not lie in `buffer`, since growing it moves its bytes.
    package static func normalize(_ path: Span<UInt8>, into buffer: WireBuffer) -> NormalizedPath {
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { return .rejected(.notAbsolute) }
        var features: PathFeatures = []
        var index = 0
        while index < path.count {
            let byte = path[index]
            guard PathBytes.isNotable(byte) else {
                index &+= 1
                continue
            }
            switch byte {
            case UInt8(ascii: "/"):
                if mayBeDotSegment(path, at: index &+ 1) { return rewrite(path, into: buffer) }
                if index &+ 1 < path.count, path[index &+ 1] == UInt8(ascii: "/") { features.insert(.emptySegments) }
                index &+= 1
            case UInt8(ascii: ";"):
                features.insert(.semicolon)
                index &+= 1
            case UInt8(ascii: "%"):
                guard isPlainEscape(path, at: index) else { return rewrite(path, into: buffer) }
                index &+= 3
            case UInt8(ascii: "\\"):
                return rewrite(path, into: buffer)
            default:
                return .rejected(.badByte)
            }
        }
        return .unchanged(features)
    }

    /// Whether the segment that starts here needs a closer look: all that begins with a dot, but for names such as
    /// `.well-known`.
    @inline(__always)
    private static func mayBeDotSegment(_ path: Span<UInt8>, at start: Int) -> Bool {
        guard start < path.count, path[start] == UInt8(ascii: ".") else { return false }
        guard start &+ 1 < path.count else { return true }
        let next = path[start &+ 1]
        return PathBytes.isNotable(next) || next == UInt8(ascii: ".")
    }

    /// An escape that stays as it is and means nothing special: upper-case digits, not unreserved, no slash, no
    /// backslash, no null.
    @inline(__always)
    private static func isPlainEscape(_ path: Span<UInt8>, at index: Int) -> Bool {
        guard index &+ 2 < path.count else { return false }
        let first = path[index &+ 1]
        let second = path[index &+ 2]
        let high = PathBytes.hexValue(first)
        let low = PathBytes.hexValue(second)
        guard high < 16, low < 16, first < 0x61, second < 0x61 else { return false }
        let value = high &<< 4 | low
        return !PathBytes.isUnreserved(value) && value != 0x2F && value != 0x5C && value != 0
    }

    // MARK: - The slow way

    /// Writes the normal form segment by segment. A dot segment is written first and taken back, with the segment
    /// before it, once it is known to be one; each byte is written and taken back once at most, so the cost is linear.
    private static func rewrite(_ path: Span<UInt8>, into buffer: WireBuffer) -> NormalizedPath {
        let base = buffer.count
        var features: PathFeatures = []
        var index = 1
        while true {
            let slash = buffer.count
            buffer.append(byte: UInt8(ascii: "/"))
            let start = index
            if let reason = appendSegment(path, &index, into: buffer, &features) {
                buffer.truncate(to: base)
                return .rejected(reason)
            }
            let isLast = index >= path.count
            if index == start, !isLast { features.insert(.emptySegments) }
            let dots = dotCount(buffer, from: slash &+ 1)
            if dots > 0 {
                buffer.truncate(to: slash)
                if dots == 2 { removeLastSegment(buffer, downTo: base) }
                if isLast { buffer.append(byte: UInt8(ascii: "/")) }
            }
            if isLast { break }
            index &+= 1
        }
        let range = ByteRange(
            start: UInt32(truncatingIfNeeded: base), count: UInt32(truncatingIfNeeded: buffer.count - base))
        guard Bytes.equal(buffer.slice(range), path) else { return .rewritten(range, features) }
        buffer.truncate(to: base)
        return .unchanged(features)
    }

    /// Appends one segment and stops at its slash or at the end. A *piece* is what a server would take for a segment if
    /// it decoded first, or took backslashes for slashes.
    private static func appendSegment(
        _ path: Span<UInt8>, _ index: inout Int, into buffer: WireBuffer, _ features: inout PathFeatures
    ) -> PathRejection? {
        var piece = buffer.count
        var hasPieces = false
        while index < path.count {
            let byte = path[index]
            switch byte {
            case UInt8(ascii: "/"):
                return hasPieces && dotCount(buffer, from: piece) > 0 ? .hiddenDotSegment : nil
            case UInt8(ascii: "\\"):
                features.insert(.backslash)
                if dotCount(buffer, from: piece) > 0 { return .hiddenDotSegment }
                buffer.append(byte: byte)
                index &+= 1
                piece = buffer.count
                hasPieces = true
            case UInt8(ascii: ";"):
                features.insert(.semicolon)
                if dotCount(buffer, from: piece) > 0 { return .dotSegmentParameters }
                buffer.append(byte: byte)
                index &+= 1
            case UInt8(ascii: "%"):
                guard index &+ 2 < path.count else { return .badEscape }
                let high = PathBytes.hexValue(path[index &+ 1])
                let low = PathBytes.hexValue(path[index &+ 2])
                guard high < 16, low < 16 else { return .badEscape }
                index &+= 3
                let value = high &<< 4 | low
                if PathBytes.isUnreserved(value) {
                    buffer.append(byte: value)
                    continue
                }
                let isSeparator = value == 0x2F || value == 0x5C
                if isSeparator, dotCount(buffer, from: piece) > 0 { return .hiddenDotSegment }
                buffer.append(byte: byte)
                buffer.append(byte: PathBytes.hexDigit(high))
                buffer.append(byte: PathBytes.hexDigit(low))
                if value == 0 { features.insert(.encodedNull) }
                guard isSeparator else { continue }
                features.insert(value == 0x2F ? .encodedSlash : .encodedBackslash)
                piece = buffer.count
                hasPieces = true
            default:
                guard PathBytes.isVisible(byte) else { return .badByte }
                buffer.append(byte: byte)
                index &+= 1
            }
        }
        return hasPieces && dotCount(buffer, from: piece) > 0 ? .hiddenDotSegment : nil
    }

    /// 1 when the bytes from `start` to the end are `.`, 2 when they are `..`, else 0.
    private static func dotCount(_ buffer: WireBuffer, from start: Int) -> Int {
        let bytes = buffer.span
        let count = bytes.count - start
        guard count == 1 || count == 2, bytes[start] == UInt8(ascii: ".") else { return 0 }
        return count == 1 || bytes[start + 1] == UInt8(ascii: ".") ? count : 0
    }

    private static func removeLastSegment(_ buffer: WireBuffer, downTo base: Int) {
        let bytes = buffer.span
        var end = bytes.count
        while end > base {
            end -= 1
            if bytes[end] == UInt8(ascii: "/") { break }
        }
        buffer.truncate(to: end)
    }
}
