/// Puts the head of a response together from the fields of HTTP/2, strictly by RFC 9113 §8, with the same outcome as
/// `ResponseScanner` has for HTTP/1. After an error the head is of no use.
package struct ResponseFieldReader: Sendable {
    private var hasStatus = false
    private var hasRegular = false
    private var fieldCount = 0
    /// As `SETTINGS_MAX_HEADER_LIST_SIZE` counts (RFC 9113 §6.5.2).
    private var size = 0

    package init() {}

    package mutating func add(
        _ name: Span<UInt8>, _ value: Span<UInt8>, to head: ResponseHead, limits: HeadLimits
    ) throws(WireError) {
        size += name.count + value.count + RequestFieldReader.fieldCost
        if size > limits.head { throw .headTooLarge }
        if !name.isEmpty && name[0] == UInt8(ascii: ":") {
            guard !hasRegular, !hasStatus, isStatus(name) else { throw .badPseudoField }
            head.parts.status = try status(value)
            hasStatus = true
            return
        }
        hasRegular = true
        fieldCount += 1
        if fieldCount > limits.fields { throw .tooManyFields }
        let hasUnderscore = try FieldChecks.checkName(name)
        try FieldChecks.checkValue(value)
        let known = KnownField.lookup(name)
        try FieldChecks.checkPlace(known, value)
        head.fields.append(checked: name, value, known: known, hasUnderscore: hasUnderscore)
    }

    package func finish(_ head: ResponseHead) throws(WireError) {
        guard hasStatus else { throw .badStatusLine }
        head.parts.isHTTP2 = true
        head.parts.keepAlive = true
    }

    /// How the body's end will be known to whoever it is passed on to. A body that is known to be empty gets its length, as
    /// other protocols do not see the end of a stream.
    package static func framing(
        of head: ResponseHead, to method: Method, endsStream: Bool
    ) throws(WireError) -> BodyFraming {
        switch try Framing.ofResponse(head, to: method) {
        case .none: return .none
        case .length(let length):
            if endsStream && length > 0 { throw .wrongLength }
            return .length(length)
        case .chunked, .untilClose:
            if !endsStream { return .chunked }
            head.fields.append(.contentLength, "0")
            return .length(0)
        }
    }

    private func isStatus(_ name: Span<UInt8>) -> Bool {
        // In lower case only.
        Text.equals(name, ":status") && name[1] == UInt8(ascii: "s")
            && name.indices.allSatisfy { name[$0] &- 0x41 >= 26 }
    }

    /// Three digits, and no switch of protocols: there is no connection to switch (§8.6).
    private func status(_ value: Span<UInt8>) throws(WireError) -> Int {
        guard value.count == 3 else { throw .badStatusLine }
        var status = 0
        for index in value.indices {
            guard ByteClass.isDigit(value[index]) else { throw .badStatusLine }
            status = status * 10 + Int(value[index] - 0x30)
        }
        guard status >= 100, status != 101 else { throw .badStatusLine }
        return status
    }
}
