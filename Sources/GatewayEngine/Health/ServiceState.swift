internal import Synchronization

/// What all workers know of one service, over all configurations that have had it.
package final class ServiceState: Sendable {
    package let name: String
    /// Raised whenever the choice between the endpoints may come out otherwise: each worker compares it with the one its
    /// own view was made for.
    let generation = Atomic<UInt64>(1)
    /// Requests under way, over all workers.
    let inFlight = Atomic<Int>(0)
    /// Of these, retries.
    let retries = Atomic<Int>(0)

    private let endpoints = Mutex<[String: EndpointState]>([:])

    init(name: String) {
        self.name = name
    }

    /// The endpoint's state; made when it is asked for the first time.
    func endpoint(_ url: String) -> EndpointState {
        endpoints.withLock { endpoints in
            if let known = endpoints[url] { return known }
            let made = EndpointState(url: url)
            endpoints[url] = made
            return made
        }
    }

    /// Forgets endpoints that the newest configuration does not name.
    func keepOnly(_ urls: Set<String>) {
        endpoints.withLock { endpoints in endpoints = endpoints.filter { urls.contains($0.key) } }
    }

    func changed() { generation.add(1, ordering: .releasing) }
}
