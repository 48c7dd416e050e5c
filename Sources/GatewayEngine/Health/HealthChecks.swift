internal import GatewayConfiguration
internal import Reactor

/// One worker's share of the active health checks.
///
/// Each endpoint of each service is checked by exactly one worker, whoever's requests go to it; the result reaches the
/// others through the endpoint's shared state. Which worker that is follows from the names alone, so that it is the same
/// after a reload that moved other services about.
final class HealthChecks {
    private struct Key: Hashable {
        let service: String
        let url: String
    }

    /// Whose share it is; set once, before the first `reconcile`.
    weak var worker: Worker?
    private var checks: [Key: EndpointCheck] = [:]
    /// Endpoints that must not get a request before their first result, which is not there yet.
    private var awaited: Set<Key> = []
    private var whenKnown: [() -> Void] = []

    /// Makes the checks those of a configuration: at the worker's start, and at each newer one.
    ///
    /// A check that stays keeps its state and its timer.
    func reconcile(_ services: [CompiledService]) {
        guard let worker else { return }
        var kept: Set<Key> = []
        for service in services {
            guard let check = service.healthCheck else { continue }
            for (place, endpoint) in service.endpoints.enumerated() {
                let key = Key(service: service.state.name, url: endpoint.state.url)
                guard Self.hash(key) % UInt64(worker.count) == UInt64(worker.loop.index) else { continue }
                kept.insert(key)
                if let known = checks[key] {
                    known.adopt(service, place: place, check: check)
                } else {
                    start(key, service, place, check, worker)
                }
            }
        }
        for (key, check) in checks where !kept.contains(key) {
            check.stop()
            checks[key] = nil
        }
    }

    private func start(
        _ key: Key, _ service: CompiledService, _ place: Int, _ check: CompiledHealthCheck, _ worker: Worker
    ) {
        if check.configuration.required { awaited.insert(key) }
        checks[key] = EndpointCheck(worker: worker, service: service, place: place, check: check) { [weak self] in
            self?.isKnown(key)
        }
    }

    /// Calls back when no endpoint of this worker's waits for its first result any more; at once when none does.
    func whenFirstResultsAreKnown(_ body: @escaping () -> Void) {
        if awaited.isEmpty { body() } else { whenKnown.append(body) }
    }

    private func isKnown(_ key: Key) {
        awaited.remove(key)
        guard awaited.isEmpty else { return }
        let bodies = whenKnown
        whenKnown.removeAll()
        for body in bodies { body() }
    }

    /// The worker ends.
    func shutDown() {
        for check in checks.values { check.cancel() }
        checks.removeAll()
        whenKnown.removeAll()
    }

    /// FNV-1a over the names: even enough, and the same in every run.
    private static func hash(_ key: Key) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key.service.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for byte in key.url.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
