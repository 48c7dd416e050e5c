/// Further tries, of services and of routes: the same mappings in both places.
extension ConfigurationDecoder {
    mutating func decodeRetries(_ id: NodeID) -> RetriesConfiguration {
        var retries = RetriesConfiguration()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .attempts: assign(value, to: &retries.attempts)
            case .retryOn:
                // The list stands for itself: what it does not name is not tried again.
                retries.conditions = Set(values(value).compactMap { word($0) })
                retries.statuses = Set(values(value).compactMap { Int(text($0)) })
            case .budget: retries.budget = (try? ShareValue.parse(text(value))) ?? retries.budget
            case .methods: retries.methods = decodeRepeatable(value)
            case .backoff: decodeBackoff(value, into: &retries)
            case .maxBody: assignSize(value, to: &retries.maxBody)
            default: break
            }
        }
        if retries.backoffBase > retries.backoffMax {
            findings.warning(
                at: location(id), "backoff: the base is above max, so every wait is drawn up to max",
                fix: "make max at least the base")
        }
        return retries
    }

    /// Methods without a promise are accepted: with an `Idempotency-Key` their client makes it.
    private mutating func decodeRepeatable(_ id: NodeID) -> Set<String>? {
        for node in values(id) where ["POST", "PATCH"].contains(text(node)) {
            findings.warning(
                at: location(node),
                "methods: \(text(node)) is repeated only when the request has an Idempotency-Key")
        }
        let methods = Set(values(id).map(text))
        return methods.contains("ANY") ? nil : methods
    }

    private func decodeBackoff(_ id: NodeID, into retries: inout RetriesConfiguration) {
        for (key, value) in entries(id) {
            guard let duration = try? DurationValue.parse(text(value)) else { continue }
            switch document.key(key) {
            case .base: retries.backoffBase = duration
            case .max: retries.backoffMax = duration
            default: break
            }
        }
    }

    /// nil when it does not say after how long, which the checker has reported.
    func decodeHedge(_ id: NodeID) -> HedgeConfiguration? {
        var hedge: HedgeConfiguration?
        var max = 1
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .after: hedge = (try? DurationValue.parse(text(value))).map(HedgeConfiguration.init)
            case .max: assign(value, to: &max)
            default: break
            }
        }
        hedge?.max = max
        return hedge
    }
}
