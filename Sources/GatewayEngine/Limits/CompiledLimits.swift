internal import GatewayConfiguration
internal import HTTPWire
internal import RateLimits

/// All limits of a configuration, and which of them hold for a request: the nearest, and of those the most specific.
///
/// 1. The route's own, whatever stands on top.
/// 2. Overrides that name the route; of several the one with the most specific path.
/// 3. Overrides by path alone, the most specific one.
/// 4. The default.
///
/// Few of many routes differ, so a route's plan only holds the number of its scope, and most share one.
struct CompiledLimits: Sendable {
    /// Where one looks for the limits of a route's requests.
    private struct Scope {
        /// The route's own.
        var own: LimitSet?
        var rules: PathRules?
        /// For each rule.
        var sets: [LimitSet] = []
    }

    /// The first one is what stands on top: the scope of routes that have nothing of their own.
    private var scopes = [Scope()]
    private var fallback: LimitSet?
    /// For routes that overrides name.
    private var namedPlaces: [String: Int32] = [:]
    private var names = LimitNames()
    private let metrics: Metrics
    private var faults: [Diagnostic] = []

    /// For the access log: by `CompiledLimit.label`.
    var labels: [String] { names.all }

    init(_ configuration: RateLimitingConfiguration, metrics: Metrics) throws(RouteTableError) {
        self.metrics = metrics
        if !configuration.defaults.isEmpty {
            fallback = compile(configuration.defaults, named: "default", source: .default)
        }
        let overrides = Array(configuration.overrides.enumerated())
        scopes[0] = try scope(of: overrides.filter { $0.element.route == nil })
        let groups = Dictionary(grouping: overrides.filter { $0.element.route != nil }, by: { $0.element.route ?? "" })
        for name in groups.keys.sorted() {
            namedPlaces[name] = Int32(truncatingIfNeeded: scopes.count)
            scopes.append(try scope(of: groups[name] ?? []))
        }
    }

    /// The scope of a route; -1: nothing limits it.
    mutating func add(_ route: RouteConfiguration) -> Int32 {
        guard !route.rateLimits.isEmpty else {
            if let place = namedPlaces[route.name] { return place }
            return fallback == nil && scopes[0].sets.isEmpty ? -1 : 0
        }
        // Equal lists of two routes are two limits, not one: each route has counts of its own.
        let place = Int32(truncatingIfNeeded: scopes.count)
        scopes.append(
            Scope(own: compile(route.rateLimits, named: route.name, source: .route), rules: nil, sets: []))
        return place
    }

    /// What is wrong with the limits; to be asked when all routes have been added.
    func check() throws(RouteTableError) {
        if !faults.isEmpty { throw RouteTableError(diagnostics: faults) }
    }

    /// The limits that hold for a request; nil: none.
    ///
    /// - Parameter scratch: is left with the parameters of the override that holds.
    func find(_ scope: Int32, _ request: RequestHead, path: Span<UInt8>, scratch: MatchScratch) -> LimitSet? {
        if scope < 0 { return nil }
        if let own = scopes[Int(scope)].own { return own }
        if scope > 0, let found = find(Int(scope), request, path, scratch) { return found }
        return find(0, request, path, scratch) ?? fallback
    }

    private func find(_ scope: Int, _ request: RequestHead, _ path: Span<UInt8>, _ scratch: MatchScratch) -> LimitSet? {
        guard let rules = scopes[scope].rules, let index = rules.find(request, path: path, scratch: scratch) else {
            return nil
        }
        return scopes[scope].sets[index]
    }

    // MARK: Compiling

    private mutating func scope(
        of overrides: [(offset: Int, element: LimitOverrideConfiguration)]
    ) throws(RouteTableError) -> Scope {
        guard !overrides.isEmpty else { return Scope() }
        let anyPath = PathPattern(text: "/**", segments: [.noneOrMore])
        var rules: [PathRules.Rule] = []
        var sets: [LimitSet] = []
        for (index, override) in overrides {
            rules.append(
                PathRules.Rule(
                    pattern: override.path ?? anyPath, methods: override.methods, location: override.location))
            let set = compile(
                [override.limit], named: LimitNames.name(of: override), source: .override(index),
                parameters: override.path?.parameterNames ?? [])
            if let set { sets.append(set) }
        }
        return Scope(own: nil, rules: try PathRules(rules), sets: sets)
    }

    private mutating func compile(
        _ configurations: [RateLimitConfiguration], named name: String, source: RequestExplanation.LimitSource,
        parameters: [String] = []
    ) -> LimitSet? {
        var limits: [CompiledLimit] = []
        for configuration in configurations {
            let (name, label) = names.add(name)
            do throws(RateLimit.Fault) {
                limits.append(
                    try CompiledLimit(
                        configuration, name: name, key: CompiledLimitKey(configuration.keys, parameters: parameters),
                        label: label, series: metrics.assignLimit(name)))
            } catch {
                faults.append(
                    Diagnostic(.error, at: configuration.location, "the numbers of this limit do not fit: \(error)"))
            }
        }
        if limits.count > LimitCheck.capacity {
            faults.append(
                Diagnostic(
                    .error, at: configurations[LimitCheck.capacity].location,
                    "more than \(LimitCheck.capacity) limits on one request"))
        }
        return LimitSet(limits, source: source)
    }
}

/// What limits are called in logs, metrics and response fields. A name belongs to one limit.
struct LimitNames: Sendable {
    private(set) var all: [String] = []
    private var uses: [String: Int] = [:]

    /// `/login`, `POST /login`, or `users`, the route.
    static func name(of override: LimitOverrideConfiguration) -> String {
        let methods = override.methods.joined(separator: ",")
        let place = override.path?.text ?? override.route ?? ""
        return methods.isEmpty ? place : "\(methods) \(place)"
    }

    /// The name as it may stand in a structured field (RFC 9651 §3.3.3), and its place among all.
    mutating func add(_ wanted: String) -> (name: String, label: Int32) {
        let bytes = wanted.utf8.map { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C ? $0 : UInt8(ascii: "_") }
        let base = bytes.isEmpty ? "limit" : String(decoding: bytes.prefix(56), as: UTF8.self)
        uses[base, default: 0] += 1
        let count = uses[base, default: 1]
        all.append(count == 1 ? base : "\(base)#\(count)")
        return (all[all.count - 1], Int32(truncatingIfNeeded: all.count - 1))
    }
}
