/// Caps, breakers and faults.
extension ConfigurationDecoder {
    mutating func decodeCircuitBreaker(_ id: NodeID) -> CircuitBreakerConfiguration {
        var breaker = CircuitBreakerConfiguration()
        var needsBreaker: NodeID?
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .maxConnections: assign(value, to: &breaker.maxConnections)
            case .maxPending: assign(value, to: &breaker.maxPending)
            case .maxRequests: assign(value, to: &breaker.maxRequests)
            case .maxRetries: assign(value, to: &breaker.maxRetries)
            case .pendingTimeout: assign(value, to: &breaker.pendingTimeout)
            case .errorRatio: breaker.errorRatio = try? ShareValue.parse(text(value))
            case .latency: assign(value, to: &breaker.latency)
            case .adaptive: assign(value, to: &breaker.adaptive)
            case .slowRatio:
                breaker.slowRatio = (try? ShareValue.parse(text(value))) ?? breaker.slowRatio
                needsBreaker = key
            case .minRequests:
                assign(value, to: &breaker.minRequests)
                needsBreaker = key
            case .window:
                breaker.window = (try? DurationValue.parse(text(value))) ?? breaker.window
                needsBreaker = key
            case .openFor:
                breaker.openFor = (try? DurationValue.parse(text(value))) ?? breaker.openFor
                needsBreaker = key
            case .ramp:
                assign(value, to: &breaker.ramp)
                needsBreaker = key
            default: break
            }
        }
        if let needsBreaker, breaker.errorRatio == nil, breaker.latency == nil {
            findings.warning(
                at: location(needsBreaker),
                "\(text(needsBreaker)): has no effect, since the breaker is off without error_ratio and latency",
                fix: "add error_ratio: 50%, or remove it")
        }
        return breaker
    }

    /// A fault for every request of a route is most likely one that was forgotten.
    mutating func decodeFault(_ id: NodeID) -> FaultConfiguration {
        var fault = FaultConfiguration()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .delay: assign(value, to: &fault.delay)
            case .abort: fault.abort = integer(value)
            case .share: fault.share = (try? ShareValue.parse(text(value))) ?? fault.share
            case .header: fault.header = text(value)
            default: break
            }
        }
        if fault.abort != nil, fault.share == 1, fault.header == nil {
            findings.warning(
                at: location(id), "fault: every request of this route is aborted",
                fix: "give a share or a header, or remove it when the rehearsal is over")
        }
        return fault
    }
}
