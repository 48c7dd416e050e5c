internal import GatewayConfiguration
internal import HTTPWire
internal import RateLimits

/// All limits of a configuration, and which of them hold for a request: the nearest, and of those the most specific.
///
/// 1. The route's own, whatever stands on top.
/// 2. Overrides that name the consumer who asks; then the consumer's own; then overrides that name one of its groups, in
///    the order in which it has them (`CallerLimits`).
/// 3. Overrides that name the route; of several the one with the most specific path.
/// 4. Overrides by path alone, the most specific one.
/// 5. The default.
///
/// Within 2, those that name the route come first, as they do without consumers.
///
/// Few of many routes differ, so a route's plan only holds the number of its scope, and most share one.
struct CompiledLimits: Sendable {
    /// Where one looks for the limits of a route's requests.
    struct Scope {
        /// The route's own.
        var own: LimitSet?
        var rules: PathRules?
        /// For each rule.
        var sets: [LimitSet] = []

        func find(_ request: RequestHead, _ path: Span<UInt8>, _ scratch: MatchScratch) -> LimitSet? {
            guard let rules, let index = rules.find(request, path: path, scratch: scratch) else { return nil }
            return sets[index]
        }
    }

    /// The first one is what stands on top: the scope of routes that have nothing of their own.
    private var scopes = [Scope()]
    private var fallback: LimitSet?
    /// By the consumer's place; empty: no consumer has limits of its own.
    private var callers: [CallerLimits] = []
    /// For routes that overrides name.
    private var namedPlaces: [String: Int32] = [:]
    private var names = LimitNames()
    private let metrics: Metrics
    private var faults: [Diagnostic] = []

    /// For the access log: by `CompiledLimit.label`.
    var labels: [String] { names.all }

    init(
        _ configuration: RateLimitingConfiguration, consumers: [ConsumerConfiguration] = [], metrics: Metrics
    ) throws(RouteTableError) {
        self.metrics = metrics
        if !configuration.defaults.isEmpty {
            fallback = compile(configuration.defaults, named: "default", source: .default)
        }
        let overrides = Array(configuration.overrides.enumerated())
        let general = overrides.filter { $0.element.consumer == nil && $0.element.group == nil }
        scopes[0] = try scope(of: general.filter { $0.element.route == nil })
        let groups = Dictionary(grouping: general.filter { $0.element.route != nil }, by: { $0.element.route ?? "" })
        // A route that only overrides of consumers name has a place too, with nothing in it.
        let named = Set(overrides.compactMap(\.element.route))
        for name in named.sorted() {
            namedPlaces[name] = Int32(truncatingIfNeeded: scopes.count)
            scopes.append(try scope(of: groups[name] ?? []))
        }
        try compile(consumers, overrides)
    }

    /// What is asked for each consumer, in order.
    private mutating func compile(_ consumers: [ConsumerConfiguration], _ overrides: [Override]) throws(RouteTableError)
    {
        var byGroup: [String: CallerLimits.Rules] = [:]
        for group in Set(overrides.compactMap(\.element.group)).sorted() {
            byGroup[group] = try rules(of: overrides.filter { $0.element.group == group })
        }
        var all: [CallerLimits] = []
        for (place, consumer) in consumers.enumerated() {
            var limits = CallerLimits()
            let own = overrides.filter { $0.element.consumer == consumer.name }
            if !own.isEmpty { limits.steps.append(.rules(try rules(of: own))) }
            if !consumer.rateLimits.isEmpty,
                let set = compile(
                    consumer.rateLimits, named: "consumer \(consumer.name)", source: .consumer(place))
            {
                limits.steps.append(.own(set))
            }
            limits.steps += consumer.groups.compactMap { byGroup[$0] }.map { .rules($0) }
            all.append(limits)
        }
        if all.contains(where: { !$0.steps.isEmpty }) { callers = all }
    }

    private mutating func rules(of overrides: [Override]) throws(RouteTableError) -> CallerLimits.Rules {
        var rules = CallerLimits.Rules(top: try scope(of: overrides.filter { $0.element.route == nil }))
        for name in Set(overrides.compactMap(\.element.route)).sorted() {
            guard let place = namedPlaces[name] else { continue }
            rules.byRoute[place] = try scope(of: overrides.filter { $0.element.route == name })
        }
        return rules
    }

    /// The scope of a route; -1: nothing limits it.
    mutating func add(_ route: RouteConfiguration) -> Int32 {
        guard !route.rateLimits.isEmpty else {
            if let place = namedPlaces[route.name] { return place }
            return fallback == nil && scopes[0].sets.isEmpty && callers.isEmpty ? -1 : 0
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
    /// - Parameters:
    ///   - consumer: its place; -1: nobody that is known.
    ///   - scratch: is left with the parameters of the override that holds.
    func find(
        _ scope: Int32, consumer: Int32, _ request: RequestHead, path: Span<UInt8>, scratch: MatchScratch
    ) -> LimitSet? {
        if scope < 0 { return nil }
        if let own = scopes[Int(scope)].own { return own }
        if consumer >= 0, !callers.isEmpty,
            let found = callers[Int(consumer)].find(scope, request, path, scratch)
        {
            return found
        }
        if scope > 0, let found = find(Int(scope), request, path, scratch) { return found }
        return find(0, request, path, scratch) ?? fallback
    }

    private func find(_ scope: Int, _ request: RequestHead, _ path: Span<UInt8>, _ scratch: MatchScratch) -> LimitSet? {
        scopes[scope].find(request, path, scratch)
    }

    // MARK: Compiling

    private typealias Override = (offset: Int, element: LimitOverrideConfiguration)

    private mutating func scope(
        of overrides: [Override]
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
        var place = override.path?.text ?? override.route ?? ""
        let who = override.consumer.map { "consumer \($0)" } ?? override.group.map { "group \($0)" }
        if let who { place = place.isEmpty ? who : "\(who) \(place)" }
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
