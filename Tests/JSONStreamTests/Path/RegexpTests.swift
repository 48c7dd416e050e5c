import JSONStream
import Testing

/// RFC 9485: what is an expression, what it fits, and that no text makes it slow.
@Suite struct RegexpTests {
    private func fits(_ expression: String, _ subject: String) throws -> Bool {
        try IRegexp(bytes(expression)).match(bytes(subject).span)
    }

    @Test("fits") func matching() throws {
        let table: [(String, [String], [String])] = [
            ("", [""], ["a"]), ("abc", ["abc"], ["ab", "abcd", ""]), ("a|bc|", ["a", "bc", ""], ["b", "abc"]),
            ("a*", ["", "aaa"], ["b", "ab"]),
            ("a+b?", ["a", "aab"], ["", "b", "abb"]), ("a{2}", ["aa"], ["a", "aaa"]), ("a{2,}", ["aa", "aaaa"], ["a"]),
            ("a{0,2}", ["", "a", "aa"], ["aaa"]), ("a{0}", [""], ["a"]),
            ("(ab|c)+d", ["abd", "ccabd"], ["d", "ab"]), (".", ["a", "é", "😀", "\t"], ["\n", "\r", "", "ab"]),
            ("[a-c]+", ["abcb"], ["d", "-"]), ("[^a-c]", ["d", "é"], ["a", ""]),
            ("[-a]+", ["-a"], ["b"]), ("[a-]", ["a", "-"], ["b"]), ("[^-]", ["a"], ["-"]), ("[.*]", [".", "*"], ["a"]),
            ("[\\]\\\\^]", ["]", "\\", "^"], ["["]),
            ("\\.\\*\\(\\)\\[\\]\\{\\}\\|\\+\\?\\\\\\^\\-\\$", [".*()[]{}|+?\\^-$"], [""]),
            ("\\n\\r\\t", ["\n\r\t"], ["nrt"]), ("\\p{L}+", ["aÉ中"], ["1"]), ("\\p{Lu}", ["A"], ["a"]),
            ("\\P{Nd}", ["a"], ["7"]), ("[\\p{Nd}_]+", ["1_2"], ["a"]), ("[^\\p{L}]", ["1"], ["a"]),
            ("[à-ü]+", ["éè"], ["e"]),
            ("^a$", ["a"], ["^a$"]), ("a^|b$c|\\^\\$", ["^$"], ["a", "bc", "a^", ""]),
            ("(^a|b)*", ["abb", "a"], ["aba"]), ("[0-9]{4}-[0-9]{2}", ["2024-05"], ["2024-5"]),
            ("(a*)*", ["", "aaa"], ["b"]),
            ("(a|a)*b", ["aab"], ["aa"]), ("/:,;&%", ["/:,;&%"], [""]),
        ]
        for (expression, good, bad) in table {
            for subject in good { #expect(try fits(expression, subject), "\(expression) \(subject)") }
            for subject in bad { #expect(try !fits(expression, subject), "\(expression) \(subject)") }
        }
    }

    @Test("is found within") func searching() throws {
        for (expression, subject, isFound) in [
            ("b", "abc", true), ("", "", true), ("d", "abc", false), ("bc", "abbc", true), ("a{3}", "aabaaa", true),
            ("^b", "ab", false), ("^a", "ab", true), ("b$", "ab", true), ("a$", "ab", false), ("^$", "", true),
        ] {
            #expect(try IRegexp(bytes(expression)).search(bytes(subject).span) == isFound, "\(expression) \(subject)")
        }
    }

    @Test("is no expression") func errors() {
        for expression in [
            "(", ")", "a)", "[", "[]", "[^]", "]", "{", "}", "a{", "a{}", "a{,2}", "a{2", "a{3,2}", "*", "+a", "a**",
            "a|*", "\\", "\\d", "\\w", "\\b", "\\1", "(?:a)", "(?=a)", "a*?", "\\p", "\\p{", "\\p{}", "\\p{X}",
            "\\p{Lx}", "\\p{Latin}", "[b-a]", "[a-\\p{L}]", "[a--b]", "[[a]]", "\\u0041", "[\\d]", "\\/",
        ] {
            #expect(throws: IRegexp.Problem.syntax, "\(expression)") { _ = try IRegexp(bytes(expression)) }
        }
        for expression in [
            "a{5000}", "(a{1,100}){100}", "((((a{9}){9}){9}){9}){9}", String(repeating: "(", count: 100),
        ] {
            #expect(throws: IRegexp.Problem.tooLarge, "\(expression)") { _ = try IRegexp(bytes(expression)) }
        }
    }

    @Test("no text makes it go back") func linear() throws {
        let subject = bytes(String(repeating: "a", count: 20_000) + "!")
        for expression in ["(a+)+", "(a*)*b", "(a|aa)+", "(.*a){12}", "a?a?a?a?a?a?a?a?a?a?aaaaaaaaaa"] {
            #expect(try !IRegexp(bytes(expression)).match(subject.span))
        }
    }
}
