package import GatewayConfiguration
internal import HTTPWire

/// A configuration, compiled: immutable, shared by all workers. A request captures it once, at its head, so that a
/// reload never changes a request under way.
package final class Snapshot: Sendable {
    package let configuration: GatewayConfiguration
    package let routes: RouteTable
    package let services: [CompiledService]
    package let listeners: [CompiledListener]
    /// Certificates that the gateway gets by itself, each once.
    package let managed: [ManagedCertificate]
    /// Whether an authority may come and ask by http.
    let answersChallenges: Bool
    let settings: ClientSettings
    let plans: [RoutePlan]
    /// What routes have of their own; `retries(for:of:)` and `hedge(for:of:)` read it.
    private let tries: RouteTries
    let faults: [CompiledFault]
    /// Who may ask, by the places in the routes' plans.
    let auth: AuthPlans
    let limits: CompiledLimits
    /// nil: requests are counted in this process.
    let limitStore: CompiledLimitStore?
    /// What is done to requests and responses, by path and on routes.
    let transformations: TransformationTable
    /// What requests and responses must look like, by path and on routes.
    let validations: ValidationTable
    let crossOrigin: CrossOriginRules
    /// How responses are compressed, by the places in the routes' plans.
    let compression: [CompiledCompression]
    /// The forms of errors, by the places in the routes' plans; and of what belongs to no route.
    let errorForms: [CompiledErrors]
    let generalErrors: Int32
    let addresses: [AddressListConfiguration]
    /// What Swift code of the program has to do with it.
    let program: CompiledProgram
    let addsSecurityHeaders: Bool
    let labels: AccessLabels
    let trustedProxies: [NetworkPrefix]
    let addsVia: Bool
    let addsForwarded: Bool
    /// The values that `Via` gets from this gateway, by the version in which a message came (RFC 9110 §7.6.3).
    private let via: [UInt8]
    private let oldVia: [UInt8]
    let http2Via: [UInt8]
    let gatewayName: [UInt8]
    /// Names of fields that are added if asked for.
    let attemptsHeader: NumberField?
    let timeoutHeader: NumberField?

    /// Compiles a configuration that was loaded without errors; what only compiling can find (ties, bad regular
    /// expressions, certificates that cannot be used) is thrown, all at once.
    ///
    /// - Parameters:
    ///   - registry: where the states of services live on from one snapshot to the next.
    ///   - releases: the same for splits; what they are now is told by `ReleaseRegistry.adopt`.
    ///   - now: nanoseconds since 1970: certificates must be valid then.
    ///   - program: what the program brings in Swift; nil where nothing is run: names of handlers and policies stand for
    ///     themselves then.
    ///   - loadsTLS: false where nobody will connect: the files need not be there then.
    package init(
        _ configuration: GatewayConfiguration, metrics: Metrics, registry: ServiceRegistry,
        releases: ReleaseRegistry = ReleaseRegistry(workers: 1), now: Int64 = OperationLog.wallClock(),
        program table: ProgramTable? = ProgramTable(), loadsTLS: Bool = true
    ) throws(RouteTableError) {
        self.configuration = configuration
        var compiler = TLSCompiler(now: now / 1_000_000_000, certificates: registry.certificates)
        let listenerTLS = configuration.listeners.map { loadsTLS ? compiler.compile($0) : nil }
        let serviceTLS = configuration.services.map { loadsTLS ? compiler.compile($0) : nil }
        do {
            routes = try RouteTable(
                routes: configuration.routes, services: configuration.services, listeners: configuration.listeners)
        } catch {
            throw RouteTableError(diagnostics: error.diagnostics + compiler.errors)
        }
        let implied = routes.upstreams.map { endpoint in
            ServiceConfiguration(name: endpoint.label, endpoints: [endpoint], location: endpoint.location)
        }
        let contexts = serviceTLS + implied.map { loadsTLS ? compiler.compile($0) : nil }
        let storeTLS = loadsTLS ? configuration.rateLimiting.store.flatMap { compiler.compile($0) } : nil
        if !compiler.errors.isEmpty { throw RouteTableError(diagnostics: compiler.errors) }
        let all = configuration.services + implied
        let series = metrics.assignServices(all.map(\.name))
        var labels: [String] = []
        services = all.enumerated().map { index, service in
            // An upstream URL is its own service; its authority alone could be a configured service's name.
            let isImplied = index >= configuration.services.count
            let state = registry.service(isImplied ? service.endpoints[0].url : service.name)
            let compiled = CompiledService(
                service, index: index, series: series[index], firstLabel: labels.count, state: state,
                tls: contexts[index])
            labels += service.endpoints.map(\.label)
            return compiled
        }
        let httpsPort = configuration.listeners.first { $0.tls != nil }?.address.port ?? 443
        listeners = zip(configuration.listeners, listenerTLS).map { listener, tls in
            CompiledListener(
                listener, tls: tls, httpsPort: httpsPort, trustedProxies: configuration.trustedProxies)
        }
        var managed: [ManagedCertificate] = []
        for certificate in listenerTLS.compactMap({ $0?.managed })
        where !managed.contains(where: { $0 === certificate }) {
            managed.append(certificate)
        }
        self.managed = managed
        answersChallenges = managed.contains { $0.configuration.challenge == .http }
        settings = ClientSettings(configuration)
        let routeSeries = metrics.assignRoutes(configuration.routes.map(\.name))
        let firstImplied = configuration.services.count
        let named = Dictionary(
            configuration.services.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var tries = RouteTries()
        var faults: [CompiledFault] = []
        var auth = AuthPlans(configuration, registry: registry.identity, metrics: metrics)
        var crossOrigin = CrossOriginRules(configuration.cors)
        var addresses = AddressLists(configuration.addresses)
        var compression = CompressionRules(configuration.compression)
        var limits = try LimitCompiler(
            configuration.rateLimiting, consumers: configuration.consumers, metrics: metrics)
        var aggregates = AggregateCompiler(configuration, services: named)
        var reshaping = TransformationCompiler(configuration)
        var checking = ValidationCompiler(
            configuration.schemaDocuments, limit: configuration.limits.bufferedBody)
        var errorForms = ErrorForms(configuration.errors)
        var code = ProgramCompiler(table, general: configuration.policies, metrics: metrics)
        plans = zip(configuration.routes, routeSeries).enumerated().map { [routes] index, pair in
            RoutePlan(
                pair.0, routes.routes[index], series: pair.1, firstImplied: firstImplied, services: named,
                releases: releases, tries: &tries, faults: &faults, auth: &auth, limits: limits.add(pair.0),
                transformations: &reshaping, validation: checking.add(pair.0),
                crossOrigin: crossOrigin.add(pair.0), addresses: addresses.add(pair.0),
                compression: compression.add(pair.0),
                errors: errorForms.add(pair.0), aggregates: &aggregates, code: &code)
        }
        let wrong = aggregates.diagnostics.filter { $0.severity == .error }
        let missing = wrong + code.diagnostics
        if !missing.isEmpty { throw RouteTableError(diagnostics: missing) }
        program = code.finish(named, parts: aggregates.names.count)
        transformations = try reshaping.finish(configuration.transformations)
        validations = try checking.finish(configuration.validations)
        self.tries = tries
        self.faults = faults
        self.auth = auth
        let mistakes = auth.diagnostics.filter { $0.severity == .error }
        if !mistakes.isEmpty { throw RouteTableError(diagnostics: mistakes) }
        self.limits = try limits.finish()
        limitStore = configuration.rateLimiting.store.map { store in
            CompiledLimitStore(store, tls: storeTLS, status: registry.limitStores.status(of: store))
        }
        self.crossOrigin = crossOrigin
        self.addresses = addresses.all
        self.compression = compression.all
        if !errorForms.diagnostics.isEmpty { throw RouteTableError(diagnostics: errorForms.diagnostics) }
        self.errorForms = errorForms.all
        generalErrors = errorForms.general
        addsSecurityHeaders = configuration.securityHeaders
        self.labels = AccessLabels(
            routes: configuration.routes.map { ($0.name, $0.location) }, services: all.map(\.name), endpoints: labels,
            limits: self.limits.labels,
            parts: aggregates.names + (program.services.isEmpty ? [] : configuration.services.map(\.name)),
            consumers: configuration.consumers.map(\.name), handlers: program.handlers)
        trustedProxies = configuration.trustedProxies
        attemptsHeader = configuration.forwarding.attemptsHeader.map(NumberField.init)
        timeoutHeader = configuration.forwarding.timeoutHeader.map(NumberField.init)
        addsVia = configuration.forwarding.via
        addsForwarded = configuration.forwarding.forwarded
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

/// What the path of a request reads of a route besides the router's own part. A class: it goes from hand to hand on the
/// way, and copying it would count references in each of its parts.
final class RoutePlan: Sendable {
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
        case aggregate(CompiledAggregate)
        case handler(CompiledHandler)

        /// One endpoint answers, and not the gateway itself.
        var isService: Bool {
            switch self {
            case .service, .serviceFromPath, .split: true
            case .redirect, .respond, .aggregate, .handler: false
            }
        }
    }

    let way: Way
    let host: HostHeader
    let series: SeriesID
    /// Bytes; -1: the general limits alone.
    let requestHead: Int
    let requestLine: Int
    let requestBody: Int
    /// Nanoseconds; -1: the service's or the general one.
    let requestTimeout: Int64
    let streamIdle: Int64
    /// Whether a connection may turn into a WebSocket.
    let webSocket: Bool
    /// Whether calls of gRPC-Web are translated.
    let grpcWeb: Bool
    let perTryTimeout: Int64
    /// Places in the snapshot's `RouteTries`; -1: the service's.
    let retries: Int32
    let hedge: Int32
    /// nil: nothing is copied.
    let mirror: MirrorPlan?

    /// The place in the snapshot's `faults`; -1: none.
    let fault: Int32
    /// The place in the snapshot's `auth`; -1: nobody is asked.
    let auth: Int32
    /// The scope in the snapshot's `limits`; -1: nothing limits it.
    let limits: Int32
    /// The place in the snapshot's `transformations`; -1: those by path.
    let transformation: Int32
    /// The place in the snapshot's `validations`; -1: those by path.
    let validation: Int32
    /// Likewise in `crossOrigin`, `addresses` and `compression`; -1: none.
    let crossOrigin: Int32
    let addresses: Int32
    let compression: Int32
    let errors: Int32
    /// Likewise in the snapshot's `program`: policies in Swift.
    let policies: Int32
    /// Requests of one client at once; -1: any number.
    let concurrency: Int32

    init(
        _ configuration: RouteConfiguration, _ route: CompiledRoute, series: SeriesID, firstImplied: Int,
        services: [String: Int], releases: ReleaseRegistry, tries: inout RouteTries, faults: inout [CompiledFault],
        auth: inout AuthPlans, limits: Int32, transformations: inout TransformationCompiler,
        validation: Int32, crossOrigin: Int32, addresses: Int32, compression: Int32, errors: Int32,
        aggregates: inout AggregateCompiler, code: inout ProgramCompiler
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
            case .aggregate:
                // One with errors ends the compilation, and nobody asks for this.
                aggregates.compile(configuration, parameters: route.parameterNames).map(Way.aggregate)
                    ?? .respond(CompiledResponse(FixedResponseConfiguration()))
            case .handler:
                if case .handler(let name) = configuration.answer {
                    .handler(code.handler(name))
                } else {
                    .respond(CompiledResponse(FixedResponseConfiguration()))
                }
            }
        policies = code.policies(of: configuration)
        host =
            switch configuration.host {
            case .target: .target
            case .preserve: .preserve
            case .literal(let text): .literal(Array(text.utf8))
            }
        self.series = series
        requestHead = configuration.maxRequestHead ?? -1
        requestLine = configuration.maxRequestLine ?? -1
        requestBody = configuration.maxRequestBody ?? -1
        webSocket = configuration.webSocket
        grpcWeb = configuration.grpcWeb
        requestTimeout = RoutePlan.nanoseconds(configuration.timeouts.request)
        streamIdle = RoutePlan.nanoseconds(configuration.timeouts.streamIdle)
        perTryTimeout = RoutePlan.nanoseconds(configuration.timeouts.perTry)
        retries = tries.add(configuration.retries)
        hedge = tries.add(configuration.hedge)
        mirror = configuration.mirror.flatMap { mirror in
            services[mirror.service].map { MirrorPlan(mirror, service: $0) }
        }
        self.auth = auth.add(configuration.auth)
        fault = configuration.fault == nil ? -1 : Int32(truncatingIfNeeded: faults.count)
        self.limits = limits
        self.crossOrigin = crossOrigin
        self.addresses = addresses
        self.compression = compression
        self.errors = errors
        concurrency = configuration.concurrency.map { Int32(clamping: $0) } ?? -1
        if let fault = configuration.fault { faults.append(CompiledFault(fault)) }
        transformation = transformations.add(configuration)
        self.validation = validation
    }

    private static func nanoseconds(_ value: RouteConfiguration.RouteTimeouts.Override) -> Int64 {
        switch value {
        case .inherit: -1
        case .off: Deadline.never
        case .limit(let duration): duration.nanoseconds
        }
    }
}

/// Lists of addresses, each distinct one once.
struct AddressLists {
    private(set) var all: [AddressListConfiguration] = []
    private var places: [AddressListConfiguration: Int32] = [:]
    private let general: AddressListConfiguration?

    init(_ general: AddressListConfiguration?) { self.general = general }

    /// -1: anyone may ask.
    mutating func add(_ route: RouteConfiguration) -> Int32 {
        guard let list = route.addresses ?? general else { return -1 }
        if let place = places[list] { return place }
        let place = Int32(truncatingIfNeeded: all.count)
        places[list] = place
        all.append(list)
        return place
    }
}
