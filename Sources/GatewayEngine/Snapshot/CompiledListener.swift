package import GatewayConfiguration

/// A listener as the data plane reads it. A class, so that a request that looks at it copies nothing.
package final class CompiledListener: Sendable {
    package let configuration: ListenerConfiguration
    let stages: StageTable
    let pathPolicy: PathPolicy
    /// nil: in clear. Connections take it when they are accepted, so that a reload is what the next one gets.
    let tls: ListenerTLS?
    /// Where `redirect_to_https` leads clients that named a port themselves; nil: nobody is redirected.
    let httpsPort: UInt16?
    /// With TLS the client is asked (ALPN).
    let takesHTTP2InClear: Bool

    /// nil: connections begin with what clients say.
    let proxyProtocol: CompiledProxyProtocol?

    init(
        _ configuration: ListenerConfiguration, tls: ListenerTLS?, httpsPort: UInt16,
        trustedProxies: [NetworkPrefix] = []
    ) {
        self.configuration = configuration
        stages = StageTable(configuration.stages)
        pathPolicy = PathPolicy(configuration.paths)
        self.tls = tls
        proxyProtocol = configuration.proxyProtocol.map {
            CompiledProxyProtocol($0, trustedProxies: trustedProxies)
        }
        self.httpsPort = configuration.redirectToHTTPS ? httpsPort : nil
        takesHTTP2InClear = tls == nil && configuration.http2 ?? false
    }
}
