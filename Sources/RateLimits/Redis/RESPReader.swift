/// Reads answers of Redis (RESP2) where they lie, in the bytes that came from the socket: it copies nothing and keeps
/// nothing. What is not there yet is asked for again when more has come, which for answers of a few hundred bytes is
/// cheaper than to remember how far one was.
///
/// Everything is bounded: lines, bulk strings, lists, depth. The server is ours, but what sits on its port may not be.
package struct RESPReader {
    package enum Value: Hashable, Sendable {
        case simple(Range<Int>)
        case error(Range<Int>)
        case integer(Int64)
        case bulk(Range<Int>)
        case null
        /// A list of so many values, which follow.
        case array(Int)
    }

    /// What is no answer of Redis, or more than was asked for. The connection is to be closed.
    package enum Fault: Error, Hashable, Sendable {
        case badType
        case badNumber
        case badLine
        case tooLong
        case tooDeep
        /// A right answer to something else.
        case unexpected
    }

    package struct Limits: Hashable, Sendable {
        package var line = 1_024
        package var bulk = 64 * 1024
        package var elements = 1_024
        package var depth = 4

        package init() {}
    }

    package let limits: Limits

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// The value at `position`, which then stands behind it; nil where it is not all there. Of a list that is its head.
    package func next(
        _ bytes: Span<UInt8>, at position: inout Int
    ) throws(Fault) -> Value? {
        guard position < bytes.count else { return nil }
        // The first byte says what it is, and is asked before more is waited for.
        switch bytes[position] {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "$"), UInt8(ascii: "*"): break
        default: throw .badType
        }
        guard let end = try lineEnd(bytes, from: position + 1) else { return nil }
        let line = position + 1..<end
        switch bytes[position] {
        case UInt8(ascii: "+"):
            position = end + 2
            return .simple(line)
        case UInt8(ascii: "-"):
            position = end + 2
            return .error(line)
        case UInt8(ascii: ":"):
            let value = try number(bytes, line)
            position = end + 2
            return .integer(value)
        case UInt8(ascii: "$"):
            let length = try number(bytes, line)
            if length == -1 {
                position = end + 2
                return .null
            }
            guard length >= 0 else { throw .badNumber }
            guard length <= limits.bulk else { throw .tooLong }
            let start = end + 2
            let stop = start + Int(length)
            guard bytes.count >= stop + 2 else { return nil }
            guard bytes[stop] == 0x0D, bytes[stop + 1] == 0x0A else { throw .badLine }
            position = stop + 2
            return .bulk(start..<stop)
        default:
            let count = try number(bytes, line)
            if count == -1 {
                position = end + 2
                return .null
            }
            guard count >= 0 else { throw .badNumber }
            guard count <= limits.elements else { throw .tooLong }
            position = end + 2
            return .array(Int(count))
        }
    }

    /// Where a whole answer ends that begins at `start`; nil where it is not all there.
    package func end(_ bytes: Span<UInt8>, from start: Int) throws(Fault) -> Int? {
        var position = start
        return try skip(bytes, &position, depth: 0) ? position : nil
    }

    private func skip(_ bytes: Span<UInt8>, _ position: inout Int, depth: Int) throws(Fault) -> Bool {
        guard depth <= limits.depth else { throw .tooDeep }
        guard let value = try next(bytes, at: &position) else { return false }
        guard case .array(let count) = value else { return true }
        for _ in 0..<count {
            guard try skip(bytes, &position, depth: depth + 1) else { return false }
        }
        return true
    }

    private func lineEnd(_ bytes: Span<UInt8>, from start: Int) throws(Fault) -> Int? {
        var position = start
        let last = min(bytes.count, start + limits.line + 2)
        while position < last {
            if bytes[position] == 0x0D {
                guard position + 1 < bytes.count else { return nil }
                guard bytes[position + 1] == 0x0A else { throw .badLine }
                return position
            }
            guard bytes[position] != 0x0A else { throw .badLine }
            position += 1
        }
        guard bytes.count < start + limits.line + 2 else { throw .tooLong }
        return nil
    }

    private func number(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(Fault) -> Int64 {
        var position = line.lowerBound
        let isNegative = position < line.upperBound && bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        // 18 digits cannot overflow.
        guard (1...18).contains(line.upperBound - position) else { throw .badNumber }
        var value: Int64 = 0
        while position < line.upperBound {
            let digit = bytes[position] &- 0x30
            guard digit < 10 else { throw .badNumber }
            value = value * 10 + Int64(digit)
            position += 1
        }
        return isNegative ? -value : value
    }
}
