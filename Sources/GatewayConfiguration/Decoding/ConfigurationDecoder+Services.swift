/// Services: endpoints with their weights, how one is picked, time limits and pools.
///
/// They are decoded before the routes, wherever they stand in the file: routes refer to them by name. What a later
/// capability adds to a service is one more case in the switch below, beside a field of the model.
extension ConfigurationDecoder {
    /// In the order of the file: `explain`, metrics and the admin pages list them as the operator wrote them. Names are
    /// unique already, as they are keys of one mapping.
    mutating func decodeServices(_ id: NodeID) -> [ServiceConfiguration] {
        guard isMapping(id) else { return [] }
        var services: [ServiceConfiguration] = []
        services.reserveCapacity(Int(document.node(id).count))
        for (key, value) in document.entries(id) {
            let name = text(key)
            serviceNames.insert(name)
            services.append(decodeService(value, name: name, at: key))
        }
        return services
    }

    private mutating func decodeService(_ id: NodeID, name: String, at place: NodeID) -> ServiceConfiguration {
        var service = ServiceConfiguration(name: name, endpoints: [], location: location(place))
        var outlierDetection: NodeID?
        var healthCheck: NodeID?
        var ping: NodeID?
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .endpoints: service.endpoints = decodeEndpoints(value)
            case .loadBalancing: decodeLoadBalancing(value, into: &service.loadBalancing)
            case .timeouts: decodeTimeouts(value, into: &service.timeouts)
            case .pool: decodePool(value, into: &service.pool)
            case .healthCheck:
                service.healthCheck = decodeHealthCheck(value)
                healthCheck = value
            case .outlierDetection:
                service.outlierDetection = decodeOutlierDetection(value)
                outlierDetection = key
            case .retries: service.retries = decodeRetries(value)
            case .hedge: service.hedge = decodeHedge(value)
            case .circuitBreaker: service.circuitBreaker = decodeCircuitBreaker(value)
            case .protocol: service.protocol = word(value) ?? service.protocol
            case .ping:
                decodePing(value, into: &service.ping)
                ping = key
            case .tls: service.tls = decodeServiceTLS(value)
            case .proxyProtocol: service.proxyProtocol = word(value)
            default: break
            }
        }
        if service.proxyProtocol != nil, service.protocol != .http1 {
            findings.error(
                at: service.location,
                "proxy_protocol: a connection of HTTP/2 serves many clients, and its header could name only one",
                fix: "use protocol: http1, or remove proxy_protocol")
        }
        if let healthCheck, service.healthCheck?.kind == .grpc, service.protocol == .http1 {
            findings.error(
                at: location(healthCheck),
                "health_check: gRPC is spoken over HTTP/2, and this service's protocol is http1",
                fix: "add protocol: http2 to the service")
        }
        if let ping, service.protocol == .http1 {
            findings.warning(
                at: location(ping), "ping: only HTTP/2 has it, and this service's protocol is http1",
                fix: "add protocol: http2 to the service, or remove the key")
        }
        if let outlierDetection, service.endpoints.count == 1, service.outlierDetection.enabled {
            findings.warning(
                at: location(outlierDetection), "outlier_detection: an only endpoint is never ejected",
                fix: "add an endpoint, or remove the key")
        }
        checkTLS(of: service)
        checkSockets(of: service)
        return service
    }

    /// A socket in the file system has no other port where it could be asked how it is.
    private mutating func checkSockets(of service: ServiceConfiguration) {
        guard service.healthCheck?.port != nil, let socket = service.endpoints.first(where: { $0.path != nil }) else {
            return
        }
        findings.error(
            at: socket.location, "endpoints: \(socket.url) has no port, and health_check asks at another one",
            fix: "remove the port of health_check, or give the endpoint an address")
    }

    /// At least one, no URL twice, and not all with weight 0. The first keeps a typing error from becoming a service that
    /// answers 503 to everything; the second is nearly always a copied line, and a weight says it better; the third is how
    /// one takes an endpoint out, and taking out the last one deserves a question.
    private mutating func decodeEndpoints(_ id: NodeID) -> [EndpointConfiguration] {
        guard document.node(id).kind == .sequence else { return [] }
        if document.node(id).count == 0 {
            findings.error(at: location(id), "endpoints: the list is empty", fix: "add an endpoint's URL")
        }
        var endpoints: [EndpointConfiguration] = []
        // By the URL in its normal form, so that a default port or another case is seen through.
        var places: [String: SourceLocation] = [:]
        for child in document.children(id) {
            guard let (endpoint, urlNode) = decodeEndpoint(child) else { continue }
            if endpoint.path == nil { noteHost(endpoint.host, at: urlNode) }
            if let first = places.updateValue(endpoint.location, forKey: endpoint.url) {
                findings.error(
                    at: endpoint.location,
                    "endpoints: \(document.display(urlNode)) stands twice in one service; first at \(first)",
                    fix: "keep one, and give it a weight to send it more")
            }
            endpoints.append(endpoint)
        }
        if !endpoints.isEmpty, endpoints.allSatisfy({ $0.weight == 0 }) {
            findings.error(
                at: location(id), "endpoints: every weight is 0, so nobody would answer",
                fix: "give one a weight above 0")
        }
        return endpoints
    }

    /// A URL, or a mapping with one.
    private func decodeEndpoint(_ id: NodeID) -> (EndpointConfiguration, urlNode: NodeID)? {
        var urlNode = id
        var weight = 1
        var priority = 0
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .url: urlNode = value
            case .weight: assign(value, to: &weight)
            case .priority: assign(value, to: &priority)
            default: break
            }
        }
        guard var endpoint = try? EndpointConfiguration.parse(text(urlNode)) else { return nil }
        endpoint.weight = weight
        endpoint.priority = priority
        endpoint.location = location(id)
        return (endpoint, urlNode)
    }

    private func decodeTimeouts(_ id: NodeID, into timeouts: inout UpstreamTimeoutsConfiguration) {
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .connect: assign(value, to: &timeouts.connect)
            case .request: assign(value, to: &timeouts.request)
            case .keepAlive: assign(value, to: &timeouts.keepAlive)
            case .perTry: assign(value, to: &timeouts.perTry)
            default: break
            }
        }
    }

    private func decodePing(_ id: NodeID, into ping: inout PingConfiguration) {
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .idle: assign(value, to: &ping.idle)
            case .interval: assign(value, to: &ping.interval)
            case .timeout: assign(value, to: &ping.timeout)
            default: break
            }
        }
    }

    private func decodePool(_ id: NodeID, into pool: inout PoolConfiguration) {
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .maxConnections: assign(value, to: &pool.maxConnections)
            case .maxIdle: assign(value, to: &pool.maxIdle)
            case .maxPending: assign(value, to: &pool.maxPending)
            default: break
            }
        }
    }
}
