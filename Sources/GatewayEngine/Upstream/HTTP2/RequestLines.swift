/// Takes a request's head apart that the gateway has written in the form of HTTP/1: method, target, and each field's name
/// and value, as ranges of its bytes.
struct RequestLines {
    private(set) var method: Range<Int>
    private(set) var target: Range<Int>
    /// Lines, the request line and the empty one included: no fewer than fields.
    private(set) var count = 0
    private var position = 0

    init(_ head: Span<UInt8>) {
        for index in head.indices where head[index] == 0x0A { count += 1 }
        method = 0..<RequestLines.find(0x20, in: head, from: 0)
        let start = min(method.upperBound + 1, head.count)
        target = start..<RequestLines.find(0x20, in: head, from: start)
        position = RequestLines.find(0x0A, in: head, from: target.upperBound) + 1
    }

    mutating func next(_ head: Span<UInt8>) -> (name: Range<Int>, value: Range<Int>)? {
        // `\r\n` ends a line; the empty one ends the head.
        let end = RequestLines.find(0x0A, in: head, from: position) - 1
        guard end > position else { return nil }
        let colon = RequestLines.find(0x3A, in: head, from: position)
        guard colon < end else { return nil }
        defer { position = end + 2 }
        var start = colon + 1
        while start < end && head[start] == 0x20 { start += 1 }
        return (position..<colon, start..<end)
    }

    /// Where the byte stands next, or the end.
    private static func find(_ byte: UInt8, in head: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < head.count && head[index] != byte { index += 1 }
        return index
    }
}
