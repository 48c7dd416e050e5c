internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import JSONStream

/// What templates can refer to besides the body: `$claims`, `$request`, `$context`, made when a template asks.
enum RequestInputs {
    static let names = ["claims", "request", "context"]

    static func node(_ index: Int, _ exchange: Exchange) -> JSONNode? {
        switch index {
        case 0: return exchange.identity?.claims.document.root
        case 1: return document(request(exchange))
        default: return document(context(exchange))
        }
    }

    private static func document(_ bytes: [UInt8]) -> JSONNode? {
        // What a client sent twice stands twice; the last counts.
        (try? JSONDocument(bytes, duplicates: .keep))?.root
    }

    /// `{"id", "method", "host", "path", "params", "query", "headers", "body"}`; names of headers in lower case.
    private static func request(_ exchange: Exchange) -> [UInt8] {
        let request = exchange.request
        let fields = request.fields
        var object = ObjectWriter()
        object.add("id", fields.bytes(exchange.record.requestID))
        object.add("method", fields.bytes(request.methodText))
        object.add("host", fields.bytes(exchange.originalAuthority))
        object.add("path", fields.bytes(exchange.path))
        object.begin("params")
        if case .pattern(let pattern) = exchange.snapshot.configuration.routes[exchange.routeIndex].path {
            let path = fields.bytes(exchange.path)
            for (index, segment) in pattern.segments.enumerated() {
                let (name, isRest): (String?, Bool) =
                    switch segment {
                    case .parameter(let name): (name, false)
                    case .oneOrMore(let name): (name, true)
                    case .literal, .noneOrMore: (nil, false)
                    }
                guard let name else { continue }
                let range = FieldValue.range(of: index, isRest, in: path)
                let buffer = WireBuffer(capacity: 64)
                QueryReader.decodePath(path.extracting(range), into: buffer)
                object.add(name, buffer.span)
            }
        }
        object.end()
        object.begin("query")
        addQuery(fields.bytes(exchange.receivedQuery ?? request.query), to: &object)
        object.end()
        object.begin("headers")
        for index in 0..<fields.count where !fields.field(index).isRemoved {
            object.add(
                String(decoding: bytes(fields.name(index)), as: UTF8.self).lowercased(), fields.value(index))
        }
        object.end()
        if let document = exchange.requestDocument { object.add("body", json: document.bytes) }
        return object.finish()
    }

    private static func addQuery(_ query: Span<UInt8>, to object: inout ObjectWriter) {
        var start = 0
        while start < query.count {
            var end = start
            var equals = -1
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals < 0, query[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            let name = WireBuffer(capacity: 64)
            QueryReader.decode(query.extracting(start..<(equals < 0 ? end : equals)), into: name)
            let value = WireBuffer(capacity: 64)
            if equals >= 0 { QueryReader.decode(query.extracting(equals + 1..<end), into: value) }
            if name.count > 0 { object.add(String(decoding: name.bytes, as: UTF8.self), value.span) }
            start = end + 1
        }
    }

    /// `{"requestId", …}`, by the names of `RequestVariable` without dots.
    private static func context(_ exchange: Exchange) -> [UInt8] {
        var object = ObjectWriter()
        for variable in RequestVariable.allCases {
            let buffer = WireBuffer(capacity: 64)
            let name = variable.rawValue.split(separator: ".").last.map(String.init) ?? variable.rawValue
            if variable.write(exchange, into: buffer) { object.add(name, buffer.span) }
        }
        return object.finish()
    }

    fileprivate static func bytes(_ span: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(span)
        return bytes
    }
}

/// Puts a JSON object together; bytes that are no UTF-8 are repaired.
private struct ObjectWriter {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]
    private var isFirst = true

    mutating func add(_ name: String, _ value: Span<UInt8>) {
        write(name)
        bytes += JSONStream.JSONText.quoted(String(decoding: RequestInputs.bytes(value), as: UTF8.self))
    }

    mutating func add(_ name: String, json: [UInt8]) {
        write(name)
        bytes += json
    }

    mutating func begin(_ name: String) {
        write(name)
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
    }

    mutating func end() {
        bytes.append(UInt8(ascii: "}"))
        isFirst = false
    }

    mutating func finish() -> [UInt8] { bytes + [UInt8(ascii: "}")] }

    private mutating func write(_ name: String) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes += JSONStream.JSONText.quoted(name)
        bytes.append(UInt8(ascii: ":"))
    }
}

extension QueryReader {
    /// As `decode`, but a plus sign is one.
    static func decodePath(_ encoded: Span<UInt8>, into buffer: WireBuffer) {
        var index = 0
        while index < encoded.count {
            if encoded[index] == UInt8(ascii: "+") {
                buffer.append(byte: UInt8(ascii: "+"))
                index += 1
                continue
            }
            var end = index
            while end < encoded.count, encoded[end] != UInt8(ascii: "+") { end += 1 }
            decode(encoded.extracting(index..<end), into: buffer)
            index = end
        }
    }
}
