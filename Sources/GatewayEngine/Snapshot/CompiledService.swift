package import GatewayConfiguration
internal import Reactor

/// A service as the data plane reads it: numbers instead of durations, bytes instead of strings.
package final class CompiledService: Sendable {
    package let name: String
    /// What it was compiled from: an equal one in a later snapshot is the same service.
    package let configuration: ServiceConfiguration
    /// The place in `Snapshot.services`: the configured ones first, then those that `upstream:` URLs imply.
    package let index: Int
    package let endpoints: [CompiledEndpoint]
    let balancing: CompiledBalancing
    package let series: SeriesID
    let connectTimeout: Int64
    let requestTimeout: Int64
    let perTryTimeout: Int64
    let keepAlive: Int64
    let ping: PingMachine.Rules
    let retries: CompiledRetries
    let hedge: CompiledHedge
    let breaker: CompiledBreaker
    /// nil: no breaker is configured, and nothing of it is touched.
    let circuit: CircuitBreaker?
    let adaptiveLimit: AdaptiveLimit?
    let pool: PoolConfiguration
    /// Each connection begins with a header that says for whom it is made; nil: none does.
    let proxyProtocol: ServiceConfiguration.ProxyVersion?
    /// What outlives this snapshot: health, load, ejections.
    let state: ServiceState
    /// For endpoints that are https.
    let tls: TLSContext?
    /// The name to verify; nil: the endpoint's own.
    let serverName: String?
    /// nil: nobody asks the endpoints how they are.
    let healthCheck: CompiledHealthCheck?
    /// nil: no endpoint is ever ejected.
    let ejection: EjectionPolicy?

    /// Places for retries, shared by all routes that lead here.
    var retryBudget: RetryBudget { RetryBudget(service: state, floor: breaker.maxRetries, circuit: circuit) }

    /// Connections to it may carry many requests at once.
    var maySpeakHTTP2: Bool {
        switch configuration.protocol {
        case .http1: false
        case .http2: true
        case .auto: configuration.endpoints.contains(where: \.tls)
        }
    }

    init(
        _ configuration: ServiceConfiguration, index: Int, series: SeriesID, firstLabel: Int, state: ServiceState,
        tls: TLSContext? = nil
    ) {
        name = configuration.name
        self.configuration = configuration
        self.state = state
        self.index = index
        self.series = series
        balancing = CompiledBalancing(configuration, state: state)
        connectTimeout = configuration.timeouts.connect.nanosecondsOrNever
        requestTimeout = configuration.timeouts.request.nanosecondsOrNever
        perTryTimeout = configuration.timeouts.perTry.nanosecondsOrNever
        keepAlive = configuration.timeouts.keepAlive.nanosecondsOrNever
        ping = PingMachine.Rules(configuration.ping)
        retries = CompiledRetries(configuration.retries)
        hedge = CompiledHedge(configuration.hedge)
        breaker = CompiledBreaker(configuration.circuitBreaker)
        circuit = breaker.rule.isOn ? state.circuitBreaker() : nil
        adaptiveLimit = breaker.isAdaptive ? state.adaptiveLimit() : nil
        pool = configuration.pool
        proxyProtocol = configuration.proxyProtocol
        healthCheck = configuration.healthCheck.map {
            CompiledHealthCheck($0, of: configuration, index: index, tls: tls)
        }
        ejection = EjectionPolicy(configuration.outlierDetection, endpoints: configuration.endpoints.count)
        self.tls = tls
        serverName = configuration.tls?.serverName
        endpoints = configuration.endpoints.enumerated().map { offset, endpoint in
            CompiledEndpoint(endpoint, label: firstLabel + offset, state: state.endpoint(endpoint.url))
        }
    }
}

/// One endpoint of a service.
package struct CompiledEndpoint: Sendable {
    package let configuration: EndpointConfiguration
    /// What `Host` says when the target's authority is sent.
    let authority: [UInt8]
    /// nil: the name has to be resolved.
    let fixed: StreamTarget?
    /// The index in the snapshot's `AccessLabels`.
    let label: Int
    let state: EndpointState

    init(_ configuration: EndpointConfiguration, label: Int, state: EndpointState) {
        self.configuration = configuration
        authority = Array(configuration.authority.utf8)
        fixed =
            configuration.path.map(StreamTarget.path)
            ?? SocketAddress(literal: configuration.host, port: configuration.port).map(StreamTarget.address)
        self.label = label
        self.state = state
    }
}
