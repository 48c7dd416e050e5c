internal import CSystem
internal import GatewayConfiguration
internal import Synchronization

/// Services and endpoints: what is known of them, and the two words that an operator has for an endpoint.
extension AdminCall {
    func services() -> AdminJSON {
        ["services": .list(server.snapshot.services.map(describe))]
    }

    /// The service that the path names first.
    func service() throws(AdminError) -> CompiledService {
        let services = server.snapshot.services
        let name = parameters[0]
        if let service = services.first(where: { $0.state.name == name }) { return service }
        throw unknown("There is no service \"\(name)\"", name, services.map(\.state.name))
    }

    /// The endpoint that the path names second: by its URL, or by host and port where only one has them.
    private func endpoint(of service: CompiledService) throws(AdminError) -> CompiledEndpoint {
        let name = parameters[1]
        if let endpoint = service.endpoints.first(where: { $0.state.url == name }) { return endpoint }
        let similar = service.endpoints.filter {
            $0.configuration.label == name || "\($0.configuration.host):\($0.configuration.port)" == name
        }
        if similar.count == 1 { return similar[0] }
        throw unknown(
            "The service \"\(service.state.name)\" has no endpoint \"\(name)\"", name,
            service.endpoints.map(\.state.url))
    }

    private func unknown(_ sentence: String, _ name: String, _ known: [String]) -> AdminError {
        let nearest = EditDistance.nearest(to: name, among: known)
        var error = AdminError(.notFound, nearest.map { "\(sentence); did you mean \"\($0)\"?" } ?? "\(sentence).")
        error.members = [("known", .texts(known.prefix(AdminError.mostNames)))]
        return error
    }

    // MARK: Changing

    func drain() throws(AdminError) -> AdminJSON {
        let service = try service()
        let endpoint = try endpoint(of: service)
        endpoint.state.administrative.store(.draining, ordering: .relaxed)
        service.state.changed()
        return describe(endpoint, of: service)
    }

    func enable() throws(AdminError) -> AdminJSON {
        let service = try service()
        let endpoint = try endpoint(of: service)
        service.state.enable(endpoint.state, now: gh_monotonic_ns())
        return describe(endpoint, of: service)
    }

    // MARK: Telling

    func describe(_ service: CompiledService) -> AdminJSON {
        let state = service.state
        let caps = service.breaker
        return [
            "name": .text(state.name),
            "requests_in_flight": .integer(state.inFlight.load(ordering: .relaxed)),
            "retries_in_flight": .integer(state.retries.load(ordering: .relaxed)),
            "connections": .integer(state.connections.load(ordering: .relaxed)),
            "pending": .integer(state.pending.load(ordering: .relaxed)),
            "caps": [
                "requests": .integer(caps.maxRequests), "retries": .integer(caps.maxRetries),
                "connections": .integer(caps.maxConnections), "pending": .integer(caps.maxPending),
                "adaptive_requests": .integer(service.adaptiveLimit?.limit),
            ],
            "breaker": .text(service.circuit.map { Self.word($0.phase) } ?? "off"),
            "endpoints": .list(service.endpoints.map { describe($0, of: service) }),
        ]
    }

    private func describe(_ endpoint: CompiledEndpoint, of service: CompiledService) -> AdminJSON {
        let state = endpoint.state
        let now = gh_monotonic_ns()
        let administrative = state.administrative.load(ordering: .relaxed)
        let health = state.checkedHealth.load(ordering: .relaxed)
        let left = state.ejectedUntil.load(ordering: .relaxed) - now
        // In the order in which they decide (`EligibleEndpoints`).
        let word =
            if endpoint.configuration.weight == 0 {
                "without_weight"
            } else if administrative == .draining {
                "draining"
            } else if health == .unhealthy {
                "unhealthy"
            } else if health == .unknown && service.balancing.rules.requiresCheck {
                "unchecked"
            } else {
                left > 0 ? "ejected" : "available"
            }
        return [
            "url": .text(state.url),
            "state": .text(word),
            "weight": .integer(endpoint.configuration.weight),
            "priority": .integer(endpoint.configuration.priority),
            "administrative": administrative == .draining ? "draining" : "enabled",
            "health": .text(Self.word(health)),
            "ejected_until": left > 0 ? .time(OperationLog.wallClock() + left) : .null,
            "requests_in_flight": .integer(state.inFlight.load(ordering: .relaxed)),
        ]
    }

    private static func word(_ phase: CircuitBreaker.Phase) -> String {
        switch phase {
        case .closed: "closed"
        case .open: "open"
        case .halfOpen: "half_open"
        case .ramping: "ramping"
        }
    }

    private static func word(_ health: EndpointState.CheckedHealth) -> String {
        switch health {
        case .unknown: "unknown"
        case .healthy: "healthy"
        case .unhealthy: "unhealthy"
        }
    }
}

extension ServiceState {
    /// An operator wants an endpoint to be asked again: whatever kept it out is over, but for its active checks.
    ///
    /// Its past ejections are forgotten with the present one: who says that it is well has mended it. An endpoint that was
    /// in use all the time is left as it is.
    func enable(_ endpoint: EndpointState, now: Int64) {
        let wasDraining = endpoint.administrative.load(ordering: .relaxed) == .draining
        let wasEjected = endpoint.ejectedUntil.load(ordering: .relaxed) > now
        guard wasDraining || wasEjected else { return }
        ejections.withLock { $0.forget(endpoint.url) }
        endpoint.forgetFailures()
        // First the ramp, then the way: nobody must see it back at full weight.
        endpoint.readySince.store(now, ordering: .relaxed)
        endpoint.ejectedUntil.store(0, ordering: .releasing)
        endpoint.administrative.store(.enabled, ordering: .releasing)
        changed()
    }
}
