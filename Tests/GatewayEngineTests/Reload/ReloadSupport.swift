import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// One worker that never turns its loop, and what a reload makes of it.
final class StillWorker {
    let metrics = Metrics(build: Metrics.Build(version: "0", swiftVersion: "0"), start: 0)
    let registry = ServiceRegistry()
    let worker: Worker

    init(_ yaml: String) throws {
        let snapshot = try Snapshot(GatewayConfiguration.parse(yaml: yaml), metrics: metrics, registry: registry)
        worker = Worker(
            index: 0, snapshot: snapshot, metrics: metrics, accessLog: nil, log: OperationLog(level: .error),
            pages: AdminPages(metrics: metrics))
    }

    deinit { worker.shutDown() }

    func publish(_ yaml: String, listeners: [Publication.Listener] = []) throws {
        let snapshot = try Snapshot(GatewayConfiguration.parse(yaml: yaml), metrics: metrics, registry: registry)
        worker.publish(Publication(snapshot: snapshot, listeners: listeners, accessLog: nil))
    }

    func service(_ name: String) throws -> ServicePool {
        try #require(worker.view.services.first { $0.service.name == name })
    }

    func endpoint(_ service: String, _ port: UInt16) throws -> EndpointPool {
        try #require(try self.service(service).endpoints.first { $0.endpoint.configuration.port == port })
    }
}
