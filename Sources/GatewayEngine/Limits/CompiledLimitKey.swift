internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import JSONStream
internal import RateLimits

/// `key` of a limit, compiled: writes what of a request decides whose count it is.
///
/// Each part begins with a byte that says what it is, and then says how long it is, so that no value of one part can
/// pass for two, nor a header for an address. A request that lacks a part, or has it empty, goes by the client's address
/// there: leaving the header out wins nobody a bucket of his own. Long values are replaced by their digest, so that the
/// end of a long token counts as much as its beginning.
struct CompiledLimitKey: Sendable {
    enum Part: Sendable {
        case clientAddress
        case route
        case header(KnownField, name: [UInt8])
        case cookie([UInt8])
        case query([UInt8])
        /// Of the override's own pattern, by its place there.
        case ruleParameter(Int)
        case routeParameter(String)
        case consumer
        case claim(ClaimPath)
    }

    /// What a key is made of.
    struct Input {
        let request: RequestHead
        /// What was matched, in the arena of the request's fields.
        let path: ByteRange
        let clientHigh: UInt64
        let clientLow: UInt64
        let route: CompiledRoute
        /// Where the route's parameters are, and where those of the override.
        let routeMatch: MatchScratch
        let ruleMatch: MatchScratch
        let scratch: WireBuffer
        var caller = KnownCaller()
    }

    /// Longer values stand as their digest.
    static let longestValue = 64

    private let parts: [Part]
    /// It is the client's address and nothing else, as nearly always.
    let isAddress: Bool

    /// - Parameter parameters: of the override's own pattern, in the order of its match.
    init(_ keys: [LimitKey], parameters: [String]) {
        isAddress = keys == [.clientAddress]
        parts = keys.map { key in
            switch key {
            case .clientAddress: return .clientAddress
            case .route: return .route
            case .header(let name):
                let name = Bytes.lowercased(name)
                return .header(KnownField.lookup(name.span), name: name)
            case .cookie(let name): return .cookie(Array(name.utf8))
            case .query(let name): return .query(Array(name.utf8))
            case .consumer: return .consumer
            case .claim(let name): return .claim(ClaimPath(name))
            case .path(let name):
                return parameters.firstIndex(of: name).map { .ruleParameter($0) } ?? .routeParameter(name)
            }
        }
    }

    /// Whose requests at once are counted together.
    static let concurrency = CompiledLimitKey([.clientAddress, .route], parameters: [])

    /// Whose passwords are verified at once.
    static let passwords = CompiledLimitKey([.clientAddress], parameters: [])

    func write(_ input: Input, into key: WireBuffer) {
        for index in 0..<parts.count where !write(parts[index], input, into: key) {
            Self.writeAddress(high: input.clientHigh, low: input.clientLow, into: key)
        }
    }

    /// False: the request does not have it.
    private func write(_ part: Part, _ input: Input, into key: WireBuffer) -> Bool {
        let fields = input.request.fields
        switch part {
        case .clientAddress: return false
        case .route:
            key.append(byte: UInt8(ascii: "r"))
            // By name: the place may be another one after a reload, or in another gateway on the same store.
            key.append(input.route.name)
            key.append(byte: 0)
            return true
        case .header(let known, let name):
            let first = known != .none ? fields.firstIndex(of: known) : fields.firstIndex(named: name.span, after: -1)
            guard first >= 0 else { return false }
            let second =
                known != .none
                ? fields.nextIndex(of: known, after: first) : fields.firstIndex(named: name.span, after: first)
            if second < 0 { return write(UInt8(ascii: "h"), fields.value(first), into: key) }
            return writeLines(fields, name, from: first, input.scratch, into: key)
        case .cookie(let name):
            var index = fields.firstIndex(of: .cookie)
            while index >= 0 {
                let line = fields.value(index)
                if let value = CookieReader.firstValue(line, named: name.span) {
                    return write(UInt8(ascii: "c"), line.extracting(value), into: key)
                }
                index = fields.nextIndex(of: .cookie, after: index)
            }
            return false
        case .query(let name):
            let query = fields.bytes(input.request.query)
            guard let value = QueryReader.firstValue(query, named: name.span) else { return false }
            let scratch = input.scratch
            scratch.removeAll()
            QueryReader.decode(query.extracting(value), into: scratch)
            return write(UInt8(ascii: "q"), scratch.span, into: key)
        case .consumer:
            let name = input.caller.consumer
            return write(UInt8(ascii: "n"), name.span, into: key)
        case .claim(let path):
            guard let node = input.caller.claim(path) else { return false }
            let bytes = node.document.bytes
            return write(UInt8(ascii: "t"), bytes.span.extracting(node.range), into: key)
        case .ruleParameter(let index):
            guard index < input.ruleMatch.parameterCount else { return false }
            return write(input.ruleMatch.parameter(index), input, into: key)
        case .routeParameter(let name):
            for index in 0..<input.route.parameterNames.count where input.route.parameterNames[index] == name {
                guard index < input.routeMatch.parameterCount else { return false }
                return write(input.routeMatch.parameter(index), input, into: key)
            }
            return false
        }
    }

    private func write(_ range: ByteRange, _ input: Input, into key: WireBuffer) -> Bool {
        let fields = input.request.fields
        let path = fields.bytes(input.path)
        guard range.end <= path.count else { return false }
        return write(UInt8(ascii: "p"), path.extracting(Int(range.start)..<range.end), into: key)
    }

    private func write(_ tag: UInt8, _ value: Span<UInt8>, into key: WireBuffer) -> Bool {
        if value.isEmpty { return false }
        if value.count > Self.longestValue {
            let digest = KeyDigest(of: value)
            key.append(byte: tag | 0x80)
            Self.append(digest.low, to: key)
            Self.append(digest.high, to: key)
            return true
        }
        key.append(byte: tag)
        key.append(byte: UInt8(truncatingIfNeeded: value.count))
        key.append(value)
        return true
    }

    /// Several lines of one field count as one value (RFC 9110 §5.3).
    private func writeLines(
        _ fields: HeaderBlock, _ name: [UInt8], from first: Int, _ scratch: WireBuffer, into key: WireBuffer
    ) -> Bool {
        scratch.removeAll()
        var index = first
        while index >= 0 {
            if index != first { scratch.append(", " as StaticString) }
            scratch.append(fields.value(index))
            index = fields.firstIndex(named: name.span, after: index)
        }
        return write(UInt8(ascii: "h"), scratch.span, into: key)
    }

    /// Of an IPv6 address only the network: a client has 2^64 addresses in it.
    static func writeAddress(high: UInt64, low: UInt64, into key: WireBuffer) {
        if high == 0, low >> 32 == 0xFFFF {
            key.append(byte: UInt8(ascii: "4"))
            append(low, to: key)
        } else {
            key.append(byte: UInt8(ascii: "6"))
            append(high, to: key)
        }
    }

    private static func append(_ word: UInt64, to key: WireBuffer) {
        for shift in 0..<8 { key.append(byte: UInt8(truncatingIfNeeded: word >> UInt64(shift * 8))) }
    }
}
