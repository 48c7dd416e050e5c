package import GatewayConfiguration

/// Identity in a snapshot: each distinct policy once, which a route's plan names by its place.
struct AuthPlans: Sendable {
    private(set) var policies: [CompiledAuth] = []
    private(set) var diagnostics: [Diagnostic] = []
    /// What is taken out of every request.
    let fields: IdentityFields
    let consumers: ConsumerTable
    /// The consumer that nobody in particular is; -1: there is none. Here, since every request asks.
    let anonymous: Int32
    private let top: AuthConfiguration?
    private let realm: String
    private let registry: IdentityRegistry
    private var places: [AuthConfiguration: Int32] = [:]

    init(_ configuration: GatewayConfiguration, registry: IdentityRegistry, metrics: Metrics) {
        top = configuration.auth
        realm = configuration.forwarding.name
        self.registry = registry
        fields = IdentityFields(configuration)
        consumers = ConsumerTable(configuration.consumers, metrics: metrics, diagnostics: &diagnostics)
        anonymous = consumers.anonymous
    }

    /// The place of a route's policy; -1: nobody is asked.
    mutating func add(_ route: RouteAuthConfiguration) -> Int32 {
        let configuration: AuthConfiguration
        switch route {
        case .none: return -1
        case .inherit:
            guard let top else { return -1 }
            configuration = top
        case .own(let own): configuration = own.over(top)
        }
        if let place = places[configuration] { return place }
        let place = Int32(truncatingIfNeeded: policies.count)
        places[configuration] = place
        policies.append(
            CompiledAuth(
                configuration, registry: registry, consumers: consumers, realm: realm, diagnostics: &diagnostics))
        return place
    }

    /// The issuers whose keys are fetched.
    var feeds: [KeyFeed] {
        var feeds: [KeyFeed] = []
        for policy in policies {
            for case .fetched(let feed) in policy.keys where !feeds.contains(where: { $0 === feed }) {
                feeds.append(feed)
            }
        }
        return feeds
    }

    /// Those without whose keys nothing starts.
    var requiredFeeds: [KeyFeed] {
        var feeds: [KeyFeed] = []
        for policy in policies where policy.requiresKeys {
            for case .fetched(let feed) in policy.keys where !feeds.contains(where: { $0 === feed }) {
                feeds.append(feed)
            }
        }
        return feeds
    }

    /// Those who are asked about callers.
    var authorities: [CallerAuthority] {
        var found: [CallerAuthority] = []
        for authority in policies.flatMap({ [$0.introspection?.authority, $0.forward?.authority] }) {
            guard let authority, !found.contains(where: { $0 === authority }) else { continue }
            found.append(authority)
        }
        return found
    }
}

/// What only compiling finds about identity: keys that are none, paths that are excluded twice, hashes of
/// passwords that protect nothing or cost too much.
package enum IdentityCheck {
    package static func diagnostics(_ configuration: GatewayConfiguration) -> [Diagnostic] {
        let metrics = Metrics(build: Metrics.Build(version: "", swiftVersion: ""), start: 0)
        var plans = AuthPlans(configuration, registry: IdentityRegistry(), metrics: metrics)
        _ = plans.add(.inherit)
        for route in configuration.routes { _ = plans.add(route.auth) }
        return plans.diagnostics
    }
}
