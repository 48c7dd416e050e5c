internal import HTTPWire
internal import RateLimits
internal import Reactor

/// Rate limits on the path of a request.
extension Exchange {
    /// Asks the limits that hold for the request, all in one step; false: it was refused, and answered, or waits for a
    /// store.
    func passesLimits(_ plan: RoutePlan) -> Bool {
        let path = matchedPath()
        guard
            let set = snapshot.limits.find(
                plan.limits, consumer: consumer, request, path: path, scratch: worker.policyScratch)
        else {
            return true
        }
        if let store = worker.remoteLimits { return passes(set, store) }
        let check = worker.limitCheck
        check.removeAll()
        fill(check, set)
        let now = limitTime
        worker.limitStore.decide(check, at: now)
        return heed(check, set, now)
    }

    var limitTime: LimitTime { LimitTime(monotonic: worker.loop.now, epoch: worker.loop.wallNow) }

    /// What keys are made of.
    var limitInput: CompiledLimitKey.Input {
        CompiledLimitKey.Input(
            request: request, path: path, clientHigh: record.clientHigh, clientLow: record.clientLow,
            route: snapshot.routes.routes[routeIndex], routeMatch: worker.scratch, ruleMatch: worker.policyScratch,
            scratch: worker.pathBuffer, caller: knownCaller)
    }

    func fill(_ check: LimitCheck, _ set: LimitSet) {
        let key = worker.limitKey
        // By index, here and below: an unoptimised build allocates for an array's iterator.
        for index in 0..<set.limits.count {
            let limit = set.limits[index]
            key.removeAll()
            if limit.key.isAddress {
                CompiledLimitKey.writeAddress(high: record.clientHigh, low: record.clientLow, into: key)
            } else {
                limit.key.write(limitInput, into: key)
            }
            check.add(limit.rate, key: key.span)
        }
    }

    /// Does what the limits have decided; false: the request was refused, and answered.
    func heed(_ check: LimitCheck, _ set: LimitSet, _ now: LimitTime) -> Bool {
        let isAllowed = check.isAllowed
        record.limitState = isAllowed ? .allowed : .refused
        let decisive = check.decisive
        if let decisive { record.limit = set.limits[decisive].label }
        for index in 0..<min(set.limits.count, check.count) {
            let limit = set.limits[index]
            if check.outcome(index).isAllowed {
                if isAllowed { worker.metrics.limitAllowed(limit.series) }
            } else if limit.rate.isDryRun {
                worker.metrics.limitWouldRefuse(limit.series)
                if isAllowed {
                    record.limitState = .dryRun
                    record.limit = limit.label
                }
            } else {
                worker.metrics.limitRefused(limit.series)
            }
        }
        guard let decisive else { return true }
        limitFields = LimitFields(check, set, decisive: decisive, at: now, in: request.fields)
        if isAllowed { return true }
        retryAfter = check.outcome(decisive).retryAfter &* LimitTime.second
        refuse(.rateLimited)
        return false
    }
}
