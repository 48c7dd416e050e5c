import GatewayConfiguration
import GatewayEngine
import Testing

/// What `explain` says; that it agrees with the router is the property tests' business.
@Suite struct ExplainTests {
    @Test("Each candidate and the first rule by which it lost")
    func reasons() throws {
        let router = try Router(
            [
                route("/users/{id}", name: "plain"), route("/users/me", name: "post", methods: ["POST"]),
                route("/users/me", name: "v2", headers: [FieldMatch(name: "X-V", condition: .exact("2"))]),
                route("/users/me", name: "query", query: [FieldMatch(name: "q", condition: .present(true))]),
                route("/users/me", name: "cookie", cookies: [FieldMatch(name: "c", condition: .present(true))]),
                route("/users/me", name: "inside", listeners: ["inside"]), route("~/users/[0-9]+", name: "number"),
                route("/users/**", name: "host", hosts: ["example.org"], methods: ["PUT"]),
                route("/users/**", name: "rest"),
                route("/other", name: "other"),
            ], listeners: ["public", "inside"])
        let explanation = router.explain(Request("GET /users/me"))
        let expected: [(String, RuleFailure?)] = [
            ("host", .method), ("post", .method), ("v2", .header(0)), ("query", .query(0)), ("cookie", .cookie(0)),
            ("inside", .listener),
            ("number", .path), ("plain", nil), ("rest", .outranked(.path)),
        ]
        #expect(explanation.candidates.map { router.table.routes[$0.route].name } == expected.map(\.0))
        #expect(explanation.candidates.map(\.failure) == expected.map(\.1))
        #expect(explanation.outcome == .route(index: 0))
        #expect(explanation.parameters.map { "\($0.name)=\($0.value)" } == ["id=me"])
    }

    @Test("Every step of the precedence has its name")
    func steps() throws {
        let header = FieldMatch(name: "X", condition: .present(true))
        let q = FieldMatch(name: "q", condition: .present(true))
        let cookie = FieldMatch(name: "c", condition: .present(true))
        let cases: [(RouteConfiguration, RouteConfiguration, String, PrecedenceStep)] = [
            (route("/**", name: "1", hosts: ["example.org"]), route("/a", name: "2"), "GET", .host),
            (route("/a", name: "1"), route("/**", name: "2"), "GET", .path),
            (route("/a", name: "1", methods: ["GET"]), route("/a", name: "2", headers: [header]), "GET", .method),
            (
                route("/a", name: "1", methods: ["HEAD"]), route("/a", name: "2", methods: ["GET"], headers: [header]),
                "HEAD", .method
            ),
            (route("/a", name: "1", headers: [header]), route("/a", name: "2", query: [q]), "GET", .headers),
            (route("/a", name: "1", query: [q]), route("/a", name: "2", cookies: [cookie]), "GET", .query),
            (route("/a", name: "1", cookies: [cookie]), route("/a", name: "2"), "GET", .cookies),
            (
                route("/a", name: "1", methods: ["GET", "POST"]), route("/a", name: "2", methods: ["GET"]), "GET",
                .order
            ),
        ]
        for (winner, loser, method, step) in cases {
            // By the file's order alone the loser would win, except where that order is what decides.
            let routes = step == .order ? [winner, loser] : [loser, winner]
            let router = try Router(routes)
            let explanation = router.explain(Request("\(method) /a?q=1", headers: [("X", "1"), ("Cookie", "c=1")]))
            let failures = Dictionary(
                uniqueKeysWithValues: explanation.candidates.map { (router.table.routes[$0.route].name, $0.failure) })
            #expect(failures == ["1": nil, "2": .outranked(step)], "\(step)")
        }
    }

    @Test("Nothing found, and only the method wrong")
    func failures() throws {
        let router = try Router([route("/a", methods: ["GET", "PUT"])])
        let missing = router.explain(Request("GET /b"))
        #expect(missing.outcome == .notFound && missing.candidates.isEmpty && missing.allowedMethods.isEmpty)
        let wrong = router.explain(Request("POST /a"))
        #expect(wrong.outcome == .methodNotAllowed && wrong.allowedMethods == ["GET", "HEAD", "PUT"])
        #expect(wrong.candidates.count == 1 && wrong.candidates[0].failure == .method)
    }
}
