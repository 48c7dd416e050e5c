internal import GatewayConfiguration
internal import HTTPWire
internal import RateLimits

/// Limits that know the client only by its address.
extension Exchange {
    /// Takes the client's place on the route; false: it has as many as it may, and was answered.
    func entersRoute(_ plan: RoutePlan) -> Bool {
        let key = worker.limitKey
        key.removeAll()
        CompiledLimitKey.concurrency.write(limitInput, into: key)
        let place = KeyDigest(of: key.span)
        guard worker.concurrency.enter(place, limit: Int(plan.concurrency)) else {
            refuse(.concurrencyLimited)
            return false
        }
        concurrencyPlace = place
        return true
    }

    func leaveRoute() {
        guard let place = concurrencyPlace else { return }
        concurrencyPlace = nil
        worker.concurrency.leave(place)
    }

    /// Whether the client's address may ask; false: it was answered.
    func passesAddresses(_ plan: RoutePlan) -> Bool {
        let list = snapshot.addresses[Int(plan.addresses)]
        let isKnown = { (prefixes: [NetworkPrefix]) in
            prefixes.contains { $0.contains(high: self.record.clientHigh, low: self.record.clientLow) }
        }
        if isKnown(list.deny) || (!list.allow.isEmpty && !isKnown(list.allow)) {
            refuse(.addressDenied)
            return false
        }
        return true
    }
}
