internal import GatewayConfiguration
internal import RateLimits

/// Makes `CompiledLimits` of a configuration: first what stands on top and the consumers, then route by route.
struct LimitCompiler {
    private typealias Scope = CompiledLimits.Scope

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

    /// To be asked when all routes have been added; says what is wrong with any of the limits.
    func finish() throws(RouteTableError) -> CompiledLimits {
        if !faults.isEmpty { throw RouteTableError(diagnostics: faults) }
        return CompiledLimits(scopes: scopes, fallback: fallback, callers: callers, labels: names.all)
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
