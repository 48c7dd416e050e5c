internal import Synchronization

/// The states of all services, by name. It belongs to the server and outlives every snapshot.
package final class ServiceRegistry: Sendable {
    private let services = Mutex<[String: ServiceState]>([:])

    /// One for all services: their names make the difference.
    private let stickyKey: SipHash.Key

    /// What identity keeps over snapshots; here, because it belongs to the server as well.
    let identity = IdentityRegistry()
    /// What operators are told of stores of limits.
    let limitStores = LimitStoreRegistry()

    /// Certificates that the gateway gets by itself.
    let certificates = CertificateRegistry()

    package init() {
        stickyKey = .random()
    }

    /// The service's state; made when it is asked for the first time.
    func service(_ name: String) -> ServiceState {
        services.withLock { services in
            if let known = services[name] { return known }
            let made = ServiceState(name: name, stickyKey: stickyKey)
            services[name] = made
            return made
        }
    }

    /// Sorted by name.
    var known: [ServiceState] {
        services.withLock { Array($0.values) }.sorted { $0.name < $1.name }
    }

    /// Forgets services that the newest configuration does not name. Requests under way keep what they hold.
    func keepOnly(_ names: Set<String>) {
        services.withLock { services in services = services.filter { names.contains($0.key) } }
    }
}
