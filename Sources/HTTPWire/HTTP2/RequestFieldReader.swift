/// Puts the head of a request together from the fields of HTTP/2, strictly by RFC 9113 §8, in the same block and with the
/// same outcome as `RequestScanner` has for HTTP/1.
///
/// 1. `add` takes the fields in the order in which they came, pseudo-header fields first.
/// 2. `finish` settles what can be said when all are there: which pseudo-header fields must be, what `host` may say beside
///    `:authority`, the crumbs of `cookie` as one.
///
/// After an error the head is of no use; the session has to be told of the remaining fields all the same, since the
/// compression's state depends on them.
package struct RequestFieldReader: Sendable {
    /// What has been seen so far.
    private struct Seen: OptionSet, Sendable {
        let rawValue: UInt8
        static let method = Seen(rawValue: 1)
        static let scheme = Seen(rawValue: 2)
        static let path = Seen(rawValue: 4)
        static let authority = Seen(rawValue: 8)
        /// A field that is none of these: no more pseudo-header fields may follow.
        static let regular = Seen(rawValue: 16)
        static let `protocol` = Seen(rawValue: 32)
    }

    private var seen: Seen = []
    private var fieldCount = 0
    private var crumbs = 0
    /// As `SETTINGS_MAX_HEADER_LIST_SIZE` counts: each field's name and value, and 32 bytes (RFC 9113 §6.5.2).
    package private(set) var size = 0

    /// What each field counts beside its bytes.
    package static let fieldCost = 32

    package init() {}

    package mutating func add(
        _ name: Span<UInt8>, _ value: Span<UInt8>, to head: RequestHead, limits: HeadLimits
    ) throws(WireError) {
        size += name.count + value.count + Self.fieldCost
        if !name.isEmpty && name[0] == UInt8(ascii: ":") {
            if name.count == 5 && value.count > limits.requestLine { throw .requestLineTooLong }
            if size > limits.head { throw .headTooLarge }
            return try addPseudo(name, value, to: head)
        }
        if size > limits.head { throw .headTooLarge }
        seen.insert(.regular)
        let known = KnownField.lookup(name)
        let isCrumb = known == .cookie && crumbs > 0
        // The crumbs of one field are one field (§8.2.3).
        if !isCrumb { fieldCount += 1 }
        if fieldCount > limits.fields { throw .tooManyFields }
        let hasUnderscore = try FieldChecks.checkName(name)
        try FieldChecks.checkValue(value)
        try FieldChecks.checkPlace(known, value)
        if known == .cookie { crumbs += 1 }
        head.fields.append(checked: name, value, known: known, hasUnderscore: hasUnderscore)
    }

    private mutating func addPseudo(
        _ name: Span<UInt8>, _ value: Span<UInt8>, to head: RequestHead
    ) throws(WireError) {
        guard let part = Self.part(name) else { throw .badPseudoField }
        if seen.contains(.regular) || seen.contains(part) { throw .badPseudoField }
        seen.insert(part)
        if part == .method {
            guard FieldRules.isToken(value), value.count <= RequestLineParser.longestMethod else { throw .badMethod }
            head.parts.method = Method.lookup(value)
            head.parts.methodText = head.fields.store(value)
        } else if part == .path {
            try addPath(value, to: head)
        } else if part == .authority {
            guard Authority(value) != nil else { throw .badHost }
            head.parts.authority = head.fields.store(value)
        } else if part == .protocol {
            guard FieldRules.isToken(value) else { throw .badPseudoField }
            head.parts.isExtendedConnect = true
            head.parts.asksForWebSocket = Text.equals(value, "websocket")
        } else {
            let isSecure = Text.equals(value, "https")
            guard isSecure || Text.equals(value, "http") else { throw .badPseudoField }
            head.parts.hasScheme = true
            head.parts.isSecureScheme = isSecure
        }
    }

    /// Which pseudo-header field this is; nil: none, as `:Method` is none.
    private static func part(_ name: Span<UInt8>) -> Seen? {
        switch name.count {
        case 5: Text.equalsExactly(name, ":path") ? .path : nil
        case 7:
            if name[1] == UInt8(ascii: "m") {
                Text.equalsExactly(name, ":method") ? .method : nil
            } else {
                Text.equalsExactly(name, ":scheme") ? .scheme : nil
            }
        case 9: Text.equalsExactly(name, ":protocol") ? .protocol : nil
        case 10: Text.equalsExactly(name, ":authority") ? .authority : nil
        default: nil
        }
    }

    /// Path and query (§8.3.1), of the bytes that a request line may hold; in one piece, as the target of HTTP/1 is.
    private func addPath(_ value: Span<UInt8>, to head: RequestHead) throws(WireError) {
        if value.isEmpty { throw .badTarget }
        var queryMark = -1
        for index in value.indices {
            if ByteClass.of(value[index]) & ByteClass.target == 0 { throw .badTarget }
            if queryMark < 0 && value[index] == UInt8(ascii: "?") { queryMark = index }
        }
        let target = head.fields.store(value)
        let start = Int(target.start)
        head.parts.target = target
        head.parts.path = queryMark < 0 ? target : ByteRange(start, start + queryMark)
        head.parts.hasQuery = queryMark >= 0
        if queryMark >= 0 { head.parts.query = ByteRange(start + queryMark + 1, target.end) }
    }

    package func finish(_ head: RequestHead) throws(WireError) {
        head.parts.isHTTP2 = true
        head.parts.keepAlive = true
        guard seen.contains(.method) else { throw .badPseudoField }
        if seen.contains(.protocol) && head.parts.method != .connect { throw .badPseudoField }
        if head.parts.method == .connect && !seen.contains(.protocol) {
            // §8.5: the authority and nothing else.
            guard seen.isDisjoint(with: [.scheme, .path]), seen.contains(.authority) else { throw .badPseudoField }
        } else {
            guard seen.isSuperset(of: [.scheme, .path]) else { throw .badPseudoField }
            let fields = head.fields
            let path = fields.bytes(head.parts.path)
            let isAsterisk = path.count == 1 && path[0] == UInt8(ascii: "*") && !head.parts.hasQuery
            if path.isEmpty || path[0] != UInt8(ascii: "/") {
                guard isAsterisk && head.parts.method == .options else { throw .badTarget }
            }
        }
        try settleHost(head)
        if crumbs > 1 { joinCrumbs(head.fields) }
        if head.fields.contains(.expect) {
            head.parts.expectsContinue = head.fields.hasOption("100-continue", in: .expect)
        }
    }

    /// `host` may stand in for `:authority`, or repeat it (§8.3.1); what is routed by is what is forwarded.
    private func settleHost(_ head: RequestHead) throws(WireError) {
        let block = head.fields
        let index = block.firstIndex(of: .host)
        guard index >= 0 else {
            guard seen.contains(.authority) else { throw .missingHost }
            return block.append(.host, block.bytes(head.parts.authority))
        }
        if block.nextIndex(of: .host, after: index) >= 0 { throw .duplicateHost }
        guard Authority(block.value(index)) != nil else { throw .badHost }
        if !seen.contains(.authority) {
            head.parts.authority = block.field(index).value
        } else if !Text.equalsFoldingCase(block.value(index), block.bytes(head.parts.authority)) {
            throw .badHost
        } else {
            block.setValue(at: index, to: head.parts.authority)
        }
    }

    /// The crumbs as one field, put together with `; ` (§8.2.3).
    private func joinCrumbs(_ block: HeaderBlock) {
        let first = block.firstIndex(of: .cookie)
        guard first >= 0 else { return }
        let start = block.arena.count
        block.arena.append(block.value(first))
        var index = block.nextIndex(of: .cookie, after: first)
        while index >= 0 {
            block.arena.append("; ")
            block.arena.append(block.value(index))
            block.remove(at: index)
            index = block.nextIndex(of: .cookie, after: index)
        }
        block.setValue(at: first, to: ByteRange(start, block.arena.count))
    }
}

/// Takes the trailers of a request that came by HTTP/2.
package struct TrailerFieldReader: Sendable {
    private var size = 0
    private var count = 0

    package init() {}

    /// - Parameter block: where trailers that may be passed on go; nil when there is no place for any.
    package mutating func add(
        _ name: Span<UInt8>, _ value: Span<UInt8>, to block: HeaderBlock?, limits: HeadLimits
    ) throws(WireError) {
        size += name.count + value.count + RequestFieldReader.fieldCost
        count += 1
        if size > limits.head { throw .headTooLarge }
        if count > limits.fields { throw .tooManyFields }
        if !name.isEmpty && name[0] == UInt8(ascii: ":") { throw .badPseudoField }
        let hasUnderscore = try FieldChecks.checkName(name)
        try FieldChecks.checkValue(value)
        let known = KnownField.lookup(name)
        try FieldChecks.checkPlace(known, value)
        if FieldRules.isForbiddenTrailer(known) { return }
        block?.append(checked: name, value, known: known, hasUnderscore: hasUnderscore)
    }
}
