/// Reads the text of a path, by the grammar of RFC 9535 appendix A, rule by rule.
struct PathParser {
    let text: [UInt8]
    var at = 0
    /// Filters and parentheses that are open; each costs stack.
    var depth = 0

    static let deepest = 32

    static func parse(_ text: String) throws(JSONPathError) -> [JSONPath.Segment] {
        var parser = PathParser(text: Array(text.utf8))
        guard parser.take("$") else { throw JSONPathError(.noRoot, at: 0) }
        let segments = try parser.segments()
        // White space stands between segments, not behind the last.
        guard parser.at == parser.text.count else { throw parser.error(.expectedSegment) }
        return segments
    }

    // MARK: Bytes

    var peek: UInt8? { at < text.count ? text[at] : nil }

    func error(_ code: JSONPathError.Code) -> JSONPathError { JSONPathError(code, at: at) }

    mutating func take(_ word: String) -> Bool {
        let word = Array(word.utf8)
        guard text[at...].starts(with: word) else { return false }
        at += word.count
        return true
    }

    mutating func expect(_ word: String) throws(JSONPathError) {
        guard take(word) else { throw error(.unexpected) }
    }

    mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { at += 1 }
    }

    // MARK: Segments

    /// All segments that follow. Blanks behind the last are left where they are.
    mutating func segments() throws(JSONPathError) -> [JSONPath.Segment] {
        var segments: [JSONPath.Segment] = []
        while true {
            let before = at
            skipBlanks()
            if take("..") {
                let selectors = peek == UInt8(ascii: "[") ? try bracketed() : [try shorthand()]
                segments.append(.init(isDescendant: true, selectors: selectors))
            } else if take(".") {
                segments.append(.init(isDescendant: false, selectors: [try shorthand()]))
            } else if peek == UInt8(ascii: "[") {
                segments.append(.init(isDescendant: false, selectors: try bracketed()))
            } else {
                at = before
                return segments
            }
        }
    }

    /// `*` or a name without quotes.
    private mutating func shorthand() throws(JSONPathError) -> JSONPath.Selector {
        if take("*") { return .wildcard }
        let start = at
        while let byte = peek {
            let isLetter = (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_") || byte >= 0x80
            guard isLetter || (at > start && byte &- 0x30 < 10) else { break }
            at += 1
        }
        guard at > start else { throw error(.expectedName) }
        return .name(Array(text[start..<at]))
    }

    private mutating func bracketed() throws(JSONPathError) -> [JSONPath.Selector] {
        try expect("[")
        var selectors: [JSONPath.Selector] = []
        repeat {
            skipBlanks()
            selectors.append(try selector())
            skipBlanks()
        } while take(",")
        try expect("]")
        return selectors
    }

    private mutating func selector() throws(JSONPathError) -> JSONPath.Selector {
        switch peek {
        case UInt8(ascii: "*"):
            at += 1
            return .wildcard
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return .name(try quoted())
        case UInt8(ascii: "?"):
            at += 1
            skipBlanks()
            return .filter(try logical())
        case UInt8(ascii: ":"), UInt8(ascii: "-"), (0x30...0x39)?:
            return try indexOrSlice()
        default: throw error(.expectedSelector)
        }
    }

    private mutating func indexOrSlice() throws(JSONPathError) -> JSONPath.Selector {
        let first = try integerIfAny()
        let behindFirst = at
        skipBlanks()
        guard take(":") else {
            at = behindFirst
            guard let first else { throw error(.expectedSelector) }
            return .index(first)
        }
        skipBlanks()
        let end = try integerIfAny()
        skipBlanks()
        var step = 1
        if take(":") {
            skipBlanks()
            step = try integerIfAny() ?? 1
        }
        return .slice(start: first, end: end, step: step)
    }

    private mutating func integerIfAny() throws(JSONPathError) -> Int? {
        let start = at
        let isNegative = take("-")
        let digits = at
        var value = 0
        while let byte = peek, byte &- 0x30 < 10 {
            value = value * 10 + Int(byte - 0x30)
            guard value < 1 << 53 else { throw JSONPathError(.badInteger, at: start) }
            at += 1
        }
        if at == start { return nil }
        let isZero = value == 0 && at - digits == 1
        guard at > digits, isZero ? !isNegative : text[digits] != UInt8(ascii: "0") else {
            throw JSONPathError(.badInteger, at: start)
        }
        return isNegative ? -value : value
    }

    // MARK: Strings

    /// A string in either kind of quotes. The escapes are those of JSON and the quote that is used.
    mutating func quoted() throws(JSONPathError) -> [UInt8] {
        let quote = text[at]
        at += 1
        let start = at
        var hasEscapes = false
        while let byte = peek, byte != quote {
            guard byte >= 0x20 else { throw error(.badString) }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                try escape(quote)
            } else {
                at += 1
            }
        }
        let raw = Array(text[start..<at])
        guard peek == quote else { throw error(.badString) }
        at += 1
        guard hasEscapes else { return raw }
        var output: [UInt8] = []
        JSONText.unescape(raw.span, into: &output)
        return output
    }

    private mutating func escape(_ quote: UInt8) throws(JSONPathError) {
        at += 1
        guard let byte = peek else { throw error(.badString) }
        at += 1
        switch byte {
        case quote, UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let code = try hexadecimal()
            guard code & 0xFC00 != 0xDC00 else { throw error(.badString) }
            guard code & 0xFC00 == 0xD800 else { return }
            guard take("\\u"), try hexadecimal() & 0xFC00 == 0xDC00 else { throw error(.badString) }
        default: throw JSONPathError(.badString, at: at - 1)
        }
    }

    private mutating func hexadecimal() throws(JSONPathError) -> Int {
        var code = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Hex.value(of: byte) else { throw error(.badString) }
            code = code << 4 | Int(digit)
            at += 1
        }
        return code
    }
}
