internal import HTTPWire

/// A value that may refer to the request: `v2`, `{id}`, `tenant-{header.x-tenant}`. `{{` stands for a brace.
///
/// `{id}` is a path parameter as it stands in the path, percent-encoded; `{header.x}` the first field of that name in the
/// message that is edited. Where something it refers to is not there, there is no value.
struct FieldValue: Sendable {
    enum Part: Sendable {
        case literal([UInt8])
        /// The segment at this place of the path, and, if `isRest`, all behind it.
        case parameter(segment: Int, isRest: Bool)
        /// The name in lower case.
        case header([UInt8])
    }

    enum Problem: Error {
        case openBrace
        case unknown(String)
    }

    let parts: [Part]

    /// - Parameter parameters: those of the path, with the places of their segments.
    init(_ text: String, parameters: [String: (segment: Int, isRest: Bool)]) throws(Problem) {
        var parts: [Part] = []
        var literal: [UInt8] = []
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if character == "{", rest.first == "{" {
                rest.removeFirst()
                literal.append(UInt8(ascii: "{"))
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw .openBrace }
                let name = String(rest[..<end])
                rest = rest[rest.index(after: end)...]
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = []
                if name.hasPrefix("header."), name.utf8.count > 7 {
                    parts.append(.header(Array(name.dropFirst(7).lowercased().utf8)))
                } else if let place = parameters[name] {
                    parts.append(.parameter(segment: place.segment, isRest: place.isRest))
                } else {
                    throw .unknown(name)
                }
            } else {
                literal += Array(String(character).utf8)
            }
        }
        if !literal.isEmpty || parts.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
    }

    /// Where values are looked up. Spans into either block do not outlive a change, so they are taken anew each time.
    struct Source {
        /// The block that holds the path, and where: that of the request.
        let pathBlock: HeaderBlock
        let path: ByteRange
        /// Of the message that is edited.
        let fields: HeaderBlock
    }

    /// Appends the value; false, and nothing appended, when there is none.
    ///
    /// - Parameter isQuery: what would end a value in a query is percent-encoded.
    func write(_ source: Source, into buffer: WireBuffer, isQuery: Bool = false) -> Bool {
        let start = buffer.count
        for part in parts {
            switch part {
            case .literal(let bytes):
                Self.append(bytes.span, to: buffer, isQuery, keepsPercent: false)
            case .header(let name):
                let fields = source.fields
                let index = fields.firstIndex(named: name.span)
                guard index >= 0 else {
                    buffer.truncate(to: start)
                    return false
                }
                Self.append(fields.value(index), to: buffer, isQuery, keepsPercent: false)
            case .parameter(let segment, let isRest):
                let block = source.pathBlock
                let path = block.bytes(source.path)
                let range = Self.range(of: segment, isRest, in: path)
                guard !range.isEmpty else {
                    buffer.truncate(to: start)
                    return false
                }
                Self.append(path.extracting(range), to: buffer, isQuery, keepsPercent: true)
            }
        }
        return true
    }

    /// Segments count from 0 behind the leading slash.
    private static func range(of segment: Int, _ isRest: Bool, in path: Span<UInt8>) -> Range<Int> {
        var left = segment
        var start = 1
        while left > 0, start < path.count {
            if path[start] == UInt8(ascii: "/") { left -= 1 }
            start += 1
        }
        guard left == 0, start <= path.count else { return 0..<0 }
        if isRest { return start..<path.count }
        var end = start
        while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
        return start..<end
    }

    private static func append(_ bytes: Span<UInt8>, to buffer: WireBuffer, _ isQuery: Bool, keepsPercent: Bool) {
        guard isQuery else { return buffer.append(bytes) }
        for index in bytes.indices {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                buffer.append(byte: byte)
            case UInt8(ascii: "%") where keepsPercent:
                buffer.append(byte: byte)
            default:
                buffer.append(byte: UInt8(ascii: "%"))
                buffer.append(byte: hexadecimal[Int(byte >> 4)])
                buffer.append(byte: hexadecimal[Int(byte & 15)])
            }
        }
    }

    /// `name=`, encoded.
    static func queryName(_ name: String) -> [UInt8] {
        let buffer = WireBuffer(capacity: 64)
        append(Array(name.utf8).span, to: buffer, true, keepsPercent: false)
        buffer.append("=")
        return buffer.bytes
    }

    private static let hexadecimal = Array("0123456789ABCDEF".utf8)
}
