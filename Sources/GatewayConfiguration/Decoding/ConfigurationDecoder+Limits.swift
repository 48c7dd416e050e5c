/// Rate limits: those on top, and those of a route.
extension ConfigurationDecoder {
    /// The routes are known by now.
    mutating func decodeRateLimiting(_ id: NodeID, routes: [RouteConfiguration]) -> RateLimitingConfiguration {
        var limiting = RateLimitingConfiguration()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .default: limiting.defaults = decodeLimits(value, parameters: nil)
            case .overrides:
                limiting.overrides = values(value).compactMap { decodeOverride($0, routes: routes) }
                checkTies(limiting.overrides)
            case .store: limiting.store = decodeLimitStore(value)
            default: break
            }
        }
        return limiting
    }

    /// Two overrides for the same requests: neither is the more specific one.
    private mutating func checkTies(_ overrides: [LimitOverrideConfiguration]) {
        struct Target: Hashable {
            var path: [PathPattern.Segment]?
            var methods: Set<String>
            var route: String?
            var consumer: String?
            var group: String?
        }
        var seen: [Target: SourceLocation] = [:]
        for override in overrides {
            let target = Target(
                path: override.path?.segments, methods: Set(override.methods), route: override.route,
                consumer: override.consumer, group: override.group)
            if let first = seen.updateValue(override.location, forKey: target) {
                findings.error(
                    at: override.location, "overrides: for the same requests as the one at \(first)",
                    fix: "remove one of them")
            }
        }
    }

    /// One limit, or a list of them.
    mutating func decodeLimits(
        _ id: NodeID, parameters: RouteParameters?, standard: LimitKey = .clientAddress
    ) -> [RateLimitConfiguration] {
        let nodes = values(id).filter(isMapping)
        if nodes.count > Self.limitsAtOnce {
            findings.error(
                at: location(nodes[Self.limitsAtOnce]), "more than \(Self.limitsAtOnce) limits on one request",
                fix: "remove some")
        }
        return nodes.map { decodeLimit($0, parameters: parameters, standard: standard) }
    }

    /// What one request is asked for at most.
    private static let limitsAtOnce = 8

    private mutating func decodeOverride(_ id: NodeID, routes: [RouteConfiguration]) -> LimitOverrideConfiguration? {
        guard isMapping(id) else { return nil }
        var override = LimitOverrideConfiguration(limit: RateLimitConfiguration())
        override.location = location(id)
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .path: override.path = try? PathPattern.parse(text(value))
            case .methods:
                let methods = values(value).map(text)
                override.methods = methods.contains("ANY") ? [] : methods
            case .route: override.route = text(value)
            case .consumer:
                override.consumer = text(value)
                require(value, among: Set(consumerNames), name: "consumer", noun: "consumer")
            case .group:
                override.group = text(value)
                require(value, among: groupNames, name: "group", noun: "group")
            default: break
            }
        }
        // A parameter may stand in the override's own pattern or in the route's that it names.
        var parameters: RouteParameters?
        if let path = override.path { parameters = RouteParameters(.pattern(path)) }
        if let name = override.route, let route = routes.first(where: { $0.name == name }) {
            var both = RouteParameters(route.path)
            if let own = parameters?.names { both.names = both.names.map { $0 + own } }
            parameters = both
        }
        if override.consumer != nil, override.group != nil {
            findings.error(
                at: location(id), "consumer and group exclude one another", fix: "keep one of them")
        }
        // Whoever names consumers means each of them.
        let isOfConsumers = override.consumer != nil || override.group != nil
        override.limit = decodeLimit(
            id, parameters: parameters, standard: isOfConsumers ? .consumer : .clientAddress)
        return override
    }

    /// A name that must be there, as a limit for nobody limits nobody.
    private mutating func require(_ id: NodeID, among names: Set<String>, name: String, noun: String) {
        if names.contains(text(id)) { return }
        let near = nearest(to: text(id), among: names)
        report(
            Problem("names no \(noun)", fix: "write the name of a \(noun)", suggestion: near), at: id, name: name)
    }

    /// - Parameters:
    ///   - parameters: of the paths it holds for; nil where those are not known.
    ///   - standard: the key where none is given.
    private mutating func decodeLimit(
        _ id: NodeID, parameters: RouteParameters?, standard: LimitKey
    ) -> RateLimitConfiguration {
        var limit = RateLimitConfiguration()
        limit.keys = [standard]
        limit.location = location(id)
        var algorithm: NodeID?
        var burst: NodeID?
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .requestsPerSecond: decodeRate(value, .second, into: &limit)
            case .requestsPerMinute: decodeRate(value, .minute, into: &limit)
            case .requestsPerHour: decodeRate(value, .hour, into: &limit)
            case .requestsPerDay: decodeRate(value, .day, into: &limit)
            case .requestsPerMonth: decodeRate(value, .month, into: &limit)
            case .burst:
                limit.burst = integer(value)
                burst = value
            case .algorithm:
                algorithm = value
                if let word = word(value, RateLimitConfiguration.Algorithm.self) { limit.algorithm = word }
            case .dryRun: assign(value, to: &limit.isDryRun)
            case .key:
                let keys = values(value).compactMap { LimitKey(text($0)) }
                if !keys.isEmpty { limit.keys = keys }
                for node in values(value) {
                    guard case .path(let name) = LimitKey(text(node)), let names = parameters?.names,
                        !names.contains(name)
                    else { continue }
                    findings.error(
                        at: location(node), "key: the path has no parameter \(quote(name))",
                        fix: names.isEmpty ? "use another key" : "use one of \(names.joined(separator: ", "))")
                }
            default: break
            }
        }
        checkAlgorithm(&limit, algorithm, burst)
        return limit
    }

    private func decodeRate(
        _ id: NodeID, _ period: RateLimitConfiguration.Period, into limit: inout RateLimitConfiguration
    ) {
        assign(id, to: &limit.requests)
        limit.period = period
    }

    /// A month is no rate: its limit is always a quota. And only a bucket has a size.
    private mutating func checkAlgorithm(_ limit: inout RateLimitConfiguration, _ algorithm: NodeID?, _ burst: NodeID?)
    {
        if limit.period == .month {
            if let algorithm, limit.algorithm != .quota {
                findings.error(
                    at: location(algorithm), "algorithm: requests_per_month is a quota", fix: "remove the key")
            }
            limit.algorithm = .quota
        } else if let algorithm, limit.algorithm == .quota, limit.period != .day {
            findings.error(
                at: location(algorithm), "algorithm: a quota is of a day or a month",
                fix: "use requests_per_day or requests_per_month")
        }
        guard let burst, let size = limit.burst else { return }
        if limit.algorithm != .tokenBucket {
            findings.error(
                at: location(burst), "burst: only a token bucket has one, not a \(limit.algorithm.rawValue)",
                fix: "remove it, or use algorithm: token_bucket")
        } else if size / limit.requests * limit.period.rawValue > 10 * 365 * 86_400 {
            findings.error(
                at: location(burst), "burst: a bucket of \(size) would take more than ten years to fill",
                fix: "write a smaller burst")
        }
    }
}
