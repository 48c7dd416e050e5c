internal import GatewayConfiguration

/// `load_balancing`, compiled.
struct CompiledBalancing: Sendable {
    let policy: LoadBalancingConfiguration.Policy
    let key: CompiledHashKey?
    let stickiness: Stickiness?
    let rules: EligibleEndpoints.Rules
    /// Those that the endpoints have, in ascending order.
    let priorities: [Int]
    /// Whether the choice depends on the request at all.
    let heedsRequest: Bool

    init(_ service: ServiceConfiguration, state: ServiceState) {
        let configuration = service.loadBalancing
        policy = configuration.policy
        key = configuration.key.map(CompiledHashKey.init)
        stickiness = configuration.sticky.map { Stickiness($0, service, key: state.stickyKey) }
        heedsRequest = key != nil || stickiness != nil
        var rules = EligibleEndpoints.Rules()
        rules.panicThreshold = configuration.panicThreshold
        // A weight that grows would move keys.
        rules.slowStart = policy == .consistentHash ? 0 : configuration.slowStart?.nanoseconds ?? 0
        rules.requiresCheck = service.healthCheck?.required ?? false
        self.rules = rules
        priorities = Set(service.endpoints.map(\.priority)).sorted()
    }
}

/// What one request wants of the choice.
struct Affinity {
    /// The hash of what `consistent_hash` goes by.
    var key: UInt64 = 0
    /// The place of the endpoint that the client's cookie names; -1: none.
    var place = -1
}
