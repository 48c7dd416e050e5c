/// Finds routes that stand in each other's way.
///
/// - Two routes with the very same conditions: an error, as nothing but their order could decide.
/// - A route whose every host and method an earlier one of equal rank takes already: it never matches, a warning.
/// - `/a/{proxy+}` (or `/a/*`) where nothing answers `/a`: a warning, since the base route is easily forgotten.
///
/// All by hash of what is compared, so in linear time; a hash that is met again is always confirmed on the routes.
struct RouteConflicts {
    static func check(_ routes: [RouteConfiguration], findings: inout Findings) {
        var claims = Claims(routes: routes)
        for index in routes.indices { claims.add(index, findings: &findings) }

        // Routes are large: by index, what is not looked at is not copied.
        let open = routes.indices.filter { index in
            if case .pattern(let pattern) = routes[index].path, case .oneOrMore = pattern.segments.last {
                true
            } else {
                false
            }
        }
        guard !open.isEmpty else { return }
        var shapes: Set<Int> = []
        shapes.reserveCapacity(routes.count)
        for index in routes.indices {
            if case .pattern(let pattern) = routes[index].path { shapes.insert(shapeHash(pattern.segments[...])) }
        }
        for index in open {
            guard case .pattern(let pattern) = routes[index].path else { continue }
            warnOfMissingBase(pattern, routes[index].location, shapes, &findings)
        }
    }

    // MARK: Ties

    /// Who was first to take a host and method under otherwise equal conditions.
    private struct Claims {
        let routes: [RouteConfiguration]
        private var first: [Int: Int32] = [:]
        /// Stands for every host, or every method.
        private let any = [""]

        init(routes: [RouteConfiguration]) {
            self.routes = routes
            first.reserveCapacity(routes.count)
        }

        /// A route claims each of its hosts for each of its methods. It is dead when every pair was claimed before, under the
        /// same path, header, query and cookie conditions: rank is then equal, and the earlier route wins. "Any host" and
        /// "any method" are claims of their own, as they rank below a given one.
        mutating func add(_ index: Int, findings: inout Findings) {
            let shared = hashOfSharedConditions(routes[index])
            var covering: Int?
            var isCovered = true
            for host in routes[index].hosts.isEmpty ? any : routes[index].hosts {
                for method in routes[index].methods.isEmpty ? any : routes[index].methods {
                    var hasher = Hasher()
                    hasher.combine(shared)
                    hasher.combine(host)
                    hasher.combine(method)
                    let hash = hasher.finalize()
                    guard let earlier = first[hash].map(Int.init) else {
                        first[hash] = Int32(truncatingIfNeeded: index)
                        isCovered = false
                        continue
                    }
                    // A hash that is met again is a suspicion; the routes themselves decide.
                    if earlier == index { continue }  // the same host or method twice in one route
                    if takes(routes[earlier], host: host, method: method, as: routes[index]) {
                        covering = covering ?? earlier
                    } else {
                        isCovered = false
                    }
                }
            }
            guard isCovered, let covering else { return }
            report(index, covering, &findings)
        }

        /// Nothing but the order tells two such routes apart: an error. Where one merely covers the other, it still works.
        private func report(_ index: Int, _ earlier: Int, _ findings: inout Findings) {
            let place = routes[earlier].location
            if isSame(routes[index], routes[earlier]) {
                findings.error(
                    at: routes[index].location,
                    "the route \(quote(routes[index].name)) has the very same conditions as the one at \(place)",
                    fix: "remove one, or tell them apart by host, method, header or query")
            } else {
                findings.warning(
                    at: routes[index].location,
                    "the route \(quote(routes[index].name)) never matches: the one at \(place) takes all its requests",
                    fix: "remove it, or tell the two apart by host, method, header or query")
            }
        }

        /// Whether the earlier route takes every request for this host and method that the later one would.
        private func takes(_ earlier: RouteConfiguration, host: String, method: String, as route: RouteConfiguration)
            -> Bool
        {
            (host.isEmpty ? earlier.hosts.isEmpty : earlier.hosts.contains(host))
                && (method.isEmpty ? earlier.methods.isEmpty : earlier.methods.contains(method))
                && (earlier.listeners.isEmpty
                    || !route.listeners.isEmpty && Set(route.listeners).isSubset(of: earlier.listeners))
                && hasSameSharedConditions(earlier, route)
        }

        private func isSame(_ a: RouteConfiguration, _ b: RouteConfiguration) -> Bool {
            Set(a.hosts) == Set(b.hosts) && Set(a.methods) == Set(b.methods) && Set(a.listeners) == Set(b.listeners)
        }

        private func hasSameSharedConditions(_ a: RouteConfiguration, _ b: RouteConfiguration) -> Bool {
            switch (a.path, b.path) {
            case (.regex(let one), .regex(let other)): if one != other { return false }
            case (.pattern(let one), .pattern(let other)):
                if one.segments.map(\.shape) != other.segments.map(\.shape) { return false }
            case (.regex, .pattern), (.pattern, .regex): return false
            }
            return conditions(a.headers, ignoringCase: true) == conditions(b.headers, ignoringCase: true)
                && conditions(a.query, ignoringCase: false) == conditions(b.query, ignoringCase: false)
                && conditions(a.cookies, ignoringCase: false) == conditions(b.cookies, ignoringCase: false)
        }

        private func hashOfSharedConditions(_ route: RouteConfiguration) -> Int {
            var hasher = Hasher()
            switch route.path {
            case .pattern(let pattern): hasher.combine(RouteConflicts.shapeHash(pattern.segments[...]))
            case .regex(let expression): hasher.combine(expression)
            }
            if !route.headers.isEmpty { hasher.combine(conditions(route.headers, ignoringCase: true)) }
            if !route.query.isEmpty { hasher.combine(conditions(route.query, ignoringCase: false)) }
            if !route.cookies.isEmpty { hasher.combine(conditions(route.cookies, ignoringCase: false)) }
            return hasher.finalize()
        }

        /// As a set: the order in the file means nothing. Places are left out, they are no condition.
        private func conditions(_ matches: [FieldMatch], ignoringCase: Bool) -> Set<FieldMatch> {
            Set(
                matches.map {
                    FieldMatch(name: ignoringCase ? $0.name.lowercased() : $0.name, condition: $0.condition)
                })
        }
    }

    // MARK: Base routes

    private static func warnOfMissingBase(
        _ pattern: PathPattern, _ location: SourceLocation, _ shapes: Set<Int>, _ findings: inout Findings
    ) {
        let base = pattern.segments.dropLast()
        // `/{path+}` and `/*`: the base is `/`, for which nobody expects a route.
        guard !base.isEmpty, !isAnswered(base, shapes) else { return }
        let text = pattern.text[..<(pattern.text.lastIndex(of: "/") ?? pattern.text.endIndex)]
        findings.warning(
            at: location, "base route is missing: \(text) answers 404", fix: "add a route for \(text), or end with /**")
    }

    /// Whether a pattern of the table matches the base: the base itself, one of its prefixes with `**`, `*` or `{x+}`,
    /// or any of these with parameters where the base has literals (for the last four literals, the rest as written).
    private static func isAnswered(_ base: ArraySlice<PathPattern.Segment>, _ shapes: Set<Int>) -> Bool {
        let literals = base.indices.filter { if case .literal = base[$0] { true } else { false } }.suffix(4)
        for choice in 0..<(1 << literals.count) {
            var variant = Array(base)
            for (bit, index) in literals.enumerated() where choice & 1 << bit != 0 {
                variant[index - base.startIndex] = .parameter(nil)
            }
            if shapes.contains(shapeHash(variant[...])) { return true }
            for length in 0...variant.count {
                let prefix = variant[..<length]
                if shapes.contains(shapeHash(prefix + [.noneOrMore])) { return true }
                if length < variant.count, shapes.contains(shapeHash(prefix + [.oneOrMore(nil)])) { return true }
            }
        }
        return false
    }

    static func shapeHash(_ segments: ArraySlice<PathPattern.Segment>) -> Int {
        var hasher = Hasher()
        for segment in segments { hasher.combine(segment.shape) }
        return hasher.finalize()
    }
}

extension PathPattern.Segment {
    /// Without the parameter's name, which decides nothing.
    var shape: PathPattern.Segment {
        switch self {
        case .literal, .noneOrMore: self
        case .parameter: .parameter(nil)
        case .oneOrMore: .oneOrMore(nil)
        }
    }
}
