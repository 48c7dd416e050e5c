/// Health checks and passive ejection of a service.
extension ConfigurationDecoder {
    mutating func decodeHealthCheck(_ id: NodeID) -> HealthCheckConfiguration {
        var check = HealthCheckConfiguration()
        var places: [Key: NodeID] = [:]
        for (key, value) in entries(id) {
            guard let known = document.key(key) else { continue }
            places[known] = value
            switch known {
            case .type: check.kind = word(value) ?? check.kind
            case .path: check.target = (try? CheckTarget.parse(text(value))) ?? check.target
            case .method: check.isHead = text(value) == "HEAD"
            case .host: check.host = try? HostName.parse(text(value))
            case .headers: check.headers = decodeCheckHeaders(value)
            case .port: check.port = integer(value).flatMap { UInt16(exactly: $0) }
            case .interval: assign(value, to: &check.interval)
            case .edgeInterval: check.edgeInterval = try? DurationValue.parse(text(value))
            case .unhealthyInterval: check.unhealthyInterval = try? DurationValue.parse(text(value))
            case .timeout: assign(value, to: &check.timeout)
            case .healthyAfter: assign(value, to: &check.healthyAfter)
            case .unhealthyAfter: assign(value, to: &check.unhealthyAfter)
            case .expectedStatus: check.expectedStatus = values(value).compactMap { try? StatusRange.parse(text($0)) }
            case .expectedBody: check.expectedBody = text(value)
            case .required: assign(value, to: &check.required)
            default: break
            }
        }
        checkTimes(check, at: places[.timeout] ?? id, places)
        checkRequest(check, places)
        return check
    }

    /// A check must be over before the next one begins, or a slow endpoint would be asked by more and more of them.
    private mutating func checkTimes(_ check: HealthCheckConfiguration, at id: NodeID, _ places: [Key: NodeID]) {
        let intervals: [(Key, Duration?)] = [
            (.interval, check.interval), (.edgeInterval, check.edgeInterval),
            (.unhealthyInterval, check.unhealthyInterval),
        ]
        for case (let key, let interval?) in intervals where check.timeout >= interval {
            findings.error(
                at: location(places[.timeout] == nil ? places[key] ?? id : id),
                "health_check: the timeout is not shorter than \(key.rawValue)",
                fix: "lower the timeout, or raise \(key.rawValue)")
        }
    }

    /// What is asked and what is expected must fit together.
    private mutating func checkRequest(_ check: HealthCheckConfiguration, _ places: [Key: NodeID]) {
        if check.kind == .tcp {
            // In the order of the vocabulary, so that the report does not change from run to run.
            for key in [Key.path, .method, .host, .headers, .expectedStatus, .expectedBody] {
                guard let place = places[key] else { continue }
                findings.error(
                    at: location(place), "\(key.rawValue): a check of type tcp asks for nothing",
                    fix: "remove it, or use type: http")
            }
        }
        if check.kind == .grpc {
            for key in [Key.path, .method, .expectedStatus, .expectedBody] {
                guard let place = places[key] else { continue }
                findings.error(
                    at: location(place), "\(key.rawValue): a check of type grpc has a question of its own",
                    fix: "remove it, or use type: http")
            }
        }
        if check.isHead, !check.expectedBody.isEmpty, let place = places[.expectedBody] {
            findings.error(
                at: location(place), "expected_body: the answer to HEAD has no body", fix: "use method: GET")
        }
        if check.expectedStatus.isEmpty, let place = places[.expectedStatus], document.node(place).count == 0 {
            findings.error(
                at: location(place), "expected_status: the list is empty, so every check would fail",
                fix: "write what counts as well, as in 200-399")
        }
    }

    /// The connection's own fields are the gateway's business, and `Host` has a key.
    private mutating func decodeCheckHeaders(_ id: NodeID) -> [HealthCheckConfiguration.Header] {
        var headers: [HealthCheckConfiguration.Header] = []
        for (key, value) in entries(id) {
            let name = text(key)
            switch name.lowercased() {
            case "host":
                findings.error(at: location(key), "headers: Host has a key of its own", fix: "use host:")
            case "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "keep-alive",
                "expect":
                findings.error(
                    at: location(key), "headers: \(quote(name)) is for the gateway to set", fix: "remove it")
            default: headers.append(.init(name: name, value: text(value)))
            }
        }
        return headers
    }

    mutating func decodeOutlierDetection(_ id: NodeID) -> OutlierDetectionConfiguration {
        var detection = OutlierDetectionConfiguration()
        var maxNode = id
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .enabled: assign(value, to: &detection.enabled)
            case .consecutive5xx: assign(value, to: &detection.consecutive5xx)
            case .consecutiveGatewayFailures: assign(value, to: &detection.consecutiveGatewayFailures)
            case .interval: assign(value, to: &detection.interval)
            case .baseEjectionTime: assign(value, to: &detection.baseEjectionTime)
            case .maxEjectionTime:
                assign(value, to: &detection.maxEjectionTime)
                maxNode = value
            case .maxEjected: detection.maxEjected = (try? ShareValue.parse(text(value))) ?? detection.maxEjected
            default: break
            }
        }
        if detection.maxEjectionTime < detection.baseEjectionTime {
            findings.error(
                at: location(maxNode), "max_ejection_time: shorter than base_ejection_time",
                fix: "raise it, or lower base_ejection_time")
        }
        return detection
    }

    /// For durations that cannot be switched off; a refused value, which the checker reported, leaves the default.
    func assign(_ id: NodeID, to target: inout Duration) {
        if let value = try? DurationValue.parse(text(id)), value > .zero { target = value }
    }
}
