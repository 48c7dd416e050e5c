import JSONStream
import Testing

@Suite struct RewriterTests {
    struct Case: CustomTestStringConvertible {
        var rule: String
        var operations: [JSONRewritePlan.Operation]
        var input: String
        var output: String

        init(_ rule: String, _ operations: [JSONRewritePlan.Operation], _ input: String, _ output: String) {
            self.rule = rule
            self.operations = operations
            self.input = input
            self.output = output
        }

        var testDescription: String { rule }
    }

    static let removing: [Case] = [
        Case("nothing to do", [], #" {"a" : [1, 2.50] } "#, #"{"a":[1,2.50]}"#),
        Case("first, middle, last", [.remove("x")], #"{"x":1,"a":2,"x":3,"b":4,"x":5}"#, #"{"a":2,"b":4}"#),
        Case("all", [.remove("x")], #"{ "x" : 1 , "x" : [2] }"#, "{}"),
        Case(
            "any depth", [.remove("x")], #"[{"a":{"x":{}}},[{"x":1,"y":{"x":2,"z":3}}]]"#,
            #"[{"a":{}},[{"y":{"z":3}}]]"#),
        Case("however it is spelled", [.remove("x")], #"{"\u0078":1,"y":2}"#, #"{"y":2}"#),
        Case(
            "not what looks like it", [.remove("x")], #"{"X":1,"xx":2,"":3,"a":"x","b":["x"]}"#,
            #"{"X":1,"xx":2,"":3,"a":"x","b":["x"]}"#),
        Case("by path", [.remove("$.a.x")], #"{"x":1,"a":{"x":2,"b":{"x":3}}}"#, #"{"x":1,"a":{"b":{"x":3}}}"#),
        Case("elements", [.remove("$[0]"), .remove("$[2:4]")], "[0,1,2,3,4]", "[1,4]"),
        Case("every second", [.remove("$[::2]")], "[0,1,2,3,4]", "[1,3]"),
        Case(
            "wildcards", [.remove("$.*.x"), .remove("$.l[*]")], #"{"a":{"x":1,"y":2},"l":[1,2],"x":3}"#,
            #"{"a":{"y":2},"l":[],"x":3}"#),
        Case(
            "lists", [.remove("$['a','b'][0,2]")], #"{"a":[1,2,3],"b":[4,5,6],"c":[7]}"#, #"{"a":[2],"b":[5],"c":[7]}"#),
        Case(
            "descendants", [.remove("$.a..x")], #"{"x":1,"a":{"x":2,"b":[{"x":3,"y":4}]}}"#,
            #"{"x":1,"a":{"b":[{"y":4}]}}"#),
        Case(
            "by filter", [.remove("$.l[?@.n>1].x")], #"{"l":[{"n":1,"x":1},{"x":2,"n":2}]}"#,
            #"{"l":[{"n":1,"x":1},{"n":2}]}"#),
        Case("from the end", [.remove("$[-1]")], "[1,2,3]", "[1,2]"),
        Case("a scalar", [.remove("x")], " 12.0 ", "12.0"),
        Case("a name that begins with $", [.remove("$ref")], #"{"$ref":1,"ref":2}"#, #"{"ref":2}"#),
        Case(
            "article 003",
            [.remove("internal_id"), .remove("db_shard"), .rename("email_address", to: "email")],
            #"{"id":"usr_1","internal_id":7,"email_address":"a@b","db_shard":"eu"}"#, #"{"id":"usr_1","email":"a@b"}"#),
    ]

    static let keeping: [Case] = [
        Case(
            "names at any depth", [.keep("id")], #"{"id":1,"x":2,"u":{"id":{"x":3},"y":4},"v":{"y":5}}"#,
            #"{"id":1,"u":{"id":{"x":3}}}"#),
        Case("in arrays", [.keep("id")], #"[{"id":1,"x":2},{"x":3},7,[{"id":4}]]"#, #"[{"id":1},[{"id":4}]]"#),
        Case(
            "by path", [.keep("$.a.b"), .keep("$.l[1]")], #"{"a":{"b":1,"c":2},"l":[3,4,5],"b":6}"#,
            #"{"a":{"b":1},"l":[4]}"#),
        Case("nothing", [.keep("id")], #"{"a":{"b":[{}]}}"#, "{}"),
        Case("nothing, in an array", [.keep("id")], "[1,[2]]", "[]"),
        Case("a scalar on the way", [.keep("$.a.b")], #"{"a":1}"#, "{}"),
        Case("but what is removed", [.keep("u"), .remove("x")], #"{"u":{"x":1,"y":2},"x":3}"#, #"{"u":{"y":2}}"#),
        Case("with a new name", [.keep("a"), .rename("a", to: "b")], #"{"b":1,"a":2,"c":3}"#, #"{"b":2}"#),
        Case(
            "names on the way stay", [.keep("$.a.b"), .rename("a", to: "z")], #"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":1}}"#
        ),
    ]

    static let renaming: [Case] = [
        Case("in place", [.rename("a", to: "b")], #"{"x":0,"a":[1],"y":2}"#, #"{"x":0,"b":[1],"y":2}"#),
        Case("onto one behind", [.rename("a", to: "b")], #"{"a":1,"x":2,"b":3}"#, #"{"b":1,"x":2}"#),
        Case("onto one before", [.rename("a", to: "b")], #"{"b":3,"x":2,"a":1}"#, #"{"x":2,"b":1}"#),
        Case("onto one right before", [.rename("a", to: "b")], #"{"x":2,"b":3,"a":1}"#, #"{"x":2,"b":1}"#),
        Case("onto the only other", [.rename("a", to: "b")], #"{"b":{"b":1},"a":{"a":2}}"#, #"{"b":{"b":2}}"#),
        Case("onto several", [.rename("a", to: "b")], #"{"b":1,"b":2,"x":3,"b":4,"a":5,"b":6}"#, #"{"x":3,"b":5}"#),
        Case("nothing to rename", [.rename("a", to: "b")], #"{"b":1,"x":{"b":2}}"#, #"{"b":1,"x":{"b":2}}"#),
        Case("both at once", [.rename("a", to: "b"), .rename("b", to: "a")], #"{"a":1,"b":2}"#, #"{"b":1,"a":2}"#),
        Case("in a row", [.rename("a", to: "b"), .rename("b", to: "c")], #"{"c":0,"a":1,"b":2}"#, #"{"b":1,"c":2}"#),
        Case("two to one name", [.rename("a", to: "c"), .rename("b", to: "c")], #"{"c":0,"b":1,"a":2}"#, #"{"c":1}"#),
        Case("a source that is removed", [.rename("$.a", to: "b"), .remove("a")], #"{"b":1,"a":2}"#, #"{"b":1}"#),
        Case(
            "by path", [.rename("$.u.a", to: "b")], #"{"a":1,"b":2,"u":{"b":3,"a":4}}"#, #"{"a":1,"b":2,"u":{"b":4}}"#),
        Case("new names are escaped", [.rename("a", to: "q\"\n")], #"{"a":1}"#, #"{"q\"\n":1}"#),
        Case(
            "in each element", [.rename("$[*].a", to: "b")], #"[{"a":1},{"b":2,"a":3},{"b":4}]"#,
            #"[{"b":1},{"b":3},{"b":4}]"#),
        Case(
            "by filter", [.rename("$[?@.k].a", to: "b")], #"[{"a":1},{"b":2,"a":3,"k":0}]"#, #"[{"a":1},{"b":3,"k":0}]"#
        ),
    ]

    static let setting: [Case] = [
        Case("where it is", [.set("a", bytes("0"))], #"{"a":{"x":1},"b":[{"a":2}]}"#, #"{"a":0,"b":[{"a":0}]}"#),
        Case("where it is not", [.set("$.a", bytes(#""x""#))], #"{"b":1}"#, #"{"b":1,"a":"x"}"#),
        Case("in an empty object", [.set("$.a", bytes("[1, 2]"))], "{}", #"{"a":[1, 2]}"#),
        Case(
            "with objects around it", [.set("$.a.b.c", bytes("1")), .set("$.a.d", bytes("2"))], "{}",
            #"{"a":{"b":{"c":1},"d":2}}"#),
        Case("in what is there", [.set("$.a.b.c", bytes("1"))], #"{"a":{"x":0}}"#, #"{"a":{"x":0,"b":{"c":1}}}"#),
        Case("not in a scalar", [.set("$.a.b", bytes("1"))], #"{"a":7}"#, #"{"a":7}"#),
        Case("in each element", [.set("$[*].v", bytes("2"))], #"[{"v":1},{},3]"#, #"[{"v":2},{"v":2},3]"#),
        Case("an element", [.set("$[1]", bytes("null"))], #"[1,{"a":2},3]"#, "[1,null,3]"),
        Case(
            "defaults", [.default("$.a", bytes("1")), .default("$.b", bytes("2"))], #"{"b":null}"#, #"{"b":null,"a":1}"#
        ),
        Case(
            "one default for a name", [.default("$.a.x", bytes("1")), .default("$[*].x", bytes("2"))], #"{"a":{}}"#,
            #"{"a":{"x":1}}"#),
        Case(
            "a default behind a rename", [.rename("b", to: "a"), .default("$.a", bytes("1"))], #"{"b":0}"#, #"{"a":0}"#),
        Case("what is removed is not added", [.remove("a"), .set("$.a", bytes("1"))], #"{"a":0}"#, "{}"),
        Case(
            "where a filter says", [.set("$[?@.k].v", bytes("1"))], #"[{"k":0},{"v":3}]"#, #"[{"k":0,"v":1},{"v":3}]"#),
    ]

    /// What is set is made of the input `in`: `{"sub": "u1", "n": 1.50, "list": [1, {"a": 2}], "null": null}`.
    static let making: [Case] = [
        Case(
            "in place of what is there", [.set("$.a", .string("$in.sub"))], #"{"a":{"x":1},"b":2}"#,
            #"{"a":"u1","b":2}"#),
        Case(
            "anywhere, as it is written", [.set("a", .string("$in.n"))], #"{"a":1,"b":[{"a":0}]}"#,
            #"{"a":1.50,"b":[{"a":1.50}]}"#),
        Case("where it is missing", [.set("$.x.y", .string("$in.list"))], "{}", #"{"x":{"y":[1,{"a":2}]}}"#),
        Case("null is there", [.set("$.a", .string("$in.null"))], #"{"a":1}"#, #"{"a":null}"#),
        Case("nothing found: it goes", [.set("$.a", .string("$in.none"))], #"{"a":1,"b":2}"#, #"{"b":2}"#),
        Case("nothing found: anywhere", [.set("a", .string("$in.none"))], #"{"a":[1],"b":[{"a":0}]}"#, #"{"b":[{}]}"#),
        Case("nothing found: not added", [.set("$.x.y", .string("$in.none"))], #"{"a":1}"#, #"{"a":1}"#),
        Case(
            "nothing found: what is beside it", [.set("$.x.y", .string("$in.none")), .set("$.x.z", .string("$in.n"))],
            #"{"a":1}"#, #"{"a":1,"x":{"z":1.50}}"#),
        Case("nothing found: an element", [.set("$[1]", .string("$in.none"))], "[1,2,3]", "[1,3]"),
        Case("a default", [.default("$.a", .string("$in.sub"))], "{}", #"{"a":"u1"}"#),
        Case("a default that is not needed", [.default("$.a", .string("$in.sub"))], #"{"a":null}"#, #"{"a":null}"#),
        Case("a default of nothing", [.default("$.a", .string("$in.none"))], #"{"b":1}"#, #"{"b":1}"#),
        Case("a default of nothing, not needed", [.default("$.a", .string("$in.none"))], #"{"a":1}"#, #"{"a":1}"#),
        Case(
            "a template",
            [
                .set(
                    "$.a",
                    .object([
                        .init("who", .string("$in.sub")), .init("no", .string("$in.none")), .init("k", .number("1")),
                    ]))
            ], "{}", #"{"a":{"who":"u1","k":1}}"#),
        Case(
            "a dollar", [.set("$.a", .string("$$in.sub")), .set("$.b", .string("$5"))], "{}",
            #"{"a":"$in.sub","b":"$5"}"#),
        Case(
            "of the document", [.set("$.b", .string("$.a.x")), .remove("a")], #"{"a":{"x":[1]},"b":0}"#, #"{"b":[1]}"#),
        Case("of what is not in it", [.set("$.b", .string("$.c"))], #"{"a":1,"b":0}"#, #"{"a":1}"#),
        Case("all of it", [.set("$.copy", .string("$body"))], #"{"a":1}"#, #"{"a":1,"copy":{"a":1}}"#),
        Case(
            "as it came, before moves", [.move("$.a", to: "$.c"), .set("$.b", .string("$.a"))], #"{"a":1}"#,
            #"{"c":1,"b":1}"#),
        Case(
            "where a filter says", [.set("$[?@.k].v", .string("$in.sub"))], #"[{"k":0},{"v":3}]"#,
            #"[{"k":0,"v":"u1"},{"v":3}]"#),
        Case("what is kept", [.keep("b"), .set("$.a", .string("$in.none"))], #"{"a":1,"b":2,"c":3}"#, #"{"b":2}"#),
        Case(
            "renamed and gone", [.rename("a", to: "b"), .set("$.a", .string("$in.none"))], #"{"a":1,"c":2}"#,
            #"{"c":2}"#),
    ]

    @Test("what templates make, however the bytes are cut", arguments: making)
    func made(_ rule: Case) throws {
        let plan = try JSONRewritePlan(rule.operations, inputs: ["in"])
        let input = try JSONDocument(bytes(#"{"sub": "u1", "n": 1.50, "list": [1,{"a":2}], "null": null}"#))
        let body = bytes(rule.input)
        let reused = JSONRewriter(plan)
        for cut in 0...body.count {
            var asked = 0
            let pieces = rewrite(body, with: reused, cuts: [cut]) { index in
                asked += 1
                return index == 0 ? input.root : nil
            }
            #expect(pieces.error == nil)
            #expect(text(minified(pieces.output)) == text(minified(bytes(rule.output))), "cut at \(cut)")
            #expect(asked <= 1)
            reused.reset()
        }
    }

    @Test("templates of inputs stream, those of the document wait for it") func madeAndLookahead() throws {
        let plan = try JSONRewritePlan(
            [.set("a", .string("$in.x")), .set("b", .string("$.x")), .default("$.c", .string("$5"))], inputs: ["in"])
        #expect(plan.lookahead == [.none, .document, .none] && !plan.streams)
        #expect(try JSONRewritePlan([.set("a", .string("$in.x"))], inputs: ["in"]).streams)
        // What they make is bounded, and a document that they read has each name once.
        let large = try JSONDocument(bytes("{\"x\":\"" + String(repeating: "x", count: 20_000) + "\"}"))
        let own = try JSONRewritePlan([.set("a", .string("$in.x"))], inputs: ["in"])
        let refused = rewrite(bytes("{}"), own, bufferLimit: 16 * 1024) { _ in large.root }
        #expect(refused.error?.code == .bufferLimit && refused.output.isEmpty)
        #expect(rewrite(bytes(#"{"x":1,"x":2}"#), plan).error?.code == .duplicateKey)
    }

    static let moving: [Case] = [
        Case("within an object", [.move("$.a", to: "$.b")], #"{"a":[1],"c":2}"#, #"{"c":2,"b":[1]}"#),
        Case("down", [.move("$.a", to: "$.b.c")], #"{"b":{"x":1},"a":2}"#, #"{"b":{"x":1,"c":2}}"#),
        Case("up, replacing", [.move("$.b.c", to: "$.a")], #"{"a":1,"b":{"c":{"d":2}}}"#, #"{"a":{"d":2},"b":{}}"#),
        Case("out of an array", [.move("$.l[-1]", to: "$.last")], #"{"l":[1,2]}"#, #"{"l":[1],"last":2}"#),
        Case("nothing there", [.move("$.a", to: "$.b")], #"{"b":1}"#, #"{"b":1}"#),
        Case("two at once", [.move("$.a", to: "$.b"), .move("$.b", to: "$.a")], #"{"a":1,"b":2}"#, #"{"a":2,"b":1}"#),
        Case(
            "then the others", [.move("$.a", to: "$.u"), .remove("password"), .rename("u", to: "user")],
            #"{"a":{"password":1,"name":2}}"#, #"{"user":{"name":2}}"#),
    ]

    @Test("each rule, however the bytes are cut", arguments: removing + keeping + renaming + setting + moving)
    func rules(_ rule: Case) throws {
        let plan = try JSONRewritePlan(rule.operations)
        let input = bytes(rule.input)
        let whole = rewrite(input, plan)
        #expect(whole.error == nil)
        #expect(text(minified(whole.output)) == text(minified(bytes(rule.output))))
        let reused = JSONRewriter(plan)
        for cut in 0...input.count {
            let pieces = rewrite(input, with: reused, cuts: [cut])
            #expect(pieces.error == nil)
            #expect(text(minified(pieces.output)) == text(minified(bytes(rule.output))), "cut at \(cut)")
            reused.reset()
        }
        let single = rewrite(input, with: reused, cuts: Array(0..<input.count))
        #expect(text(minified(single.output)) == text(minified(bytes(rule.output))), "byte by byte")
    }

    @Test("what has to be seen first") func lookahead() throws {
        let plan = try JSONRewritePlan([
            .remove("a"), .rename("a", to: "b"), .remove("$.a[?@.x]"), .remove("$[-1]"), .set("$..a[*]", bytes("1")),
            .move("$.x", to: "$.y"), .rename("q", to: "q"), .rename("$.a[?@.x].y", to: "z"),
        ])
        #expect(plan.lookahead == [.none, .object, .document, .document, .none, .document, .none, .document])
        #expect(!plan.streams)
        #expect(try JSONRewritePlan([.keep("a"), .rename("a", to: "b")]).streams)
    }

    @Test("operations that cannot be") func problems() {
        let wrong: [(JSONRewritePlan.Operation, JSONRewritePlan.Problem.Code)] = [
            (.remove("$.a["), .path(JSONPathError(.expectedSelector, at: 4))), (.remove("$"), .wholeDocument),
            (.keep("$"), .wholeDocument), (.rename("$[*]", to: "a"), .notAName),
            (.rename("$.a[0]", to: "a"), .notAName),
            (.default("a", bytes("1")), .needsPath), (.default("$[*]", bytes("1")), .notAName),
            (.move("a", to: "$.b"), .needsPath), (.move("$.a", to: "b"), .needsPath),
            (.move("$[*]", to: "$.b"), .badMove),
            (.move("$.a", to: "$.b[0]"), .badMove), (.move("$.a", to: "$.a.b"), .badMove),
            (.move("$.a.b", to: "$.a"), .badMove),
            (.move("$.a", to: "$.a"), .badMove), (.move("$", to: "$.a"), .badMove),
            (.remove("$" + String(repeating: "['a','b']", count: 9)), .tooMany),
        ]
        for (operation, code) in wrong {
            #expect(throws: JSONRewritePlan.Problem(code: code, operation: 1), "\(operation)") {
                _ = try JSONRewritePlan([.remove("x"), operation])
            }
        }
        for (first, second) in [
            (JSONRewritePlan.Operation.rename("a", to: "b"), .rename("a", to: "c")),
            (.set("$.a", bytes("1")), .default("$.a", bytes("1"))),
        ] as [(JSONRewritePlan.Operation, JSONRewritePlan.Operation)] {
            #expect(throws: JSONRewritePlan.Problem(code: .conflict, operation: 1)) {
                _ = try JSONRewritePlan([first, second])
            }
        }
    }

    @Test("templates that are none") func wrongTemplates() throws {
        let value = JSONTemplateValue.array([.number("01"), .string("$x.a"), .string("$in.a")])
        let problem = #expect(throws: JSONRewritePlan.Problem.self) {
            _ = try JSONRewritePlan([.remove("x"), .set("a", value)], inputs: ["in"])
        }
        guard let problem, problem.operation == 1, case .template(let problems) = problem.code else {
            Issue.record("\(String(describing: problem))")
            return
        }
        #expect(problems.map(\.pointer) == ["/0", "/1"] && problems.map(\.text) == ["01", "$x.a"])
        #expect(problems.map(\.code) == [.badNumber, .unknownInput("x")])
    }

    @Test("errors are those of the document, and stay") func malformed() throws {
        for operations in [[.remove("a")], [.remove("$[?@.a]")], [.move("$.a", to: "$.b")]]
            as [[JSONRewritePlan.Operation]]
        {
            let plan = try JSONRewritePlan(operations)
            #expect(rewrite(bytes(#"{"b":[1,2,"#), plan).error == JSONError(.truncated, at: 10))
            #expect(rewrite(bytes(#"{"b":01}"#), plan).error == JSONError(.badNumber, at: 6))
            #expect(rewrite(bytes(#"{"a":[01]}"#), plan).error == JSONError(.badNumber, at: 7))
            #expect(rewrite(bytes("[[1]]"), plan, limits: JSONLimits(depth: 1)).error == JSONError(.tooDeep, at: 1))
            let rewriter = JSONRewriter(plan)
            #expect(rewrite(bytes("[1}"), with: rewriter).error == JSONError(.expectedCommaOrEnd, at: 2))
            #expect(rewrite(bytes("1"), with: rewriter).error == JSONError(.expectedCommaOrEnd, at: 2))
            rewriter.reset()
            #expect(rewrite(bytes("1"), with: rewriter) == Rewritten(output: bytes("1")))
        }
    }

    @Test("what waits in memory is bounded") func bounds() throws {
        let limit = 16 * 1024
        let long = String(repeating: "x", count: 2 * limit)
        let rename = try JSONRewritePlan([.rename("a", to: "b")])
        // Held back, since a member may yet come that replaces it.
        let held = bytes("{\"b\":\"\(long)\",\"a\":1}")
        #expect(rewrite(held, rename, bufferLimit: limit).error?.code == .bufferLimit)
        #expect(rewrite(held, rename, bufferLimit: 4 * limit) == Rewritten(output: bytes("{\"b\":1}")))
        // Behind the renamed one nothing waits.
        let streamed = bytes("{\"a\":\"\(long)\",\"b\":1,\"c\":\"\(long)\"}")
        #expect(text(rewrite(streamed, rename, bufferLimit: limit).output) == "{\"b\":\"\(long)\",\"c\":\"\(long)\"}")
        let whole = try JSONRewritePlan([.remove("$[?@.a]")])
        #expect(rewrite(streamed, whole, cuts: [1000], bufferLimit: limit).error?.code == .bufferLimit)
        let name = bytes("{\"\(long)\":1}")
        #expect(
            rewrite(name, rename, cuts: Array(stride(from: 0, to: name.count, by: 100)), bufferLimit: limit).error?.code
                == .bufferLimit)
    }

    @Test("long documents go out as they come in") func streaming() throws {
        let rewriter = JSONRewriter(
            try JSONRewritePlan([.remove("x"), .rename("a", to: "b"), .default("$.k[*].d", bytes("1"))]))
        var fed = 0
        var out = 0
        var furthest = 0
        func feed(_ text: String, isLast: Bool = false) throws {
            let piece = bytes(text)
            fed += piece.count
            try rewriter.push(piece.span, isLast: isLast) { out += $0.count }
            furthest = max(furthest, fed - out)
        }
        try feed("{\"k\":[")
        for index in 0..<20_000 { try feed("\(index > 0 ? "," : "")   {\"n\":\(index),\"a\":\"value\"}") }
        try feed("]}", isLast: true)
        #expect(fed > 500_000 && out > 500_000)
        #expect(furthest < 1000)
    }

    @Test("a path that costs too much ends the document") func cost() throws {
        let plan = try JSONRewritePlan([.remove("$..[?count($..*)>1].x")])
        let wide = "[" + Array(repeating: "{\"a\":1}", count: 5000).joined(separator: ",") + "]"
        let result = rewrite(bytes(wide), with: JSONRewriter(plan, pathBudget: 50_000))
        #expect(result.error?.code == .tooCostly && result.output.isEmpty)
    }
}
