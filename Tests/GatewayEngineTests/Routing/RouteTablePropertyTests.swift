import GatewayConfiguration
import GatewayEngine
import Testing

/// Random tables and requests: the table against the naive router, and `explain` against both.
@Suite struct RouteTablePropertyTests {
    static let segments = ["a", "b", "c", "longer-segment", "x1", ""]
    static let hosts = ["example.org", "api.example.org", "*.example.org", "*.api.example.org", "*.org", "other.test"]
    static let methods = ["GET", "HEAD", "POST", "PUT", "OPTIONS", "PURGE"]
    static let expressions = [
        NaiveRouter.Expression(text: "/a/[a-c]", literals: 1) { ["/a/a", "/a/b", "/a/c"].contains($0) },
        NaiveRouter.Expression(text: "/a/b.*", literals: 1) { $0.hasPrefix("/a/b") },
        NaiveRouter.Expression(text: "^/(a|b)/.*$", literals: 0) { $0.hasPrefix("/a/") || $0.hasPrefix("/b/") },
        NaiveRouter.Expression(text: "/a|/b/c", literals: 0) { $0 == "/a" || $0 == "/b/c" },
        NaiveRouter.Expression(text: "/b/c/x?", literals: 2) { $0 == "/b/c/" || $0 == "/b/c/x" },
        NaiveRouter.Expression(text: "/a/b/(?:[|)]|c)", literals: 2) { ["/a/b/|", "/a/b/)", "/a/b/c"].contains($0) },
        NaiveRouter.Expression(text: "/[^/]+", literals: 0) { $0.count > 1 && !$0.dropFirst().contains("/") },
    ]

    static func conditions(_ random: inout SeededGenerator, _ names: [String]) -> [FieldMatch] {
        var matches: [FieldMatch] = []
        for name in names where random.chance(20) {
            let condition: FieldMatch.Condition =
                random.chance(50) ? .exact(random.pick(["1", "2"])) : .present(random.chance(70))
            matches.append(FieldMatch(name: name, condition: condition))
        }
        return matches
    }

    static func randomRoute(_ random: inout SeededGenerator, _ index: Int) -> NaiveRouter.Route {
        var expression: NaiveRouter.Expression?
        var path = ""
        if random.chance(15) {
            expression = random.pick(expressions)
            path = "~" + (expression?.text ?? "")
        } else {
            let depth = random.below(4)
            for level in 0..<depth {
                path += "/" + (random.chance(35) ? (random.chance(70) ? "{p\(level)}" : "*") : random.pick(segments))
            }
            switch random.below(6) {
            case 0: path += "/**"
            case 1: path += "/{rest+}"
            case 2: path += "/*"
            case 3: path += "/"
            default: break
            }
            if path.isEmpty { path = "/" }
        }
        var configuration = route(path, name: "r\(index)")
        if random.chance(40) { configuration.hosts = (0...random.below(2)).map { _ in random.pick(hosts) } }
        if random.chance(50) { configuration.methods = (0...random.below(2)).map { _ in random.pick(methods) } }
        configuration.headers = conditions(&random, ["X-One", "accept", "X-Two"])
        configuration.query = conditions(&random, ["q", "v"])
        configuration.cookies = conditions(&random, ["side"])
        if random.chance(10) { configuration.listeners = [random.pick(["public", "internal"])] }
        return NaiveRouter.Route(configuration: configuration, expression: expression)
    }

    static func randomRequest(_ random: inout SeededGenerator) -> Request {
        let depth = random.below(5)
        var path = (0..<depth).map { _ in "/" + random.pick(segments + ["|", ")"]) }.joined()
        if path.isEmpty || random.chance(10) { path += "/" }
        let host = random.pick(
            [
                "example.org", "API.example.org", "x.example.org:8080", "deep.api.example.org.", "x.org", "",
                "other.test", "example.org.evil",
            ])
        var request = Request(
            "\(random.pick(methods + ["DELETE", "LOCK"])) \(path)", host: host, listener: random.below(2))
        for name in ["x-one", "Accept", "X-TWO", "X-Two", "x-other"] where random.chance(40) {
            request.headers.append((name, random.pick(["1", "2", "3"])))
        }
        if random.chance(40) {
            request.headers.append(("Cookie", random.pick(["side=1", "x=2; side=2", "side=3; side=1"])))
        }
        if random.chance(50) { request.query = random.pick(["q=1", "q=2&v=1", "v", "x=1&q=2&q=1", "&&v=2"]) }
        return request
    }

    @Test("The table decides as the naive router does, and explain says the same")
    func walk() throws {
        let walk = RoutingWalk(rounds: 400)
        var random = SeededGenerator(seed: walk.seed)
        var (found, refused, ties) = (0, 0, 0)
        for _ in 0..<walk.rounds {
            var naive = NaiveRouter(routes: [], listeners: ["public", "internal"])
            for index in 0...random.below(25) {
                var next = Self.randomRoute(&random, index)
                if random.chance(3), let twin = naive.routes.randomElement(using: &random) {
                    // The same conditions in another order.
                    next = twin
                    next.configuration.name = "r\(index)"
                    next.configuration.hosts.reverse()
                    next.configuration.methods.reverse()
                    next.configuration.headers.reverse()
                }
                naive.routes.append(next)
                let last = naive.routes.count - 1
                guard (0..<last).contains(where: { naive.isTie($0, last) }) else { continue }
                ties += 1
                #expect(throws: RouteTableError.self, "a tie was accepted; \(walk.comment)") {
                    try Router(naive.routes.map(\.configuration), listeners: naive.listeners)
                }
                naive.routes.removeLast()
            }
            let router = try Router(naive.routes.map(\.configuration), listeners: naive.listeners)
            for _ in 0..<40 {
                let request = Self.randomRequest(&random)
                let outcome = router.match(request)
                let expected = naive.match(request)
                #expect(outcome == expected, "\(request); \(describe(naive)); \(walk.comment)")
                if case .route = outcome { found += 1 }
                if case .notAllowed = outcome { refused += 1 }
                check(router.explain(request), outcome, router, naive, request, walk)
            }
        }
        // The walk is only worth something if it meets all kinds of answers.
        if walk.rounds >= 400 { #expect(found > 1000 && refused > 100 && ties > 10) }
    }

    private func check(
        _ explanation: Explanation, _ outcome: Outcome, _ router: Router, _ naive: NaiveRouter, _ request: Request,
        _ walk: RoutingWalk
    ) {
        switch (explanation.outcome, outcome) {
        case (.route(let index), .route(let name, let parameters)):
            #expect(router.table.routes[index].name == name, "\(request); \(walk.comment)")
            let explained = Dictionary(uniqueKeysWithValues: explanation.parameters.map { ($0.name, $0.value) })
            #expect(explained == parameters, "\(request); \(walk.comment)")
            #expect(explanation.candidates.filter { $0.failure == nil }.map(\.route) == [index], "\(walk.comment)")
        case (.methodNotAllowed, .notAllowed(let methods)):
            #expect(explanation.allowedMethods == methods, "\(request); \(walk.comment)")
        case (.notFound, .notFound): break
        default: Issue.record("\(request): \(explanation.outcome) is not \(outcome); \(walk.comment)")
        }
        let candidates = naive.candidates(request)
        let explained = explanation.candidates.filter { $0.failure != .path }
        if request.method == "HEAD" {
            // Who names HEAD comes first among its peers, which the list of candidates does not show.
            #expect(Set(explained.map(\.route)) == Set(candidates.map(\.index)), "\(request); \(walk.comment)")
        } else {
            #expect(explained.map(\.route) == candidates.map(\.index), "\(request); \(walk.comment)")
        }
        for candidate in candidates {
            let failure = explained.first { $0.route == candidate.index }?.failure
            #expect((failure == .method) == candidate.passesButMethod, "\(request); \(walk.comment)")
            if case .outranked = failure { #expect(candidate.passes, "\(request); \(walk.comment)") }
        }
    }

    private func describe(_ naive: NaiveRouter) -> String {
        naive.routes.map { item in
            let route = item.configuration
            let path = if case .pattern(let pattern) = route.path { pattern.text } else { item.expression?.text ?? "" }
            return
                "\(route.name) \(path) \(route.hosts) \(route.methods) h\(route.headers.count) q\(route.query.count) "
                + "c\(route.cookies.count) \(route.listeners)"
        }
        .joined(separator: "\n")
    }
}
