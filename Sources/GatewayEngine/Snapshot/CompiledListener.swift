package import GatewayConfiguration

/// A listener as the data plane reads it.
package struct CompiledListener: Sendable {
    package let configuration: ListenerConfiguration
    let stages: StageTable
    let pathPolicy: PathPolicy
    let takesHTTP2InClear: Bool

    init(_ configuration: ListenerConfiguration) {
        self.configuration = configuration
        stages = StageTable(configuration.stages)
        pathPolicy = PathPolicy(configuration.paths)
        takesHTTP2InClear = configuration.http2 ?? false
    }
}
