import JSONStream
import Testing

@testable import GatewayEngine

/// References in texts: what stands in their place, and when there is nothing.
@Suite struct PartTextTests {
    static let scope = PartReference.Scope(parameters: ["id", "rest"], parts: ["user", "my-part"], hasItem: true)

    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var place: PartText.Place
        /// nil: it is missing.
        var expected: String?
        var testDescription: String { "\(text) \(place)" }

        init(_ text: String, _ place: PartText.Place, _ expected: String?) {
            (self.text, self.place, self.expected) = (text, place, expected)
        }
    }

    static let cases = [
        Case("/users/{id}", .path, "/users/a%2Fb%20c"),
        Case("/users/{$request.path.id}", .path, "/users/a%2Fb%20c"),
        Case("/files/{rest}", .path, "/files/x%20y/z"),
        Case("{rest}", .query, "x%20y%2Fz"),
        Case("/u/{claims.sub}/recent?limit=5", .path, "/u/usr_1/recent?limit=5"),
        Case("/u/{$claims.sub}", .path, "/u/usr_1"),
        Case("{claims.roles}", .query, "a,b%20c"),
        Case("{claims.roles}", .field, "a,b c"),
        Case("{claims.roles[1]}", .field, "b c"),
        Case("{claims.n}", .query, "1.50"),
        Case("{query.q}", .query, "1%262"),
        Case("{request.query.q}", .field, "1&2"),
        Case("{query.none}", .query, nil),
        Case("/a/{query.empty}", .path, nil),
        Case("{query.empty}", .query, ""),
        Case("{header.X-Tenant}", .field, "Acme"),
        Case("{request.header.x-tenant}-{request.method}", .field, "Acme-GET"),
        Case("{request.body.ids}", .query, "1,2,3"),
        Case("{request.body.ids[*]}", .query, "1,2,3"),
        Case("{request.body.ids[-1]}", .query, "3"),
        Case("/n/{request.body.name}", .path, "/n/Zo%C3%AB"),
        Case("{request.body.none}", .field, nil),
        Case("{request.body.deep}", .field, nil),
        Case("{request.body.deep.a}", .field, nil),
        Case("{user.name}", .field, "Ann"),
        Case("{user}", .field, nil),
        Case("{my-part[0].x}", .field, "true"),
        Case("{item}", .field, "it"),
        Case("a{{b}", .field, "a{b}"),
        Case("/é", .path, "/%C3%A9"),
        Case("a b/c", .query, "a%20b/c"),
    ]

    @Test(arguments: cases)
    func values(_ example: Case) throws {
        let request = try Aggregates.request()
        let document = request.document()
        let parts = [#"{"name":"Ann"}"#, #"[{"x":true}]"#]
        let values = PartValues(request: request, item: try JSONDocument(Array("\"it\"".utf8)).root) { input in
            switch input {
            case AggregateInput.request: document
            case AggregateInput.claims: request.claims
            default: try? JSONDocument(Array(parts[input - AggregateInput.firstPart].utf8)).root
            }
        }
        let text = try PartText(example.text, in: Self.scope)
        var output: [UInt8] = []
        do {
            try text.write(values, example.place, into: &output)
            #expect(String(decoding: output, as: UTF8.self) == example.expected)
        } catch {
            #expect(example.expected == nil)
        }
    }

    @Test(arguments: [
        "{", "{id", "{nobody}", "{nobody.x}", "{claims}", "{request}", "{request.foo}", "{request.path.nope}",
        "{header}", "{header.}", "{query.}", "{user.}", "{user[}", "{failed[0]}", "{}", "{id.x}",
    ])
    func whatRefersToNothing(_ text: String) {
        #expect(throws: PartText.Problem.self) { try PartText(text, in: Self.scope) }
    }

    @Test func itemsOnlyWithAnArray() {
        var scope = Self.scope
        scope.hasItem = false
        #expect(throws: PartText.Problem.self) { try PartText("{item}", in: scope) }
    }

    @Test(arguments: [
        ("/a/..", true), ("/a/../b", true), ("/./a", true), ("/a/...", false), ("/a.b", false), ("/a?x=/../", false),
    ])
    func dotSegments(_ target: String, _ expected: Bool) {
        #expect(PartEncoding.hasDotSegment(Array(target.utf8)) == expected)
    }
}
