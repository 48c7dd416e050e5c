/// Conditions of filters, and the types of what they are made of (RFC 9535 §2.3.5 and §2.4).
extension PathParser {
    /// What stands in a condition, before it is known whether a comparison follows.
    private enum Term {
        case literal(PathOperand)
        case query(PathQuery)
        /// A function that gives a value.
        case value(PathOperand)
        /// A function that is true or false.
        case logical(PathFilter)
    }

    mutating func logical() throws(JSONPathError) -> PathFilter {
        depth += 1
        guard depth <= Self.deepest else { throw error(.tooDeep) }
        defer { depth -= 1 }
        var alternatives = [try conjunction()]
        while takeBehindBlanks("||") {
            skipBlanks()
            alternatives.append(try conjunction())
        }
        return alternatives.count == 1 ? alternatives[0] : .or(alternatives)
    }

    private mutating func conjunction() throws(JSONPathError) -> PathFilter {
        var parts = [try basic()]
        while takeBehindBlanks("&&") {
            skipBlanks()
            parts.append(try basic())
        }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func takeBehindBlanks(_ word: String) -> Bool {
        let before = at
        skipBlanks()
        if take(word) { return true }
        at = before
        return false
    }

    private mutating func basic() throws(JSONPathError) -> PathFilter {
        if take("!") {
            skipBlanks()
            if peek == UInt8(ascii: "(") { return .not(try parenthesised()) }
            let start = at
            let term = try term()
            return .not(try test(term, at: start))
        }
        if peek == UInt8(ascii: "(") { return try parenthesised() }
        let start = at
        let left = try term()
        let behind = at
        skipBlanks()
        guard let comparison = comparison() else {
            at = behind
            return try test(left, at: start)
        }
        let first = try operand(left, at: start)
        skipBlanks()
        let second = at
        return .compare(first, comparison, try operand(try term(), at: second))
    }

    private mutating func parenthesised() throws(JSONPathError) -> PathFilter {
        try expect("(")
        skipBlanks()
        let inside = try logical()
        skipBlanks()
        try expect(")")
        return inside
    }

    private mutating func comparison() -> PathComparison? {
        if take("==") { return .equal }
        if take("!=") { return .notEqual }
        if take("<=") { return .lessOrEqual }
        if take(">=") { return .greaterOrEqual }
        if take("<") { return .less }
        if take(">") { return .greater }
        return nil
    }

    /// A term that stands alone: does something exist, or is a function true.
    private func test(_ term: Term, at start: Int) throws(JSONPathError) -> PathFilter {
        switch term {
        case .query(let query): return .exists(query)
        case .logical(let filter): return filter
        case .literal: throw error(.unexpected)
        case .value: throw JSONPathError(.wrongType, at: start)
        }
    }

    /// A term as one value: for comparisons and for arguments.
    private func operand(_ term: Term, at start: Int) throws(JSONPathError) -> PathOperand {
        switch term {
        case .literal(let operand), .value(let operand): return operand
        case .query(let query):
            guard JSONPath.isSingular(query.segments) else { throw JSONPathError(.notSingular, at: start) }
            return .query(query)
        case .logical: throw JSONPathError(.wrongType, at: start)
        }
    }

    private mutating func term() throws(JSONPathError) -> Term {
        switch peek {
        case UInt8(ascii: "@"), UInt8(ascii: "$"):
            let isRelative = peek == UInt8(ascii: "@")
            at += 1
            depth += 1
            guard depth <= Self.deepest else { throw error(.tooDeep) }
            defer { depth -= 1 }
            return .query(PathQuery(isRelative: isRelative, segments: try segments()))
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return .literal(.string(try quoted()))
        case UInt8(ascii: "-"), (0x30...0x39)?:
            return .literal(try number())
        case (0x61...0x7A)?:
            return try word()
        default: throw error(.unexpected)
        }
    }

    private mutating func number() throws(JSONPathError) -> PathOperand {
        let start = at
        while let byte = peek {
            let isPart =
                byte &- 0x30 < 10 || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            guard isPart else { break }
            at += 1
        }
        // The grammar is that of JSON.
        let digits = Array(text[start..<at])
        guard let node = try? JSONDocument(digits).root, node.kind == .number else {
            throw JSONPathError(.badNumber, at: start)
        }
        return .number(integer: node.int64, PathEvaluation.double(of: node))
    }

    /// A literal or a function's name with its arguments.
    private mutating func word() throws(JSONPathError) -> Term {
        let start = at
        while let byte = peek {
            let isPart = byte &- 0x61 < 26 || byte == UInt8(ascii: "_") || byte &- 0x30 < 10
            guard isPart else { break }
            at += 1
        }
        let name = String(decoding: text[start..<at], as: UTF8.self)
        guard peek == UInt8(ascii: "(") else {
            switch name {
            case "true": return .literal(.bool(true))
            case "false": return .literal(.bool(false))
            case "null": return .literal(.null)
            default: throw JSONPathError(.unexpected, at: start)
            }
        }
        guard ["length", "count", "value", "match", "search"].contains(name) else {
            throw JSONPathError(.unknownFunction, at: start)
        }
        return try function(name, at: start)
    }

    private mutating func function(_ name: String, at start: Int) throws(JSONPathError) -> Term {
        depth += 1
        guard depth <= Self.deepest else { throw error(.tooDeep) }
        defer { depth -= 1 }
        var arguments: [(term: Term, start: Int)] = []
        try expect("(")
        skipBlanks()
        if peek != UInt8(ascii: ")") {
            repeat {
                skipBlanks()
                let place = at
                arguments.append((try argument(), place))
                skipBlanks()
            } while take(",")
        }
        try expect(")")
        guard arguments.count == (name == "match" || name == "search" ? 2 : 1) else {
            throw JSONPathError(.wrongArgumentCount, at: start)
        }
        let first = arguments[0]
        switch name {
        case "length": return .value(.length(try operand(first.term, at: first.start)))
        case "count", "value":
            guard case .query(let query) = first.term else { throw JSONPathError(.wrongType, at: first.start) }
            return .value(name == "count" ? .count(query) : .value(query))
        default:
            let subject = try operand(first.term, at: first.start)
            let pattern = try operand(arguments[1].term, at: arguments[1].start)
            let compiled: PathPattern
            if case .string(let expression) = pattern {
                compiled = .fixed(try? IRegexp(expression))
            } else {
                compiled = .computed(pattern)
            }
            return .logical(.matches(subject, compiled, isSearch: name == "search"))
        }
    }

    /// No function takes a condition, so what is no term is of the wrong type.
    private mutating func argument() throws(JSONPathError) -> Term {
        let start = at
        if peek == UInt8(ascii: "!") || peek == UInt8(ascii: "(") { throw error(.wrongType) }
        let term = try term()
        let behind = at
        skipBlanks()
        if comparison() != nil || take("&&") || take("||") { throw JSONPathError(.wrongType, at: start) }
        at = behind
        return term
    }
}
