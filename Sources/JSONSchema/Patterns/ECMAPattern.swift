/// Writes a regular expression of ECMA-262 as one that means the same to PCRE2.
///
/// The two agree on most. What differs is written out: `\s` and `.` know the white space and line ends of Unicode,
/// `\uXXXX` and pairs of them are one character, a `[` within a class is itself, names of categories may be long. What
/// PCRE2 knows and ECMA-262 does not (`\A`, `(?>…)`, `a++`, `(*VERB)`) is refused, so that an expression does here what
/// it does elsewhere.
struct ECMAPattern {
    struct Failure: Error {
        var message: String
        /// Counted in characters.
        var offset: Int
    }

    private let text: [Unicode.Scalar]
    private var at = 0
    private var output = ""
    /// A quantifier may follow.
    private var hasAtom = false

    private static let space =
        "\\t-\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}"
    /// All others.
    private static let notSpace =
        "\\x{0}-\\x{8}\\x{E}-\\x{1F}\\x{21}-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}"
        + "\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}"

    static func translate(_ text: String) throws(Failure) -> String {
        var pattern = ECMAPattern(text: Array(text.unicodeScalars))
        try pattern.run()
        return pattern.output
    }

    private init(text: [Unicode.Scalar]) { self.text = text }

    private var next: Unicode.Scalar? { at < text.count ? text[at] : nil }

    private func failure(_ message: String) -> Failure { Failure(message: message, offset: at) }

    private mutating func run() throws(Failure) {
        while let scalar = next {
            at += 1
            switch scalar {
            case "\\": try escape(inClass: false)
            case "[": try characterClass()
            case "(": try group()
            case ".":
                output += "[^\\n\\r\\x{2028}\\x{2029}]"
                hasAtom = true
            case "*", "+", "?": try quantifier(String(Character(scalar)))
            case "{": try braces()
            case "|", "^":
                output.unicodeScalars.append(scalar)
                hasAtom = false
            default:
                output.unicodeScalars.append(scalar)
                hasAtom = true
            }
        }
    }

    private mutating func quantifier(_ text: String) throws(Failure) {
        guard hasAtom else { throw failure("nothing to repeat") }
        output += text
        if next == "?" {
            output += "?"
            at += 1
        }
        hasAtom = false
    }

    /// `{2}`, `{2,}`, `{2,5}`; any other brace is itself.
    private mutating func braces() throws(Failure) {
        var end = at
        var digits = 0
        var commas = 0
        var isCount = false
        while end < text.count {
            let scalar = text[end]
            end += 1
            if scalar == "}" {
                isCount = digits > 0
                break
            }
            if scalar == ",", digits > 0, commas == 0 {
                commas += 1
            } else if ("0"..."9").contains(scalar) {
                digits += 1
            } else {
                break
            }
        }
        guard isCount else {
            output += "\\{"
            hasAtom = true
            return
        }
        var count = "{"
        count.unicodeScalars.append(contentsOf: text[at..<end])
        at = end
        try quantifier(count)
    }

    private mutating func group() throws(Failure) {
        hasAtom = false
        if next == "*" { throw failure("nothing to repeat") }
        guard next == "?" else {
            output += "("
            return
        }
        at += 1
        let rest = text[at...].prefix(2).map { String(Character($0)) }.joined()
        if rest.hasPrefix(":") || rest.hasPrefix("=") || rest.hasPrefix("!") || rest == "<=" || rest == "<!" {
            let length = rest.hasPrefix("<") ? 2 : 1
            output += "(?" + rest.prefix(length)
            at += length
        } else if rest.hasPrefix("<") {
            output += "(?<"
            at += 1
        } else {
            throw failure("a group of a kind that ECMA-262 does not have")
        }
    }

    private mutating func characterClass() throws(Failure) {
        output += "["
        if next == "^" {
            output += "^"
            at += 1
        }
        while let scalar = next {
            at += 1
            switch scalar {
            case "]":
                output += "]"
                hasAtom = true
                return
            case "[": output += "\\["
            case "\\": try escape(inClass: true)
            default: output.unicodeScalars.append(scalar)
            }
        }
        throw failure("a class without its end")
    }

    // MARK: Escapes

    private mutating func escape(inClass: Bool) throws(Failure) {
        guard let scalar = next else { throw failure("a backslash at the end") }
        at += 1
        hasAtom = true
        switch scalar {
        case "d", "D", "w", "W", "f", "n", "r", "t", "v": output += scalar == "v" ? "\\x0B" : "\\\(scalar)"
        case "s": output += inClass ? Self.space : "[\(Self.space)]"
        case "S": output += inClass ? Self.notSpace : "[^\(Self.space)]"
        case "b", "B":
            guard inClass else {
                output += "\\\(scalar)"
                hasAtom = false
                return
            }
            guard scalar == "b" else { throw failure("\\B in a class") }
            output += "\\x08"
        case "0": output += "\\x{0}"
        case "1"..."9":
            guard !inClass else { throw failure("a back reference in a class") }
            var number = String(Character(scalar))
            while let digit = next, ("0"..."9").contains(digit) {
                number.unicodeScalars.append(digit)
                at += 1
            }
            output += "\\g{\(number)}"
        case "c":
            guard let letter = next, ("a"..."z").contains(letter) || ("A"..."Z").contains(letter) else {
                throw failure("\\c without a letter")
            }
            at += 1
            append(letter.value & 31)
        case "x": append(try hexadecimal(2))
        case "u": try unicode()
        case "k":
            guard !inClass, next == "<" else { throw failure("\\k without a name") }
            output += "\\k"
        case "p", "P": try property(isNegated: scalar == "P")
        case "a"..."z", "A"..."Z": throw failure("\\\(scalar) is no escape of ECMA-262")
        default:
            // Any other character is itself.
            if scalar.isASCII { output += "\\" }
            output.unicodeScalars.append(scalar)
        }
    }

    private mutating func append(_ code: UInt32) { output += "\\x{\(String(code, radix: 16))}" }

    private mutating func hexadecimal(_ count: Int) throws(Failure) -> UInt32 {
        guard text.count - at >= count else { throw failure("too few digits") }
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = Character(text[at]).hexDigitValue else { throw failure("no hexadecimal digit") }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }

    private mutating func unicode() throws(Failure) {
        if next == "{" {
            at += 1
            var value: UInt32 = 0
            var digits = 0
            while let scalar = next, scalar != "}" {
                guard let digit = Character(scalar).hexDigitValue, digits < 6 else { throw failure("no character") }
                value = value << 4 | UInt32(digit)
                digits += 1
                at += 1
            }
            guard next == "}", digits > 0, Unicode.Scalar(value) != nil else { throw failure("no character") }
            at += 1
            return append(value)
        }
        var code = try hexadecimal(4)
        if code & 0xFC00 == 0xD800, next == "\\", at + 1 < text.count, text[at + 1] == "u" {
            at += 2
            let low = try hexadecimal(4)
            guard low & 0xFC00 == 0xDC00 else { throw failure("half of a surrogate pair") }
            code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
        }
        guard Unicode.Scalar(code) != nil else { throw failure("half of a surrogate pair") }
        append(code)
    }

    /// `\p{Lu}`, `\p{Letter}`, `\p{Script=Greek}`, `\p{gc=Lu}`.
    private mutating func property(isNegated: Bool) throws(Failure) {
        guard next == "{", let end = text[at...].firstIndex(of: "}") else { throw failure("\\p without a name") }
        var name = ""
        name.unicodeScalars.append(contentsOf: text[(at + 1)..<end])
        for prefix in ["General_Category=", "gc=", "Script=", "sc=", "Script_Extensions=", "scx="]
        where name.hasPrefix(prefix) {
            name.removeFirst(prefix.count)
        }
        guard !name.isEmpty, name.unicodeScalars.allSatisfy({ $0.isASCII && ($0.properties.isAlphabetic || $0 == "_") })
        else { throw failure("\\p without a name") }
        at = end + 1
        if name == "ASCII" {
            output += isNegated ? "[^\\x{0}-\\x{7F}]" : "[\\x{0}-\\x{7F}]"
        } else {
            output += (isNegated ? "\\P{" : "\\p{") + (Self.categories[name] ?? name) + "}"
        }
    }

    /// The long names of the general categories.
    private static let categories = [
        "Letter": "L", "Cased_Letter": "L&", "LC": "L&", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll",
        "Titlecase_Letter": "Lt", "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M",
        "Nonspacing_Mark": "Mn", "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd",
        "digit": "Nd", "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P",
        "Connector_Punctuation": "Pc", "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe",
        "Initial_Punctuation": "Pi", "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S",
        "Math_Symbol": "Sm", "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z",
        "Space_Separator": "Zs", "Line_Separator": "Zl", "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc",
        "cntrl": "Cc", "Format": "Cf", "Surrogate": "Cs", "Private_Use": "Co", "Unassigned": "Cn",
    ]
}
