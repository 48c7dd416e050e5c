import JSONStream
import Testing

@Suite struct DocumentTests {
    static let sample = #"{"a":{"b":[10,"x\u0041",null,true]},"c\/d":1.0,"":"é","m~n":-0,"k":{},"l":[]}"#

    @Test("members, elements, values") func navigation() throws {
        let root = try JSONDocument(bytes(Self.sample)).root
        #expect(root.isObject && root.count == 6)
        #expect(root.members.map(\.name) == ["a", "c/d", "", "m~n", "k", "l"])
        let list = try #require(root.member("a")?.member("b"))
        #expect(list.isArray && list.count == 4)
        #expect(list.element(0)?.int64 == 10)
        #expect(list.element(1)?.string == "xA")
        #expect(list.element(1)?.isString(bytes("xA").span) == true)
        #expect(list.element(1)?.isString(bytes("xB").span) == false)
        #expect(list.element(2)?.isNull == true)
        #expect(list.element(3)?.bool == true)
        #expect(list.element(4) == nil && list.element(-1) == nil)
        #expect(root.member("none") == nil && list.member("a") == nil && root.element(0) == nil)
        #expect(text(Array(list.text)) == #"[10,"x\u0041",null,true]"#)
        #expect(root.member("c/d")?.int64 == 1 && root.member("c/d")?.double == 1)
        #expect(root.member("")?.string == "é")
        #expect(root.member("k")?.count == 0 && root.member("l")?.count == 0)
        #expect(root.string == nil && root.int64 == nil && root.double == nil && root.bool == nil)
        #expect(root.members.first { $0.isNamed(bytes("c/d")) }.map { text(Array($0.nameText)) } == #""c\/d""#)
    }

    @Test("scalars are documents", arguments: ["1", "\"a\"", "null", " true "]) func scalars(_ input: String) throws {
        let root = try JSONDocument(bytes(input)).root
        #expect(text(Array(root.text)) == input.trimmingPrefix(" ").replacing(" ", with: ""))
        #expect(root.count == 0 && Array(root.members).isEmpty && Array(root.elements).isEmpty)
    }

    @Test("pointers (RFC 6901)") func pointers() throws {
        let document = try JSONDocument(
            bytes(
                #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8,"0":9,"~1":10}"#
            ))
        let expected: [(String, String)] = [
            ("/foo", #"["bar","baz"]"#), ("/foo/0", #""bar""#), ("/foo/1", #""baz""#), ("/", "0"), ("/a~1b", "1"),
            ("/c%d", "2"), ("/e^f", "3"), ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"), ("/m~0n", "8"),
            ("/0", "9"), ("/~01", "10"),
        ]
        for (pointer, value) in expected {
            let found = document.node(at: try JSONPointer(pointer))
            #expect(found.map { text(Array($0.text)) } == value, "\(pointer)")
        }
        #expect(document.node(at: try JSONPointer(""))?.isObject == true)
        for pointer in [
            "/none", "/foo/2", "/foo/-", "/foo/01", "/foo/+1", "/foo/", "/foo/0/0", "/foo/99999999999999999999",
        ] {
            #expect(document.node(at: try JSONPointer(pointer)) == nil, "\(pointer)")
        }
        for (pointer, problem) in [
            ("foo", JSONPointer.Problem.noSlash), ("/a~", .badEscape), ("/~2", .badEscape), ("/~/a", .badEscape),
        ] {
            #expect(throws: problem) { _ = try JSONPointer(pointer) }
        }
    }

    @Test("names that stand twice are refused, however they are spelled") func duplicates() throws {
        let many = (0..<30).map { "\"n\($0)\":\($0)" }.joined(separator: ",")
        for (input, offset) in [
            (#"{"a":1,"a":2}"#, 7), (#"{"a":1,"b":2,"\u0061":3}"#, 13), (#"[{"x":{"q":1,"r":[],"q":2}}]"#, 20),
            (#"{"\ud83d\ude00":1,"😀":2}"#, 18), ("{\(many),\"n7\":0}", many.utf8.count + 2),
            ("{\(many),\"n7\":0,\"n3\":1}", many.utf8.count + 2), (#"{"":1,"":1}"#, 6),
        ] {
            #expect(throws: JSONError(.duplicateKey, at: offset), "\(input)") { _ = try JSONDocument(bytes(input)) }
            _ = try JSONDocument(bytes(input), duplicates: .keep)
        }
        _ = try JSONDocument(bytes(#"{"a":{"a":1},"b":{"a":1},"A":[{"a":1},{"a":1}],"aa":1}"#))
        _ = try JSONDocument(bytes("{\(many)}"))
        let kept = try JSONDocument(bytes(#"{"a":1,"b":2,"\u0061":3}"#), duplicates: .keep).root
        #expect(kept.member("a")?.int64 == 3)
        #expect(kept.count == 3)
    }

    @Test("malformed documents have no index") func malformed() {
        #expect(throws: JSONError(.truncated, at: 5)) { _ = try JSONDocument(bytes("[1,[2")) }
        #expect(throws: JSONError(.tooDeep, at: 2)) {
            _ = try JSONDocument(bytes("[[[]]]"), limits: JSONLimits(depth: 2))
        }
    }

    @Test("whole numbers") func integers() throws {
        let expected: [(String, Int64?)] = [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0e99999999999999", 0), ("7", 7), ("-7", -7), ("10", 10), ("100.00", 100),
            ("1e3", 1000), ("1.5e1", 15), ("1000e-3", 1), ("1e0", 1), ("0.001e3", 1), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("9223372036854775808", nil), ("-9223372036854775809", nil),
            ("9.223372036854775807e18", .max), ("1e18", 1_000_000_000_000_000_000), ("1e19", nil), ("0.5", nil),
            ("1e-1", nil), ("1e99999999999999", nil), ("1e-99999999999999", nil), ("100000000000000000000000", nil),
            ("10000000000000000000000000e-24", 10), ("1.00000000000000000000000000", 1), ("1700000000", 1_700_000_000),
        ]
        for (input, value) in expected {
            #expect(try JSONDocument(bytes(input)).root.int64 == value, "\(input)")
        }
    }

    @Test("other numbers") func doubles() throws {
        for (input, value) in [("0.1", 0.1), ("-1.5e300", -1.5e300), ("1e-400", 0), ("123456789", 123_456_789)] {
            #expect(try JSONDocument(bytes(input)).root.double == value, "\(input)")
        }
        #expect(try JSONDocument(bytes("1e400")).root.double == nil)
    }

    @Test("strings are written so that they read as the same") func strings() throws {
        let text = "q\" b\\ s/ \u{00}\u{1F}\u{7F}\u{08}\n\r\t é中😀"
        #expect(try JSONDocument(JSONText.quoted(text)).root.string == text)
        var output: [UInt8] = []
        JSONText.appendQuoted([0x61, 0xFF, 0xE2, 0x82, 0xED, 0xA0, 0x80, 0xC3, 0xA9].span, to: &output)
        let read = try JSONDocument(output).root.string
        #expect(read == "a\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}é")
        let lone = try JSONDocument(bytes(#""\ud800x\udc00""#), limits: JSONLimits(keepsLoneSurrogates: true))
        #expect(lone.root.string == "\u{FFFD}x\u{FFFD}")
    }

    @Test("numbers are written as JSON has them") func numbers() {
        var output: [UInt8] = []
        for number in [1.0, -0.5, 1e300, .infinity, .nan] {
            JSONText.append(number, to: &output)
            output.append(UInt8(ascii: " "))
        }
        JSONText.append(-12, to: &output)
        #expect(text(output) == "1 -0.5 1e+300 null null -12")
    }
}
