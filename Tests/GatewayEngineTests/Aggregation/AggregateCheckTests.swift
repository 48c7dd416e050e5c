import Testing

@testable import GatewayEngine

/// What is wrong with an aggregate is said at load, all of it, each at its line.
@Suite struct AggregateCheckTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var aggregate: String
        var expected: [String]
    }

    static let cases = [
        Case(
            testDescription: "references to nothing, all of them",
            aggregate: """
                parts:
                  user: { service: users, path: "/users/{nobody}" }
                  other:
                    service: orders
                    path: "/orders/{user.id}"
                    query: { a: "{usr.id}", b: "{item}" }
                    headers: { x-a: "{query.a}{" }
                body: { a: $nobody.x, b: $user, c: [ $usr, $$usr, $5, $ usr ] }
                """,
            expected: [
                "8 error: path: {nobody} refers to nothing",
                "12 error: query: {usr.id} refers to nothing",
                "12 error: query: {item} refers to nothing",
                "13 error: headers: a brace is not closed",
                "14 error: body: \"$usr\" refers to usr, which there is none of here",
                "14 error: body: \"$nobody.x\" refers to nobody, which there is none of here",
            ]),
        Case(
            testDescription: "cycles",
            aggregate: """
                parts:
                  a: { service: users, path: "/{b.x}" }
                  b: { service: users, path: "/{c.x}" }
                  c: { service: users, path: "/{a.x}" }
                  d: { service: users, method: POST, path: "/", body: { x: $d.x } }
                  e: { service: users, each: $d.list, path: "/{item}" }
                """,
            expected: [
                "8 error: parts: a refers to b refers to c refers to a, so none of them can be called",
                "11 error: parts: \"d\" refers to its own answer",
            ]),
        Case(
            testDescription: "paths and names",
            aggregate: """
                parts:
                  id: { service: users, path: "/a/../b" }
                  x: { service: users, path: "/{id[?}", pick: "$.a[?]", each: "$request.path.id" }
                  y: { service: users, method: POST, path: /, body: { a: $ } }
                """,
            expected: [
                "8 error: parts: \"id\" is a parameter of the path, too",
                "8 error: path: it has a dot segment",
                "9 error: path: {id[?} is no reference: unexpected in its path",
                "9 error: each: \"$request.path.id\" is no array",
                "9 error: pick: \"$.a[?]\" is no JSONPath: unexpected at character 5",
                "10 error: body: $ stands for no body here",
            ]),
        Case(
            testDescription: "a part that nothing uses",
            aggregate: """
                parts:
                  a: { service: users, path: / }
                  b: { service: users, path: / }
                  c: { service: users, path: "/{b.x}" }
                body: { c: $c }
                """,
            expected: ["8 warning: parts: \"a\" is called, and nothing uses its answer"]),
        Case(
            testDescription: "all of it is right",
            aggregate: """
                parts:
                  a: { service: users, path: "/{id}" }
                  b: { service: users, each: $a.list, path: "/{item.x}", query: { n: "{header.x-n}" } }
                """,
            expected: []),
    ]

    @Test(arguments: cases)
    func findings(_ example: Case) throws {
        #expect(try Aggregates.findings(example.aggregate) == example.expected)
    }

    @Test func claimsOfNobody() throws {
        let parts = "parts: { a: { service: users, path: \"/{claims.sub}\" } }"
        let warning = "4 warning: aggregate: it refers to claims, and nobody is asked who they are here"
        #expect(try Aggregates.findings(parts) == [warning])
        let auth = "auth: { type: jwt, issuer: a, secret: \"0123456789abcdef0123456789abcdef\" }"
        #expect(try Aggregates.findings(parts, top: auth).isEmpty)
        #expect(try Aggregates.findings(parts, route: "auth: none", top: auth) == [warning])
    }

    @Test func nothingIsMirrored() throws {
        let found = try Aggregates.findings(
            "parts: { a: { service: users, path: / } }", route: "mirror: { service: orders }")
        #expect(found == ["4 error: mirror: nothing of an aggregate is copied"])
    }
}
