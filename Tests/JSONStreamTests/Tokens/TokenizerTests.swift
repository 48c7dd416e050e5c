import JSONStream
import Testing

/// RFC 8259, rule by rule: what is a document, and where one stops being one.
@Suite struct TokenizerTests {
    /// A text and, if it is refused, why and where.
    struct Case: CustomTestStringConvertible {
        var input: [UInt8]
        var code: JSONError.Code?
        var offset = 0
        var testDescription: String { String(decoding: input, as: UTF8.self) }

        static func good(_ text: String) -> Case { Case(input: bytes(text)) }
        static func bad(_ text: String, _ code: JSONError.Code, _ offset: Int) -> Case {
            Case(input: bytes(text), code: code, offset: offset)
        }
        static func bad(_ input: [UInt8], _ code: JSONError.Code, _ offset: Int) -> Case {
            Case(input: input, code: code, offset: offset)
        }
    }

    static let structure: [Case] = [
        .good("{}"), .good("[]"), .good(" [ ] "), .good("{ }"), .good("null"), .good("\t\r\n true \n"), .good("\"\""),
        .good(#"{"":1}"#), .good(#"{"a":1,"a":2}"#), .good(#"{"a" : {"b" :[1 , 2,{}]}, "c": null}"#),
        .good("[[[[]]]]"), .good("[1,\n        2]"), .good(#"["a","b",false]"#), .good("[[],[],{}]"),
        .bad("", .truncated, 0), .bad("   ", .truncated, 3), .bad("[", .truncated, 1), .bad("{", .truncated, 1),
        .bad("[1", .truncated, 2), .bad("[1,", .truncated, 3), .bad(#"{"a""#, .truncated, 4),
        .bad(#"{"a":"#, .truncated, 5), .bad(#"{"a":1"#, .truncated, 6), .bad(#"{"a":1,"#, .truncated, 7),
        .bad("[1,]", .expectedValue, 3), .bad("[,1]", .expectedValue, 1), .bad("[1 2]", .expectedCommaOrEnd, 3),
        .bad("[1}", .expectedCommaOrEnd, 2), .bad(#"{"a":1]"#, .expectedCommaOrEnd, 6),
        .bad(#"{"a":1,}"#, .expectedKey, 7), .bad("{1:2}", .expectedKey, 1), .bad("{,}", .expectedKey, 1),
        .bad(#"{"a" 1}"#, .expectedColon, 5), .bad(#"{"a"}"#, .expectedColon, 4), .bad(#"{"a":}"#, .expectedValue, 5),
        .bad(#"{"a"::1}"#, .expectedValue, 5), .bad("]", .expectedValue, 0), .bad("}", .expectedValue, 0),
        .bad("{} x", .trailingBytes, 3), .bad("1 2", .trailingBytes, 2), .bad("[]]", .trailingBytes, 2),
        .bad("[1]\0", .trailingBytes, 3), .bad("'a'", .expectedValue, 0), .bad("{'a':1}", .expectedKey, 1),
        .bad("[1/**/]", .expectedCommaOrEnd, 2), .bad("//\n1", .expectedValue, 0), .bad("\u{0C}1", .expectedValue, 0),
        .bad("[\u{0B}1]", .expectedValue, 1), .bad("\u{A0}1", .expectedValue, 0),
        .bad([0xEF, 0xBB, 0xBF, 0x31], .byteOrderMark, 0), .bad([0x20, 0xEF, 0xBB, 0xBF, 0x31], .expectedValue, 1),
    ]

    static let literals: [Case] = [
        .good("true"), .good("false"), .good("null"), .good("[true,false,null]"), .bad("tru", .truncated, 3),
        .bad("truE", .badLiteral, 3), .bad("nul]", .badLiteral, 3), .bad("[fals]", .badLiteral, 5),
        .bad("True", .expectedValue, 0), .bad("nulll", .trailingBytes, 4), .bad("[truefalse]", .expectedCommaOrEnd, 5),
        .bad("NaN", .expectedValue, 0), .bad("Infinity", .expectedValue, 0), .bad("undefined", .expectedValue, 0),
    ]

    static let numbers: [Case] = [
        .good("0"), .good("-0"), .good("12"), .good("-12.50"), .good("0.1"), .good("1e5"), .good("1E+05"),
        .good("0e0"), .good("0.0e-00"), .good("123456789012345678901234567890.123456789e999"), .good("[0,-0,1.5]"),
        .bad("-", .truncated, 1), .bad("1.", .truncated, 2), .bad("1e", .truncated, 2), .bad("1e+", .truncated, 3),
        .bad("01", .badNumber, 1), .bad("-01", .badNumber, 2), .bad("[-]", .badNumber, 2), .bad("[1.]", .badNumber, 3),
        .bad("[1.e1]", .badNumber, 3), .bad("[1e]", .badNumber, 3), .bad("[1e+]", .badNumber, 4),
        .bad("[.5]", .expectedValue, 1), .bad("+1", .expectedValue, 0), .bad("[1.5.2]", .expectedCommaOrEnd, 4),
        .bad("[1e1.5]", .expectedCommaOrEnd, 4), .bad("[0x10]", .expectedCommaOrEnd, 2),
        .bad("[1-2]", .expectedCommaOrEnd, 2), .bad("[1e5e5]", .expectedCommaOrEnd, 4), .bad("--1", .badNumber, 1),
        .bad("[1_000]", .expectedCommaOrEnd, 2), .bad("1a", .trailingBytes, 1),
    ]

    static let strings: [Case] = [
        .good(#""plain text that is longer than eight bytes""#), .good(#""\"\\\/\b\f\n\r\t""#), .good(#""\u0000""#),
        .good(#""\u00e9\u4E2d""#), .good(#""\ud83d\ude00""#), .good(#""\uD83D\uDE00x""#), .good("\"\u{7F}\""),
        .good("\"é中😀\u{10FFFF}\u{FFFF}\u{E000}\""), .good("\"aé中😀 and some more ASCII behind it\""),
        .good(#"{"\u0061":"b"}"#), .good("\"\u{FEFF}\""),
        .bad("\"", .truncated, 1), .bad("\"abc", .truncated, 4), .bad(#""\"#, .truncated, 2),
        .bad(#""\u12"#, .truncated, 5), .bad(#""\ud83d\u"#, .truncated, 9), .bad(#""\a""#, .badEscape, 2),
        .bad(#""\U0041""#, .badEscape, 2), .bad(#""\u00g0""#, .badEscape, 5), .bad(#""\'""#, .badEscape, 2),
        .bad(#""\x41""#, .badEscape, 2), .bad(#""\u004""#, .badEscape, 6), .bad("\"\n\"", .controlCharacter, 1),
        .bad("\"a\u{00}\"", .controlCharacter, 2), .bad("\"12345678\u{1F}\"", .controlCharacter, 9),
        .bad("\"a\tb\"", .controlCharacter, 2), .bad("\"\\\n\"", .badEscape, 2),
        .bad(#""\ud800""#, .loneSurrogate, 7), .bad(#""\udc00""#, .loneSurrogate, 6),
        .bad(#""\ud800x""#, .loneSurrogate, 7), .bad(#""\ud800\n""#, .loneSurrogate, 8),
        .bad(#""\ud800\ud800""#, .loneSurrogate, 12), .bad(#""\ud800\u0041""#, .loneSurrogate, 12),
        .bad(#""\udc00\ud800""#, .loneSurrogate, 6), .bad(#"{"\ud800":1}"#, .loneSurrogate, 8),
    ]

    /// RFC 3629 §4, around each border of its table.
    private static let sequences: [(Int, [UInt8])] = [
        (0, [0xC2, 0x80]), (0, [0xDF, 0xBF]), (0, [0xE0, 0xA0, 0x80]), (0, [0xED, 0x9F, 0xBF]),
        (0, [0xEE, 0x80, 0x80]), (0, [0xEF, 0xBF, 0xBF]), (0, [0xF0, 0x90, 0x80, 0x80]), (0, [0xF4, 0x8F, 0xBF, 0xBF]),
        (1, [0x80]), (1, [0xBF]), (1, [0xC0, 0x80]), (1, [0xC1, 0xBF]), (2, [0xC2, 0x41]), (2, [0xE0, 0x9F, 0xBF]),
        (2, [0xED, 0xA0, 0x80]), (3, [0xE1, 0x80, 0x41]), (2, [0xF0, 0x8F, 0xBF, 0xBF]), (2, [0xF4, 0x90, 0x80, 0x80]),
        (1, [0xF5, 0x80, 0x80, 0x80]), (1, [0xFF]), (1, [0xFE]), (2, [0xC3, 0xC3]), (4, [0xF1, 0x80, 0x80, 0xC0]),
        (3, [0xC3, 0xA9, 0xA9]), (2, [0xE2, 0x22]),
    ]

    /// At the string's beginning, and behind more than a word of plain text.
    static let encoding: [Case] = [0, 11].flatMap { shift -> [Case] in
        sequences.map { offset, inside -> Case in
            var input: [UInt8] = [0x22]
            input += [UInt8](repeating: 0x61, count: shift)
            input += inside
            input.append(0x22)
            return offset > 0 ? .bad(input, .badUTF8, offset + shift) : Case(input: input)
        }
    }

    @Test("each rule, however the bytes are cut", arguments: structure + literals + numbers + strings + encoding)
    func rules(_ rule: Case) {
        let whole = read(rule.input)
        #expect(whole.error == rule.code.map { JSONError($0, at: rule.offset) })
        #expect(read(rule.input, emptyLast: true) == whole)
        #expect(read(rule.input, cuts: Array(0...rule.input.count)) == whole, "byte by byte")
        for cut in 0...rule.input.count {
            #expect(read(rule.input, cuts: [cut]) == whole, "cut at \(cut)")
        }
    }

    @Test("no document can be cut short") func truncation() {
        let document = bytes(#"{"a":[1.5e3,true,"x\u00e9é\ud83d\ude00"],"b":{"c":null}}"#)
        #expect(read(document).error == nil)
        for end in 0..<document.count {
            let reading = read(Array(document[..<end]))
            #expect(reading.error == JSONError(.truncated, at: end))
        }
    }

    @Test("tokens are the raw text") func tokens() {
        let reading = read(bytes(#" { "a\n" : [ -1.50 , "b" ] , "c":true} "#))
        #expect(
            reading.description == #"objectStart:{ key:"a\n" arrayStart:[ number:-1.50 string:"b" arrayEnd:] "#
                + #"key:"c" true:true objectEnd:}"#)
        #expect(reading.items[1].isEscaped && !reading.items[4].isEscaped)
    }

    @Test("depth is what is open at once", arguments: [0, 1, 2, 64, 65, 128, 1024]) func depth(_ limit: Int) {
        let limits = JSONLimits(depth: limit)
        for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
            let levels = open == #"[{"a":"# ? 2 : 1
            guard limit % levels == 0 else { continue }
            let fits =
                String(repeating: open, count: limit / levels) + "1"
                + String(repeating: close, count: limit / levels)
            #expect(read(bytes(fits), limits: limits).error == nil)
            let over = String(repeating: open, count: limit / levels) + "["
            #expect(
                read(bytes(over), limits: limits).error
                    == JSONError(.tooDeep, at: open.utf8.count * (limit / levels)))
        }
        // Depth is given back: many neighbours are not deep.
        if limit > 1 {
            let wide = "[" + Array(repeating: "[]", count: 3000).joined(separator: ",") + "]"
            #expect(read(bytes(wide), limits: limits).error == nil)
        }
    }

    @Test("size counts every byte, and does not depend on cuts") func size() {
        let document = bytes(#"["abcdef", 123]   "#)
        for limit in 0...document.count {
            let limits = JSONLimits(size: limit)
            let whole = read(document, limits: limits)
            #expect(whole.error == (limit < document.count ? JSONError(.tooLarge, at: limit) : nil))
            for cut in 0...document.count { #expect(read(document, cuts: [cut], limits: limits) == whole) }
        }
    }

    @Test("lone surrogates are kept where asked") func surrogates() {
        let limits = JSONLimits(keepsLoneSurrogates: true)
        for text in [#""\ud800""#, #""\udc00\ud800""#, #""\ud800x\ud83d\ude00""#] {
            #expect(read(bytes(text), limits: limits).items.map(\.text) == [bytes(text)])
        }
        #expect(read(bytes(#""\ud80g""#), limits: limits).error?.code == .badEscape)
    }

    @Test("an error stays") func final() {
        var tokenizer = JSONTokenizer()
        let wrong = bytes("[x")
        var offset = 0
        _ = try? tokenizer.next(wrong.span, from: &offset, isLast: false)
        #expect(throws: JSONError(.expectedValue, at: 1)) {
            _ = try tokenizer.next(wrong.span, from: &offset, isLast: false)
        }
        let right = bytes("1]")
        offset = 0
        #expect(throws: JSONError(.expectedValue, at: 1)) {
            _ = try tokenizer.next(right.span, from: &offset, isLast: true)
        }
    }

    @Test("codes have names of their own") func labels() {
        let labels = JSONError.Code.allCases.map(\.label.description)
        #expect(Set(labels).count == labels.count)
        #expect(labels.allSatisfy { $0.hasPrefix("json_") })
    }
}
