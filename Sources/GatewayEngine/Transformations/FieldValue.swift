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
        case reference(FieldReference)
    }

    enum Problem: Error {
        case openBrace
        case unknown(String)
        case reference(String, FieldReference.Problem)
    }

    let parts: [Part]

    /// - Parameter parameters: those of the path, with the places of their segments.
    init(
        _ text: String, parameters: [String: (segment: Int, isRest: Bool)], stageVariables: Set<String> = []
    ) throws(Problem) {
        let braced: BracedText
        do { braced = try BracedText(text) } catch { throw .openBrace }
        var parts: [Part] = []
        for piece in braced.pieces {
            switch piece {
            case .literal(let bytes): parts.append(.literal(bytes))
            case .name(let name):
                if name.hasPrefix("header."), name.utf8.count > 7 {
                    parts.append(.header(Array(name.dropFirst(7).lowercased().utf8)))
                } else if let place = parameters[name.hasPrefix("path.") ? String(name.dropFirst(5)) : name] {
                    parts.append(.parameter(segment: place.segment, isRest: place.isRest))
                } else {
                    let reference: FieldReference?
                    do { reference = try FieldReference(name, stageVariables: stageVariables) } catch {
                        throw .reference(name, error)
                    }
                    guard let reference else { throw .unknown(name) }
                    parts.append(.reference(reference))
                }
            }
        }
        self.parts = parts
    }

    /// Where values are looked up. Spans into either block do not outlive a change, so they are taken anew each time.
    struct Source {
        /// The block that holds the path, and where: that of the request.
        let pathBlock: HeaderBlock
        let path: ByteRange
        /// Of the message that is edited.
        let fields: HeaderBlock
        /// nil where no request is really served: then nothing is known of it but its head.
        var exchange: Exchange?
    }

    /// How bytes that end something else where the value goes are written.
    enum Encoding: Sendable {
        case none, query, path
    }

    var needsRequestBody: Bool { contains(\.needsRequestBody) }
    var needsResponseBody: Bool { contains(\.needsResponseBody) }

    private func contains(_ property: (FieldReference) -> Bool) -> Bool {
        parts.contains { if case .reference(let reference) = $0 { property(reference) } else { false } }
    }

    /// Appends the value; false, and nothing appended, when there is none.
    ///
    /// - Parameter encoding: what would end a value in a query or in a segment of a path is percent-encoded.
    func write(_ source: Source, into buffer: WireBuffer, _ encoding: Encoding = .none) -> Bool {
        let start = buffer.count
        for part in parts {
            switch part {
            case .literal(let bytes):
                // A path stands in the configuration as it will be sent.
                Self.append(bytes.span, to: buffer, encoding == .path ? .none : encoding, keepsPercent: false)
            case .reference(let reference):
                let made = WireBuffer(capacity: 128)
                guard let exchange = source.exchange, reference.write(exchange, into: made), Self.isSafe(made.span)
                else {
                    buffer.truncate(to: start)
                    return false
                }
                if case .requestPath = reference, encoding == .path {
                    buffer.append(made.span)
                } else {
                    Self.append(made.span, to: buffer, encoding, keepsPercent: false)
                }
            case .header(let name):
                let fields = source.fields
                let index = fields.firstIndex(named: name.span)
                guard index >= 0 else {
                    buffer.truncate(to: start)
                    return false
                }
                Self.append(fields.value(index), to: buffer, encoding, keepsPercent: false)
            case .parameter(let segment, let isRest):
                let block = source.pathBlock
                let path = block.bytes(source.path)
                let range = Self.range(of: segment, isRest, in: path)
                guard !range.isEmpty else {
                    buffer.truncate(to: start)
                    return false
                }
                // In a path it stands as it stood: `{rest+}` keeps its slashes.
                Self.append(
                    path.extracting(range), to: buffer, encoding == .path ? .none : encoding, keepsPercent: true)
            }
        }
        return true
    }

    /// Segments count from 0 behind the leading slash.
    /// Nothing that would end a field's line.
    private static func isSafe(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where bytes[index] < 0x20 && bytes[index] != 0x09 || bytes[index] == 0x7F {
            return false
        }
        return true
    }

    static func range(of segment: Int, _ isRest: Bool, in path: Span<UInt8>) -> Range<Int> {
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

    private static func append(_ bytes: Span<UInt8>, to buffer: WireBuffer, _ encoding: Encoding, keepsPercent: Bool) {
        guard encoding != .none else { return buffer.append(bytes) }
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
        append(Array(name.utf8).span, to: buffer, .query, keepsPercent: false)
        buffer.append("=")
        return buffer.bytes
    }

    private static let hexadecimal = Array("0123456789ABCDEF".utf8)
}
