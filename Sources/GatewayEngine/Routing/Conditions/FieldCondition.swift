internal import GatewayConfiguration
internal import HTTPWire

/// What is asked of a value: a `FieldMatch.Condition`, compiled.
enum ValueTest: Sendable {
    case exact([UInt8])
    case regex(RegexProgram)
    case present
    case absent
    case mediaType(MediaTypePattern)
}

/// A condition on a header field.
///
/// A field that was sent in several lines has one value, its lines joined by ", " (RFC 9110 §5.3): that is what a service
/// will see, so a client cannot satisfy a condition with one line and tell the service something else with another. A
/// media type is looked for in every line, since lists of media types may be split over lines freely.
struct HeaderCondition: Sendable {
    let known: KnownField
    let name: [UInt8]
    let test: ValueTest

    func holds(_ fields: HeaderBlock, _ scratch: MatchScratch) -> Bool {
        let first = next(fields, after: -1)
        guard first >= 0 else {
            if case .absent = test { return true }
            return false
        }
        switch test {
        case .present: return true
        case .absent: return false
        case .mediaType(let pattern):
            var index = first
            while index >= 0 {
                if pattern.matches(fields.value(index)) { return true }
                index = next(fields, after: index)
            }
            return false
        case .exact(let expected):
            let second = next(fields, after: first)
            if second < 0 { return Bytes.equal(fields.value(first), expected.span) }
            let joined = join(fields, first, second, scratch)
            return Bytes.equal(joined.span, expected.span)
        case .regex(let program):
            let second = next(fields, after: first)
            if second < 0 { return scratch.regex.matches(program, fields.value(first)) }
            let joined = join(fields, first, second, scratch)
            return scratch.regex.matches(program, joined.span)
        }
    }

    private func next(_ fields: HeaderBlock, after index: Int) -> Int {
        if known != .none {
            return index < 0 ? fields.firstIndex(of: known) : fields.nextIndex(of: known, after: index)
        }
        return fields.firstIndex(named: name.span, after: index)
    }

    private func join(_ fields: HeaderBlock, _ first: Int, _ second: Int, _ scratch: MatchScratch) -> WireBuffer {
        let buffer = scratch.value
        buffer.removeAll()
        buffer.append(fields.value(first))
        var index = second
        while index >= 0 {
            buffer.append(", ")
            buffer.append(fields.value(index))
            index = next(fields, after: index)
        }
        return buffer
    }
}

/// A condition on a query parameter. Names and values compare decoded (`%xx`, and `+` as a space); of a parameter that
/// occurs more than once, the first counts, as the Gateway API recommends.
struct QueryCondition: Sendable {
    let name: [UInt8]
    let test: ValueTest

    func holds(_ query: Span<UInt8>, _ scratch: MatchScratch) -> Bool {
        guard let value = QueryReader.firstValue(query, named: name.span) else {
            if case .absent = test { return true }
            return false
        }
        switch test {
        case .present: return true
        case .absent: return false
        case .exact(let expected): return QueryReader.equals(query.extracting(value), expected.span)
        case .regex(let program):
            let decoded = scratch.value
            decoded.removeAll()
            QueryReader.decode(query.extracting(value), into: decoded)
            return scratch.regex.matches(program, decoded.span)
        case .mediaType(let pattern):
            let decoded = scratch.value
            decoded.removeAll()
            QueryReader.decode(query.extracting(value), into: decoded)
            return pattern.matches(decoded.span)
        }
    }
}

/// A condition on a cookie: names with their case, values as they stand between `=` and `;`, the first of a name counts.
struct CookieCondition: Sendable {
    let name: [UInt8]
    let test: ValueTest

    func holds(_ fields: HeaderBlock, _ scratch: MatchScratch) -> Bool {
        var index = fields.firstIndex(of: .cookie)
        while index >= 0 {
            let line = fields.value(index)
            if let value = CookieReader.firstValue(line, named: name.span) {
                return holds(line.extracting(value), scratch)
            }
            index = fields.nextIndex(of: .cookie, after: index)
        }
        if case .absent = test { return true }
        return false
    }

    private func holds(_ value: Span<UInt8>, _ scratch: MatchScratch) -> Bool {
        switch test {
        case .present: true
        case .absent: false
        case .exact(let expected): Bytes.equal(value, expected.span)
        case .regex(let program): scratch.regex.matches(program, value)
        case .mediaType(let pattern): pattern.matches(value)
        }
    }
}
