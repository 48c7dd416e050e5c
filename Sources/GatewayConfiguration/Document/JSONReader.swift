/// Reads JSON (RFC 8259, strictly) into the document: the second front end, for `.json` files and text that begins
/// with `{`.
///
/// libyaml reads most JSON too, but neither refuses what JSON forbids (trailing commas, comments, bare words) nor knows
/// its escapes; a file called `.json` should be what every other JSON tool takes. It is a loop over bytes with an
/// explicit stack in the builder: no recursion, so depth is bounded by a count and not by the stack.
struct JSONReader {
    private let text: [UInt8]
    private var at = 0
    /// Line and column are counted as the reader passes, from the last place that was asked for.
    private var markOffset = 0
    private var markLine = 1
    private var markColumn = 1
    private var scratch: [UInt8] = []
    /// Open containers: true for an object.
    private var open: [Bool] = []

    static func read(_ text: [UInt8], into builder: inout DocumentBuilder) throws(ReadFailure) {
        var reader = JSONReader(text: text)
        try reader.run(into: &builder)
    }

    private init(text: [UInt8]) { self.text = text }

    /// 1. The first value. 2. While a container is open: its end, or a comma and the next element. 3. Nothing but space.
    private mutating func run(into builder: inout DocumentBuilder) throws(ReadFailure) {
        // RFC 8259 §8.1: must not be added; other readers stumble over it.
        if text.starts(with: [0xef, 0xbb, 0xbf]) {
            throw failure("a byte order mark", fix: "save the file without one")
        }
        try value(into: &builder)
        while let isObject = open.last {
            skipSpace()
            let byte = peek
            if byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                let position = position(at)
                at += 1
                open.removeLast()
                try builder.end(at: position)
                started = true
                continue
            }
            if started {
                guard byte == UInt8(ascii: ",") else {
                    throw failure(isObject ? "expected \",\" or \"}\"" : "expected \",\" or \"]\"")
                }
                let comma = at
                at += 1
                skipSpace()
                if peek == UInt8(ascii: "}") || peek == UInt8(ascii: "]") {
                    at = comma
                    throw failure("a comma after the last element", fix: "remove the comma")
                }
            }
            if isObject { try key(into: &builder) }
            try value(into: &builder)
        }
        skipSpace()
        if at < text.count { throw failure("text after the end of the value") }
    }

    /// Whether the innermost container has an element already: true right after any value.
    private var started = false

    private mutating func key(into builder: inout DocumentBuilder) throws(ReadFailure) {
        skipSpace()
        guard peek == UInt8(ascii: "\"") else {
            throw failure("expected a key between quotation marks", fix: "write keys as \"name\"; JSON has no comments")
        }
        let position = position(at)
        try string()
        try builder.key(scratch.span, at: position)
        skipSpace()
        guard peek == UInt8(ascii: ":") else { throw failure("expected \":\" after the key") }
        at += 1
    }

    /// A scalar, or the opening of a container.
    private mutating func value(into builder: inout DocumentBuilder) throws(ReadFailure) {
        skipSpace()
        let position = position(at)
        let first = peek ?? 0
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = first == UInt8(ascii: "{")
            at += 1
            try builder.begin(mapping: isObject, anchor: nil, at: position)
            open.append(isObject)
            started = false
            return
        case UInt8(ascii: "\""):
            try string()
            try builder.scalar(scratch.span, quoted: true, anchor: nil, at: position)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let start = at
            try number()
            try builder.scalar(text.span.extracting(start..<at), quoted: false, anchor: nil, at: position)
        default:
            let start = at
            while at < text.count, isWordByte(text[at]) { at += 1 }
            let word = String(copying: text.span.extracting(start..<at))
            // NaN, Infinity, undefined and YAML's bare words end up here.
            guard word == "true" || word == "false" || word == "null" else {
                at = start
                if at >= text.count { throw failure("the text ends where a value should stand") }
                throw failure(
                    "expected a value",
                    fix: "write a string between quotation marks, a number, true, false, null, { or [")
            }
            try builder.scalar(text.span.extracting(start..<at), quoted: false, anchor: nil, at: position)
        }
        started = true
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    // MARK: Numbers (RFC 8259 §6)

    /// Checks the grammar and leaves the text alone: whether a number fits is asked by who needs it, and `1.10` stays
    /// `1.10` where a template passes it on.
    private mutating func number() throws(ReadFailure) {
        if peek == UInt8(ascii: "-") { at += 1 }
        if peek == UInt8(ascii: "0") {
            at += 1
            if isDigit(peek) { throw failure("a number with a leading zero") }
        } else {
            try digits()
        }
        if peek == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            at += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
    }

    private mutating func digits() throws(ReadFailure) {
        guard isDigit(peek) else { throw failure("expected a digit") }
        while isDigit(peek) { at += 1 }
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    // MARK: Strings (RFC 8259 §7)

    /// Decodes the string at `at` into `scratch`.
    private mutating func string() throws(ReadFailure) {
        scratch.removeAll(keepingCapacity: true)
        let start = at
        at += 1
        while true {
            guard at < text.count else {
                at = start
                throw failure("a string without an end")
            }
            let byte = text[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                break
            }
            // RFC 8259 §7: control characters must be escaped.
            if byte < 0x20 { throw failure("a control character in a string", fix: "write it as \\n, \\t or \\u00XX") }
            if byte == UInt8(ascii: "\\") {
                try escape()
            } else {
                scratch.append(byte)
                at += 1
            }
        }
        if !isValidUTF8(scratch) {
            at = start
            throw failure("a string that is not UTF-8", fix: "save the file as UTF-8")
        }
    }

    private func isValidUTF8(_ bytes: [UInt8]) -> Bool {
        // Plain ASCII, the common case, needs no decoding.
        if bytes.allSatisfy({ $0 < 0x80 }) { return true }
        return String(validating: bytes, as: UTF8.self) != nil
    }

    private mutating func escape() throws(ReadFailure) {
        at += 1
        let escaped = peek
        at += 1
        switch escaped {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(escaped ?? 0)
        case UInt8(ascii: "b"): scratch.append(0x08)
        case UInt8(ascii: "f"): scratch.append(0x0c)
        case UInt8(ascii: "n"): scratch.append(0x0a)
        case UInt8(ascii: "r"): scratch.append(0x0d)
        case UInt8(ascii: "t"): scratch.append(0x09)
        // UTF-16 in hexadecimal: what lies beyond 16 bits comes as a pair.
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xd800..<0xdc00).contains(code), peek == UInt8(ascii: "\\"),
                at + 1 < text.count, text[at + 1] == UInt8(ascii: "u")
            {
                at += 2
                let low = try hexadecimal()
                guard (0xdc00..<0xe000).contains(low) else { throw failure("half of a surrogate pair") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
            scratch.append(contentsOf: String(scalar).utf8)
        default:
            at -= 2
            throw failure("an unknown escape in a string", fix: "write \\\\ for a backslash")
        }
    }

    private mutating func hexadecimal() throws(ReadFailure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = hexadecimalDigit(byte) else {
                throw failure("expected four hexadecimal digits after \\u")
            }
            code = code << 4 | UInt32(digit)
            at += 1
        }
        return code
    }

    // MARK: Places

    private var peek: UInt8? { at < text.count ? text[at] : nil }

    /// The four that RFC 8259 §2 allows, not all that Unicode calls a space.
    private mutating func skipSpace() {
        while at < text.count {
            switch text[at] {
            case 0x20, 0x09, 0x0a, 0x0d: at += 1
            default: return
            }
        }
    }

    /// Amortised over the file this reads each byte once, whatever the length of the lines.
    private mutating func position(_ offset: Int) -> DocumentBuilder.Position {
        if offset < markOffset {
            markOffset = 0
            markLine = 1
            markColumn = 1
        }
        while markOffset < min(offset, text.count) {
            let byte = text[markOffset]
            if byte == UInt8(ascii: "\n") {
                markLine += 1
                markColumn = 1
            } else if byte & 0xc0 != 0x80 {
                markColumn += 1
            }
            markOffset += 1
        }
        return DocumentBuilder.Position(line: markLine, column: markColumn)
    }

    private mutating func failure(_ message: String, fix: String? = nil) -> ReadFailure {
        let position = position(at)
        return ReadFailure(line: position.line, column: position.column, message: "not JSON: \(message)", fix: fix)
    }
}

func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
