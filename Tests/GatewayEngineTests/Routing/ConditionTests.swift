import GatewayConfiguration
import GatewayEngine
import Testing

/// Conditions on headers, query parameters and cookies.
@Suite struct ConditionTests {
    static func holds(header name: String, _ condition: FieldMatch.Condition, _ headers: [(String, String)]) throws
        -> Bool
    {
        let router = try Router([route("/", headers: [FieldMatch(name: name, condition: condition)])])
        return router.match(Request("GET /", headers: headers)).name != nil
    }

    @Test("Headers: names without case, lines joined, values whole")
    func headers() throws {
        let cases: [(String, FieldMatch.Condition, [(String, String)], Bool)] = [
            ("X-Api-Version", .exact("2"), [("x-api-version", "2")], true),
            ("X-V", .exact("2"), [("X-V", "22")], false),
            ("X-V", .exact("a"), [("X-V", "A")], false), ("X-V", .exact("2"), [], false),
            ("X-V", .exact("2"), [("X-V", "1"), ("X-V", "2")], false),
            ("X-V", .exact("1, 2"), [("X-V", "1"), ("x-v", "2")], true),
            ("X-V", .exact("1, 2, 3"), [("X-V", "1"), ("X-Other", "x"), ("X-V", "2"), ("X-V", "3")], true),
            ("User-Agent", .exact("curl"), [("user-agent", "curl")], true),
            ("Accept", .exact("a, b"), [("Accept", "a"), ("Accept", "b")], true),
            ("X-V", .regex("v[0-9]+"), [("X-V", "v12")], true), ("X-V", .regex("v[0-9]+"), [("X-V", "v12x")], false),
            ("X-V", .regex("v[0-9]+"), [("X-V", "xv12")], false), ("X-V", .regex("a|ab"), [("X-V", "ab")], true),
            ("X-V", .regex("1, 2"), [("X-V", "1"), ("X-V", "2")], true), ("X-V", .regex(".*"), [("X-V", "")], true),
            ("X-V", .regex(".*"), [], false), ("X-V", .regex("a$"), [("X-V", "a")], true),
            ("X-V", .present(true), [("X-V", "")], true), ("X-V", .present(true), [], false),
            ("X-V", .present(false), [], true), ("X-V", .present(false), [("x-v", "")], false),
        ]
        for (name, condition, headers, expected) in cases {
            #expect(try Self.holds(header: name, condition, headers) == expected, "\(name) \(condition) \(headers)")
        }
    }

    @Test("Media types")
    func mediaTypes() throws {
        let cases: [(String, [String], Bool)] = [
            ("application/json", ["application/json"], true),
            ("application/json", ["Application/JSON; charset=utf-8"], true),
            ("application/json", ["text/html, application/json;q=0.5"], true),
            ("application/json", ["text/html", "application/json"], true),
            ("application/json", ["application/json;q=0"], false),
            ("application/json", ["application/json; q=0.000"], false),
            ("application/json", ["application/json;q=0.001"], true), ("application/json", ["*/*"], false),
            ("application/json", ["application/jsonp"], false), ("application/json", [], false),
            ("application/json", [""], false),
            ("application/json;version=2", ["application/json;version=2"], true),
            ("application/json; version=2", ["application/json ; a=b;VERSION=\"2\""], true),
            ("application/json;version=2", ["application/json;version=3"], false),
            ("application/json;version=2", ["application/json, text/plain;version=2"], false),
            ("application/json;version=2", ["application/json;version=1, application/json;version=2"], true),
            ("application/json;version=2", ["application/json;version=2;q=0"], false),
            ("application/json;v=\"a,b\"", ["text/plain;x=\"application/json\", application/json;v=\"a,b\""], true),
            ("application/json;v=ab", ["application/json;v=\"a\\b\""], true),
            ("application/json;v=2", ["application/json;v=\"2"], true),
            ("application/vnd.shop.v2+json", ["application/vnd.shop.v2+json"], true),
            ("text/html", ["text/plain;a=\"text/html, \\\", text/html\""], false),
            ("text/html", [";;==,,;text/html"], false),
            ("text/html", ["=;=,text/html"], true),
        ]
        for (wanted, lines, expected) in cases {
            let found = try Self.holds(header: "Accept", .mediaType(wanted), lines.map { ("accept", $0) })
            #expect(found == expected, "\(wanted) in \(lines)")
        }
    }

    @Test("Query parameters: decoded, the first of a name")
    func query() throws {
        let cases: [(String, FieldMatch.Condition, String, Bool)] = [
            ("v", .exact("2"), "v=2", true), ("v", .exact("2"), "a=1&v=2&b=3", true),
            ("v", .exact("2"), "v=1&v=2", false),
            ("v", .exact("2"), "v=2&v=1", true), ("v", .exact(""), "v", true), ("v", .exact(""), "v=", true),
            ("v", .exact(""), "", false),
            ("v", .exact("a b"), "v=a+b", true), ("v", .exact("a b"), "v=a%20b", true),
            ("v", .exact("a+b"), "v=a%2bb", true),
            ("a b", .exact("1"), "a+b=1", true), ("é", .exact("ü"), "%C3%A9=%c3%bc", true),
            ("v", .exact("%zz"), "v=%zz", true),
            ("v", .exact("a=b"), "v=a=b", true), ("v", .exact("2"), "xv=2", false), ("v", .exact("2"), "V=2", false),
            ("v", .exact("%"), "v=%", true), ("v", .exact("%4"), "v=%4", true),
            ("v", .regex("[0-9]+"), "v=%31%32", true), ("v", .regex("[0-9]+"), "v=1x", false),
            ("v", .present(true), "&&v&", true),
            ("v", .present(true), "w", false), ("v", .present(false), "w", true), ("v", .present(false), "v=1", false),
            ("v", .mediaType("a/b"), "v=a%2Fb", true),
        ]
        for (name, condition, query, expected) in cases {
            let router = try Router([route("/", query: [FieldMatch(name: name, condition: condition)])])
            #expect((router.match(Request("GET /?\(query)")).name != nil) == expected, "\(name) \(condition) \(query)")
        }
    }

    @Test("Cookies: names with case, the first of a name")
    func cookies() throws {
        let cases: [(String, FieldMatch.Condition, [String], Bool)] = [
            ("side", .exact("b"), ["side=b"], true), ("side", .exact("b"), ["a=1; side=b ; c"], true),
            ("side", .exact("b"), ["Side=b"], false),
            ("side", .exact("b"), ["side=a; side=b"], false), ("side", .exact("b"), ["a=1", "side=b"], true),
            ("side", .exact("\"b\""), ["side=\"b\""], true), ("side", .exact("a=b"), ["side=a=b"], true),
            ("side", .exact("b"), ["side"], false),
            ("side", .exact(""), ["side="], true), ("side", .regex("[ab]"), ["side=a"], true),
            ("side", .regex("[ab]"), ["side=ab"], false),
            ("side", .present(true), ["side=x"], true), ("side", .present(true), ["inside=x"], false),
            ("side", .present(false), [], true),
            ("side", .present(false), ["side=1"], false), ("side", .exact("b"), [";;; side=b"], true),
        ]
        for (name, condition, lines, expected) in cases {
            let router = try Router([route("/", cookies: [FieldMatch(name: name, condition: condition)])])
            let request = Request("GET /", headers: lines.map { ("Cookie", $0) })
            #expect((router.match(request).name != nil) == expected, "\(name) \(condition) \(lines)")
        }
    }

    @Test("No input keeps an expression busy")
    func runaway() throws {
        let router = try Router([
            route("~/(a+)+[bc]", name: "path"),
            route("/h", name: "header", headers: [FieldMatch(name: "X", condition: .regex("(x+x+)+[yz]"))]),
        ])
        let request = Request("GET /" + String(repeating: "a", count: 8000))
        #expect(router.match(request) == .notFound)
        #expect(router.scratch.regexLimitHits > 0)
        #expect(router.explain(request).candidates.map(\.failure) == [.path])
        let header = Request("GET /h", headers: [("X", String(repeating: "x", count: 30_000))])
        #expect(router.match(header) == .notFound)
        #expect(router.match(Request("GET /aaab")).name == "path")
    }
}
