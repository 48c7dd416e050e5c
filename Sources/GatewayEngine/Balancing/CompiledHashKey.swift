internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import JSONStream
internal import Reactor

/// `load_balancing.key`, compiled: finds its value in a request and hashes it.
///
/// The first cookie or parameter of a name counts, and all lines of a header field, joined as RFC 9110 §5.3 says:
/// as in the conditions of routes. A request that has no value, or an empty one, goes by the client's address.
struct CompiledHashKey: Sendable {
    private let configuration: HashKey
    /// In lower case for a header.
    private let name: [UInt8]
    private let claim: ClaimPath?

    init(_ configuration: HashKey) {
        self.configuration = configuration
        name =
            switch configuration {
            case .clientAddress, .path, .consumer, .claim: []
            case .header(let name): Bytes.lowercased(name)
            case .cookie(let name), .query(let name): Array(name.utf8)
            }
        claim = if case .claim(let name) = configuration { ClaimPath(name) } else { nil }
    }

    /// - Parameter path: the matched path, in the arena of the request's fields.
    func hash(
        _ request: RequestHead, path: ByteRange, client: SocketAddress, caller: KnownCaller, scratch: WireBuffer
    ) -> UInt64 {
        var hash = SipHash(.placement)
        let fields = request.fields
        var isFound = false
        switch configuration {
        case .clientAddress: break
        case .path:
            hash.update(fields.bytes(path))
            isFound = true
        case .header: isFound = readHeader(fields, &hash)
        case .cookie: isFound = readCookie(fields, &hash)
        case .query: isFound = readQuery(fields.bytes(request.query), scratch, &hash)
        case .consumer:
            let name = caller.consumer
            hash.update(name.span)
            isFound = !name.isEmpty
        case .claim:
            if let claim, let node = caller.claim(claim) {
                let bytes = node.document.bytes
                hash.update(bytes.span.extracting(node.range))
                isFound = true
            }
        }
        if !isFound {
            hash.update(bigEndian: client.high)
            hash.update(bigEndian: client.low)
        }
        return hash.finish()
    }

    private func readHeader(_ fields: HeaderBlock, _ hash: inout SipHash) -> Bool {
        var index = fields.firstIndex(named: name.span)
        var size = 0
        while index >= 0 {
            let value = fields.value(index)
            if size > 0 {
                hash.update(UInt8(ascii: ","))
                hash.update(UInt8(ascii: " "))
            }
            hash.update(value)
            size += value.count
            index = fields.firstIndex(named: name.span, after: index)
        }
        return size > 0
    }

    private func readCookie(_ fields: HeaderBlock, _ hash: inout SipHash) -> Bool {
        var index = fields.firstIndex(of: .cookie)
        while index >= 0 {
            let line = fields.value(index)
            if let value = CookieReader.firstValue(line, named: name.span) {
                hash.update(line.extracting(value))
                return !value.isEmpty
            }
            index = fields.nextIndex(of: .cookie, after: index)
        }
        return false
    }

    private func readQuery(_ query: Span<UInt8>, _ scratch: WireBuffer, _ hash: inout SipHash) -> Bool {
        guard let value = QueryReader.firstValue(query, named: name.span) else { return false }
        scratch.removeAll()
        QueryReader.decode(query.extracting(value), into: scratch)
        hash.update(scratch.span)
        return !value.isEmpty
    }
}
