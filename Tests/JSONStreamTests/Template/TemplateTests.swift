import JSONStream
import Testing

@Suite struct TemplateTests {
    private func template(_ text: String, inputs: [String] = []) throws -> JSONTemplate {
        try JSONTemplate(JSONTemplateValue(JSONDocument(bytes(text), duplicates: .keep).root), inputs: inputs)
    }

    private func render(_ text: String, _ body: String?, _ inputs: KeyValuePairs<String, String> = [:]) throws -> String
    {
        let documents = try inputs.map { try JSONDocument(bytes($0.value)) }
        var output: [UInt8] = []
        let root = try body.map { try JSONDocument(bytes($0), duplicates: .keep).root }
        try template(text, inputs: inputs.map(\.key)).render(body: root, into: &output) { documents[$0].root }
        // What comes out is always a document.
        _ = try JSONDocument(output, duplicates: .keep)
        return JSONStreamTests.text(output)
    }

    @Test("version 1 to version 2 (article 004)") func versions() throws {
        let output = try render(
            """
            {"id":"$.userId","email":"$.emailAddress","name":{"first":"$.firstName","last":"$.lastName"},\
            "created_at":"$.createdDate","metadata":{"source":"legacy-transform","version":"2.0"}}
            """,
            """
            { "userId" : 12345678901234567890, "emailAddress": "a\\u0040b", "firstName": "Alice",
              "lastName": null, "createdDate": "2024-01-01" }
            """)
        #expect(
            output == """
                {"id":12345678901234567890,"email":"a\\u0040b","name":{"first":"Alice","last":null},\
                "created_at":"2024-01-01","metadata":{"source":"legacy-transform","version":"2.0"}}
                """)
    }

    @Test("the mobile dashboard (article 004)") func dashboard() throws {
        let output = try render(
            #"{"user":{"name":"$user.name","avatar":"$user.avatarUrl"},"recentOrders":{"each":"$orders.orders","map":{"id":"$.id","total":"$.total","status":"$.status"}}}"#,
            nil,
            [
                "user": #"{"name":"Alice","avatarUrl":"/a.png","secret":1}"#,
                "orders": #"{"orders":[{"id":1,"total":49.90,"status":"sent","x":0},{"id":2,"status":"new"}]}"#,
            ])
        #expect(
            output
                == #"{"user":{"name":"Alice","avatar":"/a.png"},"recentOrders":[{"id":1,"total":49.90,"status":"sent"},{"id":2,"status":"new"}]}"#
        )
    }

    @Test("each rule") func rules() throws {
        let body = #"{"a":1.50,"b":{"c":[1,2,{"d":"x"}]},"n":null,"e":[],"l":[{"k":1,"v":[7]},{"v":[8,9]}],"body":5}"#
        let table: [(String, String)] = [
            // References.
            (#""$.a""#, "1.50"), (#""$""#, body), (#""$.none""#, "null"),
            (#"{"x":"$.none","y":"$.n"}"#, #"{"y":null}"#),
            (#"{"x":"$.none"}"#, "{}"), (#"["$.none","$.a","$.none",2]"#, "[1.50,2]"), (#""$['b']['c'][0]""#, "1"),
            (#""$.b.c[-1].d""#, #""x""#),
            (#"{"x":"$.l[*].k","y":"$..d","z":"$.e[*]"}"#, #"{"x":[1],"y":["x"]}"#),
            (#""$.b.c[?@.d]""#, #"[{"d":"x"}]"#),
            (#"{"first":"$.none","second":{"third":"$.none"}}"#, #"{"second":{}}"#), (#""$body.a""#, "1.50"),
            (#""$body""#, body),
            // Constants.
            (
                #"["$$.a","$$","$$$","$5","$USD","$","x$.a","$ a","$5.00"]"#,
                ##"["$.a","$","$$","$5","$USD",BODY,"x$.a","$ a","$5.00"]"##.replacing("BODY", with: body)
            ),
            (#"{"x":[1,2.0,true,false,null,"é\n",{}],"y":[]}"#, #"{"x":[1,2.0,true,false,null,"é\n",{}],"y":[]}"#),
            // Mapping.
            (#"{"each":"$.l","map":"$.k"}"#, "[1]"),
            (#"{"each":"$.l","map":{"n":"$.k","all":"$body.a"}}"#, #"[{"n":1,"all":1.50},{"all":1.50}]"#),
            (#"{"each":"$.l","map":{"each":"$.v","map":["$"]}}"#, "[[[7]],[[8],[9]]]"),
            (#"{"each":"$.l[*].v[*]","map":{"v":"$"}}"#, #"[{"v":7},{"v":8},{"v":9}]"#),
            (#"{"each":"$.e","map":1}"#, "[]"), (#"{"x":{"each":"$.none","map":1}}"#, "{}"),
            (#"{"each":"$.a","map":{"v":"$"}}"#, #"[{"v":1.50}]"#),
            (#"{"each":"$.a","map":1,"more":2}"#, #"{"each":1.50,"map":1,"more":2}"#),
            // Conditions.
            (#"{"x":{"when":"$.a","value":"yes"},"y":{"when":"$.none","value":"yes"}}"#, #"{"x":"yes"}"#),
            (#"{"when":"$.none","value":1,"else":"$.a"}"#, "1.50"), (#"{"when":"$.n","value":1,"else":2}"#, "1"),
            (#"{"unless":"$.none","value":"$.a"}"#, "1.50"),
            (#"{"x":{"unless":"$.a","value":1}}"#, "{}"), (#"{"when":"$.a","value":"$.none","else":2}"#, "null"),
            (#"{"when":"$.l[?@.k==1]","value":"found"}"#, #""found""#),
            (#"[{"when":"$.none","value":1},{"when":"$.a","value":2}]"#, "[2]"), (#"{"when":1}"#, #"{"when":1}"#),
        ]
        for (template, expected) in table { #expect(try render(template, body) == expected, "\(template)") }
        #expect(try render(#"{"x":"$.a","y":1}"#, nil) == #"{"y":1}"#)
        #expect(
            try render(
                #"{"sub":"$claims.sub","role":"$claims['role']","p":"$params"}"#, nil,
                ["claims": #"{"sub":"u1"}"#, "params": #"{"id":"7"}"#])
                == #"{"sub":"u1","p":{"id":"7"}}"#)
    }

    @Test("all mistakes at once, each with its place") func problems() throws {
        let text =
            #"{"a":"$.x[","b/c":["$claim.sub",{"each":"x","map":"$.y["}],"~":{"when":1,"value":"$.ok"},"d":1,"d":2,"e":"$claims.a["}"#
        do {
            _ = try template(text, inputs: ["claims"])
            Issue.record("is taken")
        } catch let error as JSONTemplate.Problems {
            #expect(
                error.problems.map(\.pointer) == [
                    "/a", "/b~1c/0", "/b~1c/1/each", "/b~1c/1/map", "/~0/when", "/d", "/e",
                ])
            #expect(
                error.problems.map(\.code) == [
                    .path(JSONPathError(.expectedSelector, at: 4)), .unknownInput("claim"), .notAReference,
                    .path(JSONPathError(.expectedSelector, at: 4)), .notAReference, .duplicateName("d"),
                    .path(JSONPathError(.expectedSelector, at: 10)),
                ])
            #expect(error.problems[1].text == "$claim.sub")
        }
        #expect(throws: JSONTemplate.Problems.self) { _ = try JSONTemplate(.number("01")) }
        #expect(throws: JSONTemplate.Problems.self) { _ = try JSONTemplate(.number("\"a\"")) }
        var deep = JSONTemplateValue.null
        for _ in 0..<100 { deep = .array([deep]) }
        #expect(throws: JSONTemplate.Problems.self) { _ = try JSONTemplate(deep) }
    }

    @Test("what a template needs is known") func needs() throws {
        let names = ["request", "claims", "user"]
        let one = try template(#"{"a":"$user.x","b":{"each":"$claims.l","map":"$.z"}}"#, inputs: names)
        #expect(one.inputs == [1, 2] && !one.needsBody)
        #expect(try template(#"["$.a"]"#).needsBody)
        #expect(try template(#"{"each":"$claims","map":"$body.x"}"#, inputs: names).needsBody)
        #expect(try !template(#"{"a":"$$.x"}"#).needsBody)
    }

    @Test("cost and size are bounded") func bounds() throws {
        let list = "[" + Array(repeating: "1", count: 2000).joined(separator: ",") + "]"
        let body = try JSONDocument(bytes(list)).root
        let square = try template(#"{"each":"$","map":{"each":"$body","map":"$"}}"#)
        var output: [UInt8] = []
        #expect(throws: JSONTemplate.Failure.tooCostly) {
            try square.render(body: body, into: &output, budget: 100_000)
        }
        output = []
        #expect(throws: JSONTemplate.Failure.tooLarge) { try square.render(body: body, into: &output, limit: 50_000) }
        #expect(output.count < 120_000)
    }
}
