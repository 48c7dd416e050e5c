package import GatewayConfiguration
internal import Reactor

/// A service as the data plane reads it: numbers instead of durations, bytes instead of strings.
package final class CompiledService: Sendable {
    package let name: String
    /// The place in `Snapshot.services`: the configured ones first, then those that `upstream:` URLs imply.
    package let index: Int
    package let endpoints: [CompiledEndpoint]
    package let balancing: ServiceConfiguration.Balancing
    package let series: SeriesID
    let connectTimeout: Int64
    let requestTimeout: Int64
    let keepAlive: Int64
    let pool: PoolConfiguration
    /// What outlives this snapshot: health, load, ejections.
    let state: ServiceState
    /// For endpoints that are https.
    let tls: TLSContext?
    /// The name to verify; nil: the endpoint's own.
    let serverName: String?

    init(
        _ configuration: ServiceConfiguration, index: Int, series: SeriesID, firstLabel: Int, state: ServiceState,
        tls: TLSContext? = nil
    ) {
        name = configuration.name
        self.state = state
        self.index = index
        self.series = series
        balancing = configuration.balancing
        connectTimeout = configuration.timeouts.connect.nanosecondsOrNever
        requestTimeout = configuration.timeouts.request.nanosecondsOrNever
        keepAlive = configuration.timeouts.keepAlive.nanosecondsOrNever
        pool = configuration.pool
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
    let literal: SocketAddress?
    /// The index in the snapshot's `AccessLabels`.
    let label: Int
    let state: EndpointState

    init(_ configuration: EndpointConfiguration, label: Int, state: EndpointState) {
        self.configuration = configuration
        authority = Array(configuration.authority.utf8)
        literal = SocketAddress(literal: configuration.host, port: configuration.port)
        self.label = label
        self.state = state
    }
}
