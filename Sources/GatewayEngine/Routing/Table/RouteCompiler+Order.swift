internal import GatewayConfiguration

/// The order of routes that share a place, and the search for ties in it.
extension RouteCompiler {
    /// Method given, more header conditions, more query conditions, more cookie conditions, earlier in the file.
    static func precedes(_ one: Candidate, _ other: Candidate, _ routes: [RouteConfiguration]) -> Bool {
        switch decidingStep(one, other, routes) {
        case .method: one.has(Candidate.namesMethods)
        case .headers: routes[Int(one.route)].headers.count > routes[Int(other.route)].headers.count
        case .query: routes[Int(one.route)].query.count > routes[Int(other.route)].query.count
        case .cookies: routes[Int(one.route)].cookies.count > routes[Int(other.route)].cookies.count
        case .host, .path, .order: one.route < other.route
        }
    }

    /// The first step by which two routes of one place differ in rank.
    static func decidingStep(
        _ one: Candidate, _ other: Candidate, _ routes: [RouteConfiguration]
    ) -> PrecedenceStep {
        if one.has(Candidate.namesMethods) != other.has(Candidate.namesMethods) { return .method }
        let (first, second) = (Int(one.route), Int(other.route))
        if routes[first].headers.count != routes[second].headers.count { return .headers }
        if routes[first].query.count != routes[second].query.count { return .query }
        return routes[first].cookies.count == routes[second].cookies.count ? .order : .cookies
    }

    /// Two routes with the very same conditions: the second could never be reached, and which one that is would be an
    /// accident of the file. Only routes of one place can be such a pair.
    mutating func reportTies(_ trie: SegmentTrie, _ routes: [RouteConfiguration]) {
        var reported: Set<UInt32> = []
        var start = 0
        for index in 0..<trie.candidates.count where trie.candidates[index].has(Candidate.last) {
            defer { start = index + 1 }
            guard index > start else { continue }
            var seen: [ConditionKey: UInt32] = [:]
            for candidate in (start...index).map({ trie.candidates[$0] }).sorted(by: { $0.route < $1.route }) {
                let route = routes[Int(candidate.route)]
                let key = ConditionKey(route)
                guard let first = seen[key] else {
                    seen[key] = candidate.route
                    continue
                }
                guard reported.insert(candidate.route).inserted else { continue }
                let other = routes[Int(first)]
                report(
                    route.location,
                    "route \"\(route.name)\" has the very same conditions as route \"\(other.name)\" at \(other.location)",
                    fix: "remove one of them, or give one a further condition")
            }
        }
    }
}
