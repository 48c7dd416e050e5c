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
    /// Open connections to its endpoints, idle ones too, over all workers.
    let connections = Atomic<Int>(0)
    /// Requests that wait for a connection or for a name, over all workers.
    let pending = Atomic<Int>(0)

    /// Who of the endpoints is out.
    let ejections = Mutex(EjectionLedger())
    private let endpoints = Mutex<[String: EndpointState]>([:])

    /// Made when a configuration asks for them for the first time: most services have neither.
    private let breaking = Mutex<(circuit: CircuitBreaker?, limit: AdaptiveLimit?)>((nil, nil))

    /// Keys the values of sticky cookies where the configuration names no secret.
    let stickyKey: SipHash.Key
    /// The newest table of `consistent_hash`.
    private let table = Mutex<MaglevTable?>(nil)

    init(name: String, stickyKey: SipHash.Key = .random()) {
        self.name = name
        self.stickyKey = stickyKey
    }

    func circuitBreaker() -> CircuitBreaker {
        breaking.withLock { breaking in
            if let known = breaking.circuit { return known }
            let made = CircuitBreaker()
            breaking.circuit = made
            return made
        }
    }

    func adaptiveLimit() -> AdaptiveLimit {
        breaking.withLock { breaking in
            if let known = breaking.limit { return known }
            let made = AdaptiveLimit()
            breaking.limit = made
            return made
        }
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
        ejections.withLock { $0.keepOnly(urls) }
    }

    /// Sorted by URL.
    var knownEndpoints: [EndpointState] {
        endpoints.withLock { Array($0.values) }.sorted { $0.url < $1.url }
    }

    /// The table for these members, sorted by URL: made once for all workers. The lock is held while it is made, since
    /// the others need the very same one.
    func maglevTable(for members: [MaglevTable.Member]) -> MaglevTable {
        table.withLock { table in
            if let known = table, known.members == members { return known }
            let made = MaglevTable(members)
            table = made
            return made
        }
    }

    func changed() { generation.add(1, ordering: .releasing) }
}
