package import GatewayConfiguration
internal import HTTPWire

/// A configuration, compiled: immutable, shared by all workers. A request captures it once, at its head, so that a
/// reload never changes a request under way.
package final class Snapshot: Sendable {
    package let configuration: GatewayConfiguration
    package let routes: RouteTable
    package let services: [CompiledService]
    package let listeners: [CompiledListener]
    let settings: ClientSettings
    let plans: [RoutePlan]
    /// What routes have of their own; `retries(for:of:)` and `hedge(for:of:)` read it.
    private let tries: RouteTries
    let faults: [CompiledFault]
    let labels: AccessLabels
    let trustedProxies: [NetworkPrefix]
    /// The values that `Via` gets from this gateway, by the version in which a message came (RFC 9110 §7.6.3).
    private let via: [UInt8]
    private let oldVia: [UInt8]
    let http2Via: [UInt8]
    let gatewayName: [UInt8]
    /// Names of fields that are added if asked for.
    let attemptsHeader: NumberField?
    let timeoutHeader: NumberField?

    /// Compiles a configuration that was loaded without errors; what only compiling can find (ties, bad regular
    /// expressions) is thrown, all at once.
    ///
    /// - Parameters:
    ///   - registry: where the states of services live on from one snapshot to the next.
    ///   - releases: the same for splits; what they are now is told by `ReleaseRegistry.adopt`.
    package init(
        _ configuration: GatewayConfiguration, metrics: Metrics, registry: ServiceRegistry,
        releases: ReleaseRegistry = ReleaseRegistry(workers: 1)
    ) throws(RouteTableError) {
        self.configuration = configuration
        routes = try RouteTable(
            routes: configuration.routes, services: configuration.services, listeners: configuration.listeners)
        let implied = routes.upstreams.map { endpoint in
            ServiceConfiguration(name: endpoint.authority, endpoints: [endpoint], location: endpoint.location)
        }
        let all = configuration.services + implied
        let series = metrics.assignServices(all.map(\.name))
        var labels: [String] = []
        services = all.enumerated().map { index, service in
            // An upstream URL is its own service; its authority alone could be a configured service's name.
            let isImplied = index >= configuration.services.count
            let state = registry.service(isImplied ? service.endpoints[0].url : service.name)
            let compiled = CompiledService(
                service, index: index, series: series[index], firstLabel: labels.count, state: state)
            labels += service.endpoints.map(\.authority)
            return compiled
        }
        metrics.show(breakers: services.compactMap { service in service.circuit.map { (service.series, $0) } })
        listeners = configuration.listeners.map(CompiledListener.init)
        settings = ClientSettings(configuration)
        let routeSeries = metrics.assignRoutes(configuration.routes.map(\.name))
        let firstImplied = configuration.services.count
        let named = Dictionary(
            configuration.services.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var tries = RouteTries()
        var faults: [CompiledFault] = []
        plans = zip(configuration.routes, routeSeries).enumerated().map { [routes] index, pair in
            RoutePlan(
                pair.0, routes.routes[index], series: pair.1, firstImplied: firstImplied, services: named,
                releases: releases, tries: &tries, faults: &faults)
        }
        self.tries = tries
        self.faults = faults
        self.labels = AccessLabels(
            routes: configuration.routes.map { ($0.name, $0.location) }, services: all.map(\.name), endpoints: labels)
        trustedProxies = configuration.trustedProxies
        attemptsHeader = configuration.forwarding.attemptsHeader.map(NumberField.init)
        timeoutHeader = configuration.forwarding.timeoutHeader.map(NumberField.init)
        gatewayName = Array(configuration.forwarding.name.utf8)
        via = Array("1.1 \(configuration.forwarding.name)".utf8)
        http2Via = Array("2 \(configuration.forwarding.name)".utf8)
        oldVia = Array("1.0 \(configuration.forwarding.name)".utf8)
    }

    /// What is tried again on this route: its own rules as a whole, else the service's.
    func retries(for plan: RoutePlan, of service: CompiledService) -> CompiledRetries {
        tries.retries(plan.retries) ?? service.retries
    }

    func hedge(for plan: RoutePlan, of service: CompiledService) -> CompiledHedge {
        tries.hedge(plan.hedge) ?? service.hedge
    }

    func via(minorVersion: UInt8) -> [UInt8] { minorVersion == 0 ? oldVia : via }
}

/// What the path of a request reads of a route besides the router's own part: a small value in one flat array.
struct RoutePlan: Sendable {
    enum HostHeader: Sendable {
        case target
        case preserve
        case literal([UInt8])
    }

    /// Who answers; services count from the configured ones on to those that `upstream:` URLs imply.
    enum Way: Sendable {
        case service(Int)
        case serviceFromPath(parameter: Int)
        case split(LiveSplit)
        case redirect(CompiledRedirect)
        case respond(CompiledResponse)
    }

    let way: Way
    let host: HostHeader
    let series: SeriesID
    /// Bytes; -1: the general limit.
    let requestBody: Int
    /// Nanoseconds; -1: the service's or the general one.
    let requestTimeout: Int64
    let streamIdle: Int64
    /// Whether a connection may turn into a WebSocket.
    let webSocket: Bool
    let perTryTimeout: Int64
    /// Places in the snapshot's `RouteTries`; -1: the service's.
    let retries: Int32
    let hedge: Int32
    /// nil: nothing is copied.
    let mirror: MirrorPlan?

    /// The place in the snapshot's `faults`; -1: none.
    let fault: Int32

    init(
        _ configuration: RouteConfiguration, _ route: CompiledRoute, series: SeriesID, firstImplied: Int,
        services: [String: Int], releases: ReleaseRegistry, tries: inout RouteTries, faults: inout [CompiledFault]
    ) {
        way =
            switch route.answer {
            case .service(let index): .service(index)
            case .serviceFromPath(let parameter): .serviceFromPath(parameter: parameter)
            case .upstream(let index): .service(firstImplied + index)
            case .split(let split):
                .split(LiveSplit(split, releases.state(split.route), workers: releases.workers))
            case .redirect(let redirect): .redirect(redirect)
            case .respond(let response): .respond(response)
            }
        host =
            switch configuration.host {
            case .target: .target
            case .preserve: .preserve
            case .literal(let text): .literal(Array(text.utf8))
            }
        self.series = series
        requestBody = configuration.maxRequestBody ?? -1
        webSocket = configuration.webSocket
        requestTimeout = RoutePlan.nanoseconds(configuration.timeouts.request)
        streamIdle = RoutePlan.nanoseconds(configuration.timeouts.streamIdle)
        perTryTimeout = RoutePlan.nanoseconds(configuration.timeouts.perTry)
        retries = tries.add(configuration.retries)
        hedge = tries.add(configuration.hedge)
        mirror = configuration.mirror.flatMap { mirror in
            services[mirror.service].map { MirrorPlan(mirror, service: $0) }
        }
        fault = configuration.fault == nil ? -1 : Int32(truncatingIfNeeded: faults.count)
        if let fault = configuration.fault { faults.append(CompiledFault(fault)) }
    }

    private static func nanoseconds(_ value: RouteConfiguration.RouteTimeouts.Override) -> Int64 {
        switch value {
        case .inherit: -1
        case .off: Deadline.never
        case .limit(let duration): duration.nanoseconds
        }
    }
}
