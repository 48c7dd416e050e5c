import HTTPWire
import JSONStream
import Testing

@testable import GatewayEngine

/// What becomes of an aggregate, whatever its parts do: without a socket.
@Suite struct AggregateMachineTests {
    static func machine(_ aggregate: String, limit: Int = 1 << 20) throws -> AggregateMachine {
        AggregateMachine(try Aggregates.compile(aggregate), try Aggregates.request(), limit: limit)
    }

    // MARK: Answers

    @Test func oneMemberAPartInTheOrderOfTheFile() throws {
        let machine = try Self.machine(
            """
            parts:
              b: { service: users, path: /b }
              a: { service: orders, path: /a, pick: $.list }
              c: { service: orders, path: /c, pick: "$.list[*].n" }
              none: { service: orders, path: /d, pick: $.nothing }
            """)
        let (summary, targets) = machine.run { request in
            .json(request.text == "GET /b" ? " {\"x\": 1.50 } \n" : #"{"list":[{"n":1},{"n":"2"}]}"#)
        }
        #expect(summary == #"200 {"b":{"x": 1.50 },"a":[{"n":1},{"n":"2"}],"c":[1,"2"]}"#)
        #expect(targets == ["GET /b", "GET /a", "GET /c", "GET /d"])
        #expect(machine.failedNames.isEmpty)
    }

    @Test func templatesReachTheRequestClaimsAndParts() throws {
        let machine = try Self.machine(
            """
            parts:
              user: { service: users, path: "/users/{claims.sub}", headers: { x-t: "{header.x-tenant}", x-l: "{claims.line}" } }
              order:
                { service: orders, method: POST, path: /o, query: { u: "{user.id}", none: "{user.nope}" },
                  body: { who: $user.name, ids: $request.body.ids, path: $request.path.id, q: $request.query.q } }
            body:
              name: $user.name
              orders: { each: $order.list, map: { id: $.id } }
              tenant: "$request.header['x-tenant']"
              whole: $.order.total
              roles: $claims.roles
              failed: $failed
            """)
        let (summary, targets) = machine.run { request in
            .json(request.method == .get ? #"{"id":7,"name":"Ann"}"# : #"{"list":[{"id":1,"x":2}],"total":3.0}"#)
        }
        #expect(
            targets == [
                "GET /users/usr_1 x-t=Acme",
                #"POST /o?u=7 {"who":"Ann","ids":[1,2,3],"path":"a/b c","q":"1&2"}"#,
            ])
        #expect(
            summary
                == #"200 {"name":"Ann","orders":[{"id":1}],"tenant":"Acme","whole":3.0,"roles":["a","b c"],"failed":[]}"#
        )
    }

    // MARK: Failures

    /// What a part's service may do, and what is told of it.
    static let outcomes: [(outcome: PartOutcome, error: String, status: Int)] = [
        (.json("{}", status: 500), "part_status", 502), (.json("no", status: 404), "part_status", 502),
        (.json("", status: 302), "part_status", 502), (.json("{\"a\":"), "response_malformed", 502),
        (.json("{} {}"), "response_malformed", 502), (.json("[\"\u{1}\"]"), "response_malformed", 502),
        (.json(String(repeating: "[", count: 200)), "response_too_large", 502),
        (.failure(.upstreamTimeout), "upstream_timeout", 504),
        (.failure(.upstreamConnectTimeout), "upstream_connect_timeout", 504),
        (.failure(.upstreamConnectRefused), "upstream_connect_refused", 502),
        (.failure(.upstreamIncomplete), "upstream_incomplete", 502), (.failure(.circuitOpen), "circuit_open", 502),
        (.failure(.noEndpoint), "no_endpoint", 502), (.failure(.responseTooLarge), "response_too_large", 502),
    ]

    /// Every failure, with every declaration of what follows, on both parts of two.
    @Test(arguments: ["fail", "omit", "null", "{ value: [ 1, {} ] }", "pass"], [0, 1])
    func everyCombination(_ onError: String, _ place: Int) throws {
        for pick in ["", ", pick: $"] {
            for (outcome, code, status) in Self.outcomes {
                let machine = try Self.machine(
                    """
                    parts:
                      a: { service: users, path: /a, on_error: \(place == 0 ? onError : "fail")\(pick) }
                      b: { service: users, path: /b, on_error: \(place == 1 ? onError : "omit")\(pick) }
                    failed_parts: errors
                    """)
                let failing = ["a", "b"][place]
                let (summary, _) = machine.run { request in
                    request.text == "GET /\(failing)" ? outcome : .json("true")
                }
                var upstream = 0
                if case .answer(let answer) = outcome, code == "part_status" { upstream = answer.status }
                let told = upstream > 0 ? ",\"status\":\(upstream)" : ""
                let errors = "\"errors\":[{\"part\":\"\(failing)\",\"error\":\"\(code)\"\(told)}]"
                let value = onError == "null" ? "null" : "[1,{}]"
                let expected: String =
                    switch onError {
                    case "fail": "\(status) \(status == 504 ? "part_timeout" : "part_failed")"
                    case "pass":
                        if upstream > 0, case .answer(let answer) = outcome {
                            "\(upstream) passed \(String(decoding: answer.body, as: UTF8.self))"
                        } else {
                            "\(status) \(status == 504 ? "part_timeout" : "part_failed")"
                        }
                    case "omit": "200 {\"\(place == 0 ? "b" : "a")\":true,\(errors)}"
                    default:
                        place == 0
                            ? "200 {\"a\":\(value),\"b\":true,\(errors)}" : "200 {\"a\":true,\"b\":\(value),\(errors)}"
                    }
                #expect(summary == expected, "\(code)")
                #expect(machine.failedNames == [failing])
            }
        }
    }

    @Test func whatIsNoJSONAndWhatIsNothing() throws {
        let text = "parts: { a: { service: users, path: /a, on_error: omit } }\nfailed_parts: e"
        func run(_ change: (inout PartAnswer) -> Void) throws -> String {
            try Self.machine(text).run { _ in
                var answer = PartAnswer()
                answer.body = Array("{}".utf8)
                change(&answer)
                return .answer(answer)
            }.summary
        }
        #expect(try run { $0.isJSON = false } == #"200 {"e":[{"part":"a","error":"response_not_json"}]}"#)
        #expect(try run { $0.isEncoded = true } == #"200 {"e":[{"part":"a","error":"response_encoded"}]}"#)
        // No body is no failure: there is nothing to put in.
        #expect(try run { $0.body = [] } == "200 {}")
        #expect(try run { ($0.status, $0.isJSON) = (204, false) } == "200 {}")
    }

    struct Missing: Sendable, CustomTestStringConvertible {
        var path: String
        var expected: String
        var testDescription: String { path }
    }

    static let missing = [
        Missing(path: "/{query.nope}", expected: "400 part_input_missing"),
        Missing(path: "/{request.body.nope}", expected: "400 part_input_missing"),
        Missing(path: "/{header.nope}", expected: "400 part_input_missing"),
        Missing(path: "/{claims.nope}", expected: "502 part_failed"),
        Missing(path: "/{other.nope}", expected: "502 part_failed"),
        Missing(path: "/{claims.dots}", expected: "400 path_rejected"),
        Missing(path: "/x/{claims.dots}/y", expected: "400 path_rejected"),
    ]

    /// A call that cannot be put together is not made.
    @Test(arguments: missing)
    func referencesThatFindNothing(_ example: Missing) throws {
        for onError in ["fail", "omit"] {
            let machine = try Self.machine(
                """
                parts:
                  other: { service: orders, path: /other }
                  a: { service: users, path: "\(example.path)", on_error: \(onError) }
                """)
            let (summary, targets) = machine.run { _ in .json("1") }
            #expect(summary == (onError == "fail" ? example.expected : #"200 {"other":1}"#))
            #expect(targets.allSatisfy { $0 == "GET /other" })
            #expect(machine.failedNames == ["a"])
        }
    }

    @Test func whatDependsOnAFailureHasItsOwnWord() throws {
        let machine = try Self.machine(
            """
            parts:
              a: { service: users, path: /a, on_error: { value: { id: 5 } } }
              b: { service: users, path: /b, on_error: omit }
              c: { service: users, path: "/c/{a.id}" }
              d: { service: users, path: "/d/{b.id}", on_error: null }
            """)
        let (summary, targets) = machine.run { request in
            request.text == "GET /c/5" ? .json("\"c\"") : .failure(.upstreamReset)
        }
        #expect(summary == #"200 {"a":{"id":5},"c":"c","d":null}"#)
        #expect(targets == ["GET /a", "GET /b", "GET /c/5"])
        #expect(machine.failedNames == ["a", "b", "d"])
    }

    // MARK: Fan-out

    static let fanOut = """
        parts:
          list: { service: orders, path: /list }
          items: { service: users, each: $list.ids, path: "/i/{item}", concurrency: 3, max_items: 10, on_error: ON }
        """

    @Test func asManyAtOnceAsAllowedInTheirOrder() throws {
        let machine = try Self.machine(Self.fanOut.replacing("ON", with: "fail"))
        var open = machine.answered(machine.start()[0], .json(#"{"ids":[0,1,2,3,4,5,6,7,8,9]}"#))
        var most = 0
        var made = open.count
        while !open.isEmpty {
            most = max(most, open.count)
            // The last one first.
            let call = open.removeLast()
            let id = machine.request(of: call).text.split(separator: "/").last ?? ""
            let more = machine.answered(call, .json("{\"n\":\(id)}"))
            made += more.count
            open += more
        }
        #expect(most == 3 && made == 10)
        let items = (0..<10).map { "{\"n\":\($0)}" }.joined(separator: ",")
        #expect(machine.result?.summary == "200 {\"list\":{\"ids\":[0,1,2,3,4,5,6,7,8,9]},\"items\":[\(items)]}")
    }

    struct Items: Sendable, CustomTestStringConvertible {
        var list: String
        var onError: String
        var items: String?
        var calls: Int
        var testDescription: String { "\(list) \(onError)" }

        init(_ list: String, _ onError: String, _ items: String?, calls: Int) {
            (self.list, self.onError, self.items, self.calls) = (list, onError, items, calls)
        }
    }

    /// `5` fails.
    static let items = [
        Items("[1,5,2]", "omit", "[1,2]", calls: 3), Items("[1,5,2]", "null", "[1,null,2]", calls: 3),
        Items("[1,5,2]", "{ value: {} }", "[1,{},2]", calls: 3), Items("[]", "fail", "[]", calls: 0),
        Items("1", "fail", "[1]", calls: 1), Items("[1,null,{},2]", "omit", "[1,2]", calls: 2),
        Items("[[1,2],3]", "fail", "[\"1,2\",3]", calls: 2), Items("[1,1,1]", "fail", "[1,1,1]", calls: 1),
        Items("[5,5]", "null", "[null,null]", calls: 1), Items("[1,2,3,4,6,7,8,9,10,11,12]", "omit", nil, calls: 0),
        Items("[1,2,3,4,6,7,8,9,10,11,12]", "null", "null", calls: 0),
    ]

    @Test(arguments: items)
    func failuresOfItems(_ example: Items) throws {
        let machine = try Self.machine(Self.fanOut.replacing("ON", with: example.onError))
        let (summary, targets) = machine.run { request in
            if request.text == "GET /list" { return .json("{\"ids\":\(example.list)}") }
            let id = request.text.dropFirst("GET /i/".count)
            return id == "5" ? .failure(.upstreamReset) : .json(id.contains(",") ? "\"\(id)\"" : String(id))
        }
        let member = example.items.map { ",\"items\":\($0)" } ?? ""
        #expect(summary == "200 {\"list\":{\"ids\":\(example.list)}\(member)}")
        #expect(targets.count == example.calls + 1)
    }

    @Test func tooManyItems() throws {
        let machine = try Self.machine(Self.fanOut.replacing("ON", with: "fail"))
        let (summary, targets) = machine.run { _ in .json(#"{"ids":[1,2,3,4,5,6,7,8,9,10,11]}"#) }
        #expect(summary == "502 part_failed" && targets == ["GET /list"])
    }

    @Test func nothingToCallFor() throws {
        let machine = try Self.machine(Self.fanOut.replacing("ON", with: "fail"))
        #expect(machine.run { _ in .json("{}") }.summary == #"200 {"list":{}}"#)
    }

    /// The first failure ends it: no further element is called for.
    @Test func aNeededItemThatFails() throws {
        let machine = try Self.machine(Self.fanOut.replacing("ON", with: "fail"))
        let calls = machine.answered(machine.start()[0], .json(#"{"ids":[1,2,3,4]}"#))
        #expect(calls.count == 3)
        #expect(machine.answered(calls[1], .failure(.upstreamReset)).isEmpty)
        #expect(machine.result?.summary == "502 part_failed")
        #expect(machine.answered(calls[0], .json("1")).isEmpty)
    }

    // MARK: Bounds

    @Test func aPartIsNoLargerThanAllowed() throws {
        // Four elements of 30 bytes each are more than 100.
        let machine = try Self.machine(Self.fanOut.replacing("ON", with: "omit"), limit: 100)
        let (summary, _) = machine.run { request in
            request.text == "GET /list"
                ? .json(#"{"ids":[1,2,3,4]}"#) : .json("\"\(String(repeating: "x", count: 28))\"")
        }
        #expect(summary == #"200 {"list":{"ids":[1,2,3,4]}}"#)
        #expect(machine.failedNames == ["items"])
    }

    @Test func anAnswerIsNoLargerThanItsPartsMayBe() throws {
        let machine = try Self.machine(
            """
            parts: { a: { service: users, path: /a } }
            body: [ $a, $a, $a, $a ]
            """, limit: 100)
        #expect(machine.run { _ in .json("\"\(String(repeating: "x", count: 60))\"") }.summary == "502 part_failed")
    }

    // MARK: Equal calls

    @Test func equalCallsAreMadeOnce() throws {
        let machine = try Self.machine(
            """
            parts:
              a: { service: users, path: "/u/{claims.sub}", pick: $.id }
              b: { service: users, path: /u/usr_1, pick: $.name }
              behind: { service: users, path: /u/usr_1, query: { x: "{a.nope}" } }
              other: { service: orders, path: /u/usr_1 }
              timed: { service: users, path: /u/usr_1, timeout: 1s }
              named: { service: users, path: /u/usr_1, headers: { x-a: b } }
              forwarded: { service: users, path: /u/usr_1, forward_headers: [ x-b ] }
              one: { service: users, method: POST, path: /p, body: 1 }
              two: { service: users, method: POST, path: /p, body: 1 }
            body: [ $a, $b, $behind.id, $other.id, $timed.id, $named.id, $forwarded.id, $one.id, $two.id ]
            """)
        var calls = 0
        let (summary, targets) = machine.run { _ in
            calls += 1
            return .json("{\"id\":\(calls),\"name\":\"n\(calls)\"}")
        }
        // `behind` is begun when the call that it equals has been answered.
        #expect(summary == #"200 [1,"n1",1,2,3,4,5,6,7]"#)
        #expect(targets.count == 7)
    }

    @Test func aFailureIsSharedAsWell() throws {
        let machine = try Self.machine(
            """
            parts:
              a: { service: users, path: /u, on_error: omit }
              b: { service: users, path: /u, on_error: null }
            """)
        let (summary, targets) = machine.run { _ in .failure(.upstreamTimeout) }
        #expect(summary == #"200 {"b":null}"# && targets.count == 1)
    }
}
