@testable import GatewayConfiguration
@testable import GatewayEngine

extension Snapshot {
    /// For tests that have nothing to do with releases.
    convenience init(
        _ configuration: GatewayConfiguration, metrics: Metrics, registry: ServiceRegistry
    ) throws(RouteTableError) {
        try self.init(
            configuration, metrics: metrics, registry: registry,
            releases: ReleaseRegistry(workers: 1))
    }
}
