internal import GatewayConfiguration
internal import HTTPWire

/// Where a request carries its token. All places of the configuration are looked at: a token that hides behind another
/// one must not be the one that counts for somebody else.
struct TokenPlaces: Sendable {
    enum Found {
        case none
        /// Where it stands in the arena of the request's fields.
        case token(ByteRange)
        /// Two that are not the same.
        case several
    }

    /// `Authorization: Bearer`.
    private let isAuthorization: Bool
    /// Another header, in lower case; a scheme in front of the token may be there.
    private let header: [UInt8]?
    private let cookie: [UInt8]?
    private let query: [UInt8]?

    init(_ configuration: TokenPlacesConfiguration?) {
        let places = configuration ?? TokenPlacesConfiguration(header: "Authorization")
        let name = places.header.map(Bytes.lowercased)
        isAuthorization = name == Array("authorization".utf8)
        header = isAuthorization ? nil : name
        cookie = places.cookie.map { Array($0.utf8) }
        query = places.query.map { Array($0.utf8) }
    }

    func find(_ request: RequestHead) -> Found {
        let fields = request.fields
        var found = Found.none
        if isAuthorization {
            var index = fields.firstIndex(of: .authorization)
            while index >= 0 {
                if let token = Self.bearer(fields, index) { Self.note(token, fields, &found) }
                index = fields.nextIndex(of: .authorization, after: index)
            }
        }
        if let header {
            var index = fields.firstIndex(named: header.span)
            while index >= 0 {
                Self.note(Self.bearer(fields, index) ?? fields.field(index).value, fields, &found)
                index = fields.firstIndex(named: header.span, after: index)
            }
        }
        if let cookie {
            var index = fields.firstIndex(of: .cookie)
            while index >= 0 {
                let line = fields.field(index).value
                Self.collect(fields, line, &found) { CookieReader.firstValue($0, named: cookie.span) }
                index = fields.nextIndex(of: .cookie, after: index)
            }
        }
        if let query, request.hasQuery {
            Self.collect(fields, request.query, &found) { QueryReader.firstValue($0, named: query.span) }
        }
        return found
    }

    /// Takes every value out of a text that may hold several.
    private static func collect(
        _ fields: HeaderBlock, _ whole: ByteRange, _ found: inout Found, _ next: (Span<UInt8>) -> Range<Int>?
    ) {
        var start = Int(whole.start)
        while start < whole.end, let value = next(fields.bytes(Self.range(start, whole.end))) {
            note(range(start + value.lowerBound, start + value.upperBound), fields, &found)
            start += value.upperBound
        }
    }

    /// Within the arena, whose size fits.
    private static func range(_ start: Int, _ end: Int) -> ByteRange {
        ByteRange(start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: end - start))
    }

    private static func note(_ token: ByteRange, _ fields: HeaderBlock, _ found: inout Found) {
        switch found {
        case .none: found = .token(token)
        case .token(let other): if !Bytes.equal(fields.bytes(token), fields.bytes(other)) { found = .several }
        case .several: break
        }
    }

    /// What stands behind `Bearer` and blanks (RFC 6750 §2.1); the scheme in any case (RFC 9110 §11.1).
    private static func bearer(_ fields: HeaderBlock, _ index: Int) -> ByteRange? {
        let range = fields.field(index).value
        let value = fields.value(index)
        let scheme: InlineArray<6, UInt8> = [0x62, 0x65, 0x61, 0x72, 0x65, 0x72]  // "bearer"
        guard value.count >= scheme.count else { return nil }
        for offset in 0..<scheme.count where value[offset] | 0x20 != scheme[offset] { return nil }
        guard value.count > scheme.count else { return Self.range(range.end, range.end) }
        guard value[scheme.count] == 0x20 else { return nil }
        var start = scheme.count
        while start < value.count, value[start] == 0x20 { start += 1 }
        return Self.range(Int(range.start) + start, range.end)
    }
}

extension TokenPlaces {
    /// Takes the token out of what is sent on: its field, its cookie, its parameter.
    func remove(from request: RequestHead, scratch: WireBuffer) {
        let fields = request.fields
        if isAuthorization {
            var index = fields.firstIndex(of: .authorization)
            while index >= 0 {
                if Self.bearer(fields, index) != nil { fields.remove(at: index) }
                index = fields.nextIndex(of: .authorization, after: index)
            }
        }
        if let header { fields.removeAll(named: header.span) }
        if let cookie {
            var index = fields.firstIndex(of: .cookie)
            while index >= 0 {
                scratch.removeAll()
                let line = fields.value(index)
                Self.copy(line, without: UInt8(ascii: ";"), into: scratch) {
                    CookieReader.firstValue($0, named: cookie.span) != nil
                }
                if scratch.count == 0 {
                    fields.remove(at: index)
                } else if scratch.count != line.count {
                    fields.setValue(at: index, to: fields.store(scratch.span))
                }
                index = fields.nextIndex(of: .cookie, after: index)
            }
        }
        if let query, request.hasQuery {
            scratch.removeAll()
            Self.copy(fields.bytes(request.query), without: UInt8(ascii: "&"), into: scratch) {
                QueryReader.firstValue($0, named: query.span) != nil
            }
            request.query = fields.store(scratch.span)
            if scratch.count == 0 { request.hasQuery = false }
        }
    }

    /// The parts between separators, but for those that are left out.
    private static func copy(
        _ text: Span<UInt8>, without separator: UInt8, into buffer: WireBuffer, _ isOmitted: (Span<UInt8>) -> Bool
    ) {
        var start = 0
        while start <= text.count {
            var end = start
            while end < text.count, text[end] != separator { end += 1 }
            let part = text.extracting(start..<end)
            if !isOmitted(part) {
                if buffer.count > 0 { buffer.append(byte: separator) }
                // The blank behind a separator goes with a first part that is left out.
                var first = 0
                if buffer.count == 0 { while first < part.count, part[first] == 0x20 { first += 1 } }
                buffer.append(part.extracting(first..<part.count))
            }
            start = end + 1
        }
    }
}
