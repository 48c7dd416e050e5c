import Testing

@testable import GatewayConfiguration

@Suite struct PathPatternTests {
    typealias Segment = PathPattern.Segment

    static let patterns: [(String, [Segment])] = [
        ("/", [.literal("")]),
        ("/a", [.literal("a")]),
        ("/a/", [.literal("a"), .literal("")]),
        ("/a/b", [.literal("a"), .literal("b")]),
        ("/users/{id}", [.literal("users"), .parameter("id")]),
        ("/{service}/{path+}", [.parameter("service"), .oneOrMore("path")]),
        ("/orders/*", [.literal("orders"), .oneOrMore(nil)]),
        ("/v1/*/detail", [.literal("v1"), .parameter(nil), .literal("detail")]),
        ("/*/", [.parameter(nil), .literal("")]),
        ("/static/**", [.literal("static"), .noneOrMore]),
        ("/**", [.noneOrMore]),
        ("/*", [.oneOrMore(nil)]),
        ("/a%2Db", [.literal("a-b")]),
        ("/a%2fb", [.literal("a%2Fb")]),
        ("/caf%c3%a9", [.literal("caf%C3%A9")]),
        ("/café", [.literal("caf%C3%A9")]),
        ("/a;v=1,2/b:c@d", [.literal("a;v=1,2"), .literal("b:c@d")]),
        ("/.well-known/x", [.literal(".well-known"), .literal("x")]),
        ("/...", [.literal("...")]),
        ("/{a-b}/{_c}", [.parameter("a-b"), .parameter("_c")]),
        ("/%7B", [.literal("%7B")]),
        ("/%2A%2A", [.literal("%2A%2A")]),
    ]

    @Test(arguments: patterns) func parses(_ text: String, _ segments: [Segment]) throws {
        let pattern = try PathPattern.parse(text)
        #expect(pattern.segments == segments)
        #expect(pattern.text == text)
    }

    @Test(arguments: [
        "", "a", "//", "/a//b", "/a//", "/**/a", "/a/**/", "/{}", "/{a", "/a}", "/{a}b", "/b{a}", "/{a}{b}", "/{a+}/b",
        "/{+}",
        "/{a*}", "/{1}", "/{a b}", "/{x}/{x}", "/{x}/{x+}", "/a*", "/*a", "/***", "/.", "/..", "/a/../b", "/%2e%2e",
        "/%2E",
        "/%", "/%1", "/%g0", "/a?b", "/a#b", "/a b", "/a\\b", "/a\u{0}", "/a|b", "/a\"b", "/a<b",
    ]) func refuses(_ text: String) {
        #expect(throws: Problem.self) { try PathPattern.parse(text) }
    }

    @Test func templates() throws {
        #expect(try PathTemplate.parse("/v2/{path}").parts == [.literal("/v2/"), .parameter("path")])
        #expect(try PathTemplate.parse("/a{b}c").parts == [.literal("/a"), .parameter("b"), .literal("c")])
        #expect(try PathTemplate.parse("/{a+}").parameterNames == ["a"])
        #expect(try PathTemplate.parse("/a%2db").parts == [.literal("/a-b")])
        let (template, query) = try PathTemplate.parseWithQuery("/a/{b}?c=1&d")
        #expect(template.parameterNames == ["b"] && query == "c=1&d")
        #expect(try PathTemplate.parseWithQuery("/a?").1 == "")
    }

    @Test(arguments: ["", "a", "/{", "/}", "/{}", "/{a b}", "/a b", "/a/../b", "/..", "/a#b", "/{a}/./x"])
    func refusesTemplates(_ text: String) {
        #expect(throws: Problem.self) { try PathTemplate.parse(text) }
    }
}
