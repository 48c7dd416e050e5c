internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import JSONStream

/// Finds a request's key and its place among all keys.
struct CompiledSplitKey: Sendable {
    private enum Source: Sendable {
        case client
        case path
        case header(KnownField, name: [UInt8])
        case cookie([UInt8])
        case query([UInt8])
        case consumer
        case claim(ClaimPath)
    }

    private let source: Source
    /// Route and kind of key have been hashed.
    private let start: KeyHash

    init(_ key: SplitKey, route: String) {
        var hash = KeyHash()
        hash.add(route)
        hash.add(key.text)
        start = hash
        source =
            switch key {
            case .client: .client
            case .path: .path
            case .header(let text): Self.header(Bytes.lowercased(text))
            case .cookie(let name): .cookie(Array(name.utf8))
            case .query(let name): .query(Array(name.utf8))
            case .consumer: .consumer
            case .claim(let name): .claim(ClaimPath(name))
            }
    }

    private static func header(_ name: [UInt8]) -> Source { .header(KnownField.lookup(name.span), name: name) }

    /// nil when the request has no key, or an empty one. Of a field, cookie or parameter that occurs more than once the
    /// first counts; a parameter's value counts as it is written, undecoded.
    func point(of request: borrowing SplitRequest) -> UInt64? {
        var hash = start
        switch source {
        case .client:
            // Of an IPv6 address the network: devices change the rest of it by themselves.
            hash.add(request.clientHigh)
            if request.clientHigh == 0 { hash.add(request.clientLow) }
            return hash.point
        case .path:
            hash.add(request.path)
            return hash.point
        case .header(let known, let name):
            let fields = request.fields
            let index = known != .none ? fields.firstIndex(of: known) : fields.firstIndex(named: name.span, after: -1)
            guard index >= 0 else { return nil }
            let value = fields.value(index)
            if value.isEmpty { return nil }
            hash.add(value)
            return hash.point
        case .cookie(let name):
            let fields = request.fields
            var index = fields.firstIndex(of: .cookie)
            while index >= 0 {
                let line = fields.value(index)
                if let range = CookieReader.firstValue(line, named: name.span) {
                    if range.isEmpty { return nil }
                    hash.add(line.extracting(range))
                    return hash.point
                }
                index = fields.nextIndex(of: .cookie, after: index)
            }
            return nil
        case .query(let name):
            let query = request.query
            guard let range = QueryReader.firstValue(query, named: name.span), !range.isEmpty else { return nil }
            hash.add(query.extracting(range))
            return hash.point
        case .consumer:
            let name = request.caller.consumer
            if name.isEmpty { return nil }
            hash.add(name.span)
            return hash.point
        case .claim(let path):
            guard let node = request.caller.claim(path) else { return nil }
            let bytes = node.document.bytes
            hash.add(bytes.span.extracting(node.range))
            return hash.point
        }
    }
}

extension SplitKey {
    /// As in the configuration.
    package var text: String {
        switch self {
        case .client: "client_ip"
        case .path: "path"
        case .header(let name): "header:\(name)"
        case .cookie(let name): "cookie:\(name)"
        case .query(let name): "query:\(name)"
        case .consumer: "consumer"
        case .claim(let name): "claim:\(name)"
        }
    }
}
