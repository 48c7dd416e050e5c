internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import JSONStream

/// What a value in an edit may refer to besides path parameters and the fields of the message itself.
enum FieldReference: Sendable {
    /// All fields of the name, with commas between, of the request or of the response. The name in lower case.
    case requestHeader([UInt8])
    case responseHeader([UInt8])
    /// The first query parameter of the name, decoded.
    case query([UInt8])
    case claim(ClaimPath)
    case context(RequestVariable)
    case stageVariable(String)
    case requestPath
    /// A value of the body, which is read for it.
    case requestBody(JSONPath)
    case responseBody(JSONPath)

    enum Problem: Error {
        case unknown
        case path(JSONPathError)
    }

    /// - Parameter text: as between braces. nil: it is none of these.
    init?(_ text: String, stageVariables: Set<String>) throws(Problem) {
        let halves = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2, !halves[1].isEmpty else { return nil }
        let rest = halves[1]
        switch halves[0] {
        case "query": self = .query(Array(rest.utf8))
        case "claims": self = .claim(ClaimPath(rest))
        case "context":
            guard let variable = RequestVariable(rawValue: rest) else { throw .unknown }
            self = .context(variable)
        case "stage":
            guard stageVariables.contains(rest) else { throw .unknown }
            self = .stageVariable(rest)
        case "request":
            if rest == "path" {
                self = .requestPath
            } else if rest.hasPrefix("header.") {
                self = .requestHeader(Array(rest.dropFirst(7).lowercased().utf8))
            } else if rest.hasPrefix("body.") {
                self = .requestBody(try Self.path(rest.dropFirst(5)))
            } else {
                throw .unknown
            }
        case "response":
            if rest.hasPrefix("header.") {
                self = .responseHeader(Array(rest.dropFirst(7).lowercased().utf8))
            } else if rest.hasPrefix("body.") {
                self = .responseBody(try Self.path(rest.dropFirst(5)))
            } else {
                throw .unknown
            }
        default: return nil
        }
    }

    private static func path(_ text: Substring) throws(Problem) -> JSONPath {
        do { return try JSONPath("$." + text) } catch { throw .path(error) }
    }

    var needsRequestBody: Bool { if case .requestBody = self { true } else { false } }
    var needsResponseBody: Bool { if case .responseBody = self { true } else { false } }

    /// Appends what it refers to; false where there is none.
    func write(_ exchange: Exchange, into buffer: WireBuffer) -> Bool {
        let fields = exchange.request.fields
        switch self {
        case .requestHeader(let name): return Self.join(name, fields, buffer)
        case .responseHeader(let name): return Self.join(name, exchange.response.fields, buffer)
        case .query(let name):
            let query = fields.bytes(exchange.receivedQuery ?? exchange.request.query)
            guard let range = QueryReader.firstValue(query, named: name.span) else { return false }
            QueryReader.decode(query.extracting(range), into: buffer)
            return true
        case .claim(let path): return Self.write(exchange.identity?.claims.node(path), buffer)
        case .context(let variable): return variable.write(exchange, into: buffer)
        case .stageVariable(let name):
            let listener = exchange.snapshot.listeners[exchange.listener].configuration
            guard let value = listener.stageVariables[name] else { return false }
            buffer.append(value)
            return true
        case .requestPath:
            buffer.append(fields.bytes(exchange.path))
            return true
        case .requestBody(let path): return Self.find(path, exchange.requestDocument, buffer)
        case .responseBody(let path): return Self.find(path, exchange.responseDocument, buffer)
        }
    }

    private static func join(_ name: [UInt8], _ fields: HeaderBlock, _ buffer: WireBuffer) -> Bool {
        var index = fields.firstIndex(named: name.span)
        guard index >= 0 else { return false }
        var isFirst = true
        while index >= 0 {
            if !isFirst { buffer.append(",") }
            isFirst = false
            buffer.append(fields.value(index))
            index = fields.firstIndex(named: name.span, after: index)
        }
        return true
    }

    private static func find(_ path: JSONPath, _ document: JSONDocument?, _ buffer: WireBuffer) -> Bool {
        guard let document, let nodes = try? path.nodes(in: document.root) else { return false }
        return write(nodes.last, buffer)
    }

    /// As claims stand in headers: texts without what would say something else there.
    private static func write(_ node: JSONNode?, _ buffer: WireBuffer) -> Bool {
        guard case .value(let bytes) = ClaimText(node) else { return false }
        buffer.append(bytes.span)
        return true
    }
}

/// What the gateway knows of a request: names as AWS HTTP APIs have them.
enum RequestVariable: String, Sendable, CaseIterable {
    case requestID = "requestId"
    case extendedRequestID = "extendedRequestId"
    case stage
    case method = "httpMethod"
    case path
    case `protocol`
    case domainName
    case routeKey
    case requestTime
    case requestTimeEpoch
    case sourceIP = "identity.sourceIp"
    case userAgent = "identity.userAgent"

    func write(_ exchange: Exchange, into buffer: WireBuffer) -> Bool {
        let start = buffer.count
        let request = exchange.request
        let fields = request.fields
        switch self {
        case .requestID, .extendedRequestID: buffer.append(fields.bytes(exchange.record.requestID))
        case .stage:
            // What stands in front of the matched path, without its slash.
            let count = Int(exchange.path.start) - Int(exchange.publicPath.start)
            guard count > 1 else { return false }
            let whole = fields.bytes(exchange.publicPath)
            guard count <= whole.count else { return false }
            buffer.append(whole.extracting(1..<count))
        case .method: buffer.append(fields.bytes(request.methodText))
        case .path: buffer.append(fields.bytes(exchange.publicPath))
        case .protocol: buffer.append(exchange.record.version.name)
        case .domainName:
            let authority = fields.bytes(exchange.originalAuthority)
            var end = authority.count
            while end > 0, authority[end - 1] >= 0x30, authority[end - 1] <= 0x39 { end -= 1 }
            let hasPort = end > 0 && end < authority.count && authority[end - 1] == UInt8(ascii: ":")
            buffer.append(authority.extracting(0..<(hasPort ? end - 1 : authority.count)))
        case .routeKey:
            guard exchange.routeIndex >= 0 else { return false }
            buffer.append(exchange.snapshot.configuration.routes[exchange.routeIndex].name)
        case .requestTime:
            // `Sun, 06 Nov 1994 08:49:37 GMT` as `06/Nov/1994:08:49:37 +0000`.
            let date = WireBuffer(capacity: 32)
            HTTPDate.write(Int(exchange.record.start / 1_000_000_000), into: date)
            let text = date.span
            buffer.append(text.extracting(5..<7))
            buffer.append("/")
            buffer.append(text.extracting(8..<11))
            buffer.append("/")
            buffer.append(text.extracting(12..<16))
            buffer.append(":")
            buffer.append(text.extracting(17..<25))
            buffer.append(" +0000")
        case .requestTimeEpoch: buffer.append(decimal: Int(exchange.record.start / 1_000_000))
        case .sourceIP:
            var line = LineWriter(capacity: 64)
            line.append(addressHigh: exchange.record.clientHigh, low: exchange.record.clientLow)
            buffer.append(line.span)
        case .userAgent:
            let index = fields.firstIndex(of: .userAgent)
            guard index >= 0 else { return false }
            buffer.append(fields.value(index))
        }
        return buffer.count > start
    }
}
