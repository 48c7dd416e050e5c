internal import Synchronization

/// An endpoint that an operator has taken out, on its way from one program to the next: nobody else can tell the successor,
/// and traffic that comes back by itself would be the last thing that the operator expects.
package struct DrainedEndpoint: Sendable, Hashable {
    package let service: String
    /// As in the configuration.
    package let url: String

    package init(service: String, url: String) {
        self.service = service
        self.url = url
    }
}

extension Snapshot {
    var drained: [DrainedEndpoint] {
        services.flatMap { service in
            service.endpoints
                .filter { $0.state.administrative.load(ordering: .relaxed) == .draining }
                .map { DrainedEndpoint(service: service.state.name, url: $0.state.url) }
        }
    }

    /// Takes these out. What this configuration does not have is left out.
    func drain(_ drained: [DrainedEndpoint]) {
        let drained = Set(drained)
        for service in services {
            for endpoint in service.endpoints
            where drained.contains(DrainedEndpoint(service: service.state.name, url: endpoint.state.url)) {
                endpoint.state.administrative.store(.draining, ordering: .relaxed)
                service.state.changed()
            }
        }
    }
}
