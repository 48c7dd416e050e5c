internal import GatewayConfiguration

/// What one worker serves by: a snapshot, and its own pools for the services in it.
///
/// The two belong together, since routes point at services by index; so a request takes both in one step, and a reload
/// replaces both in one. Requests under way keep the view that they began with.
///
/// A view that replaces another one takes over what did not change:
/// - the pool of an endpoint that is still there, with its connections, whatever else of its service has changed;
/// - a whole service, with the state of its balancing, when nothing of it has changed.
/// What is left over is retired: idle connections close, busy ones after their response. A request that holds on to a
/// retired pool can still be tried again there; its connection is then made for it alone.
final class WorkerView {
    let snapshot: Snapshot
    let services: [ServicePool]

    /// Without pools: for a worker that is still being made.
    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        services = []
    }

    /// - Parameter old: the view that this one replaces, which must not be replaced again.
    init(_ snapshot: Snapshot, worker: Worker, replacing old: WorkerView?) {
        self.snapshot = snapshot
        // The state is one object for each service, and for each endpoint of it, over all snapshots.
        var oldServices: [ObjectIdentifier: ServicePool] = [:]
        var oldEndpoints: [ObjectIdentifier: EndpointPool] = [:]
        for service in old?.services ?? [] {
            oldServices[ObjectIdentifier(service.service.state)] = service
            for endpoint in service.endpoints { oldEndpoints[ObjectIdentifier(endpoint.state)] = endpoint }
        }
        services = snapshot.services.map { service in
            let before = oldServices[ObjectIdentifier(service.state)]
            let endpoints = service.endpoints.map { endpoint in
                let state = ObjectIdentifier(endpoint.state)
                guard let kept = oldEndpoints[state], kept.canGoOn(as: service, endpoint) else {
                    return EndpointPool(worker: worker, service: service, endpoint: endpoint)
                }
                oldEndpoints[state] = nil
                kept.adopt(service, endpoint)
                return kept
            }
            if let before, before.service.configuration == service.configuration,
                before.endpoints.elementsEqual(endpoints, by: ===)
            {
                before.adopt(service)
                return before
            }
            return ServicePool(service, endpoints: endpoints)
        }
        for pool in oldEndpoints.values { pool.retire() }
    }

    /// The worker ends.
    func stop() {
        for service in services { service.stop() }
    }

    func closeIdle() {
        for service in services { service.closeIdle() }
    }
}
