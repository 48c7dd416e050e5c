import GatewayConfiguration
import GatewayEngine

/// The rules of routing as a person would apply them with the documentation in hand: every route is looked at, those that
/// fit are sorted, the first wins. Written from the prose, without a look at the table.
struct NaiveRouter {
    struct Route {
        var configuration: RouteConfiguration
        /// For a route with an expression: what it means, and how many literal segments it begins with.
        var expression: Expression?
    }

    struct Expression {
        var text: String
        var literals: Int
        var matches: @Sendable (String) -> Bool
    }

    /// A route whose host and path fit.
    struct Candidate {
        var index: Int
        var rank: [Int]
        var passes: Bool
        var passesButMethod: Bool
        var parameters: [String: String]
    }

    var routes: [Route]
    var listeners: [String]

    func match(_ request: Request) -> Outcome {
        let candidates = candidates(request)
        if let best = candidates.first(where: \.passes) {
            return .route(routes[best.index].configuration.name, best.parameters)
        }
        let allowed = candidates.filter(\.passesButMethod).reduce(into: Set<String>()) { names, candidate in
            names.formUnion(routes[candidate.index].configuration.methods)
        }
        guard !allowed.isEmpty else { return .notFound }
        return .notAllowed((allowed.contains("GET") ? allowed.union(["HEAD"]) : allowed).sorted())
    }

    /// In the order of precedence.
    func candidates(_ request: Request) -> [Candidate] {
        routes.indices.compactMap { candidate($0, request) }.sorted { $0.rank.lexicographicallyPrecedes($1.rank) }
    }

    private func candidate(_ index: Int, _ request: Request) -> Candidate? {
        let route = routes[index].configuration
        guard let host = hostRank(route, request.host), let (path, parameters) = pathRank(routes[index], request.path)
        else { return nil }
        let takesMethod =
            route.methods.isEmpty || route.methods.contains(request.method)
            || request.method == "HEAD" && route.methods.contains("GET")
        let others = conditionsHold(route, request)
        // Numbers that sort: smaller comes first. Paths differ in length, so a path's rank is closed by -1.
        let method: Int
        if route.methods.isEmpty {
            method = 2
        } else {
            method = request.method == "HEAD" && !route.methods.contains("HEAD") ? 1 : 0
        }
        let rank =
            host + path + [-1] + [method, -route.headers.count, -route.query.count, -route.cookies.count, index]
        return Candidate(
            index: index, rank: rank, passes: takesMethod && others, passesButMethod: !takesMethod && others,
            parameters: parameters)
    }

    /// Exact, wildcard by length, any.
    private func hostRank(_ route: RouteConfiguration, _ sent: String) -> [Int]? {
        if route.hosts.isEmpty { return [2, 0] }
        var host = sent.lowercased()
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") { host = String(host[..<colon]) }
        if host.hasSuffix(".") { host.removeLast() }
        return route.hosts.compactMap { pattern -> [Int]? in
            if pattern == host { return [0, 0] }
            guard pattern.hasPrefix("*."), host.hasSuffix(pattern.dropFirst()), host.count >= pattern.count else {
                return nil
            }
            return [1, -pattern.count]
        }
        .min { $0.lexicographicallyPrecedes($1) }
    }

    private func pathRank(_ route: Route, _ path: String) -> ([Int], [String: String])? {
        if let expression = route.expression {
            guard expression.matches(path) else { return nil }
            return (Array(repeating: 0, count: expression.literals) + [1], [:])
        }
        guard case .pattern(let pattern) = route.configuration.path else { return nil }
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var rank: [Int] = []
        var parameters: [String: String] = [:]
        for (index, segment) in pattern.segments.enumerated() {
            let rest = segments.dropFirst(index).joined(separator: "/")
            switch segment {
            case .literal(let text):
                guard index < segments.count, segments[index] == text else { return nil }
                rank.append(0)
            case .parameter(let name):
                guard index < segments.count, !segments[index].isEmpty else { return nil }
                rank.append(2)
                if let name { parameters[name] = segments[index] }
            case .oneOrMore(let name):
                guard index < segments.count, !rest.isEmpty else { return nil }
                if let name { parameters[name] = rest }
                return (rank + [3], parameters)
            case .noneOrMore:
                return (rank + [4], parameters)
            }
        }
        return segments.count == pattern.segments.count ? (rank, parameters) : nil
    }

    private func conditionsHold(_ route: RouteConfiguration, _ request: Request) -> Bool {
        if !route.listeners.isEmpty, !route.listeners.contains(listeners[request.listener]) { return false }
        let headersHold = route.headers.allSatisfy { match in
            let lines = request.headers.filter { $0.0.lowercased() == match.name.lowercased() }.map(\.1)
            return holds(match.condition, lines.isEmpty ? nil : lines.joined(separator: ", "))
        }
        let queryHolds = route.query.allSatisfy { match in
            let pairs = request.query.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
            let value = pairs.first { $0[0] == match.name }.map { $0.count > 1 ? String($0[1]) : "" }
            return holds(match.condition, value)
        }
        let cookiesHold = route.cookies.allSatisfy { match in
            let lines = request.headers.filter { $0.0.lowercased() == "cookie" }.map(\.1)
            let pairs = lines.flatMap { $0.split(separator: ";").map { $0.split(separator: "=", maxSplits: 1) } }
            let value = pairs.first { $0[0].drop { $0 == " " } == match.name }.map { $0.count > 1 ? String($0[1]) : "" }
            return holds(match.condition, value)
        }
        return headersHold && queryHolds && cookiesHold
    }

    private func holds(_ condition: FieldMatch.Condition, _ value: String?) -> Bool {
        switch condition {
        case .exact(let text): value == text
        case .present(let expected): (value != nil) == expected
        case .regex, .mediaType: fatalError("not among the random conditions")
        }
    }

    /// Whether two routes ask for the very same things.
    func isTie(_ one: Int, _ other: Int) -> Bool {
        let (first, second) = (routes[one].configuration, routes[other].configuration)
        func matches(_ list: [FieldMatch]) -> Set<String> {
            Set(list.map { "\($0.name.lowercased()) \($0.condition)" })
        }
        return shape(first.path) == shape(second.path) && Set(first.hosts) == Set(second.hosts)
            && Set(first.methods) == Set(second.methods) && matches(first.headers) == matches(second.headers)
            && matches(first.query) == matches(second.query) && matches(first.cookies) == matches(second.cookies)
            && Set(first.listeners) == Set(second.listeners)
    }

    private func shape(_ path: PathMatch) -> [String] {
        switch path {
        case .regex(let text): ["regex", text]
        case .pattern(let pattern):
            pattern.segments.map { segment in
                switch segment {
                case .literal(let text): "=" + text
                case .parameter: "{}"
                case .oneOrMore: "{+}"
                case .noneOrMore: "**"
                }
            }
        }
    }
}
