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

    init(_ configuration: ListenerConfiguration, tls: ListenerTLS?, httpsPort: UInt16) {
        self.configuration = configuration
        stages = StageTable(configuration.stages)
        pathPolicy = PathPolicy(configuration.paths)
        self.tls = tls
        self.httpsPort = configuration.redirectToHTTPS ? httpsPort : nil
    }
}
