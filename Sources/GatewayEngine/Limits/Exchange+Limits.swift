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
        let input = limitInput
        let key = worker.limitKey
        // By index, here and below: an unoptimised build allocates for an array's iterator.
        for index in 0..<set.limits.count {
            key.removeAll()
            set.limits[index].key.write(input, into: key)
            check.add(set.limits[index].rate, key: key.span)
        }
    }

    /// Does what the limits have decided; false: the request was refused, and answered.
    func heed(_ check: LimitCheck, _ set: LimitSet, _ now: LimitTime) -> Bool {
        record.limitState = check.isAllowed ? .allowed : .refused
        let decisive = check.decisive
        for index in 0..<min(set.limits.count, check.items.count) {
            let (limit, item) = (set.limits[index], check.items[index])
            if let decisive, limit.rate === decisive.limit { record.limit = limit.label }
            if item.outcome.isAllowed {
                if check.isAllowed { worker.metrics.limitAllowed(limit.series) }
            } else if limit.rate.isDryRun {
                worker.metrics.limitWouldRefuse(limit.series)
                if check.isAllowed {
                    record.limitState = .dryRun
                    record.limit = limit.label
                }
            } else {
                worker.metrics.limitRefused(limit.series)
            }
        }
        guard let decisive else { return true }
        keepFields(check, decisive, now)
        if check.isAllowed { return true }
        retryAfter = decisive.outcome.retryAfter &* LimitTime.second
        refuse(.rateLimited)
        return false
    }

    /// What the client will be told is written down now: the next request asks with the same objects.
    private func keepFields(_ check: LimitCheck, _ decisive: LimitCheck.Item, _ now: LimitTime) {
        limitFields = LimitFieldRanges(
            limit: store { LimitFields.appendLimit(of: decisive, to: &$0) },
            remaining: store { LimitFields.appendRemaining(of: decisive, to: &$0) },
            reset: store { LimitFields.appendReset(of: decisive, to: &$0) },
            rateLimit: store { LimitFields.appendRateLimit(of: check, at: now, to: &$0) },
            policy: store { LimitFields.appendPolicy(of: check, to: &$0) })
    }

    private func store(_ write: (inout [UInt8]) -> Void) -> ByteRange {
        worker.limitText.removeAll(keepingCapacity: true)
        write(&worker.limitText)
        let fields = request.fields
        let text = worker.limitText
        return fields.store(text.span)
    }

    /// The limits that the client meets first are this gateway's: what a service says of its own under the same names is
    /// replaced.
    func appendLimitFields(to fields: HeaderBlock) {
        if limitFields.limit.isEmpty { return }
        let names = LimitFieldNames.shared
        append(names.limit, limitFields.limit, to: fields)
        append(names.remaining, limitFields.remaining, to: fields)
        append(names.reset, limitFields.reset, to: fields)
        append(names.rateLimit, limitFields.rateLimit, to: fields)
        append(names.policy, limitFields.policy, to: fields)
    }

    private func append(_ name: LimitFieldNames.Name, _ value: ByteRange, to fields: HeaderBlock) {
        let own = request.fields
        fields.removeAll(named: name.lower.span)
        fields.append(name: name.written.span, value: own.bytes(value))
    }
}

/// Values of the fields that tell of limits, in the arena of the request's fields; empty: there are none.
struct LimitFieldRanges {
    var limit = ByteRange.empty
    var remaining = ByteRange.empty
    var reset = ByteRange.empty
    var rateLimit = ByteRange.empty
    var policy = ByteRange.empty
}

/// Their names, made once.
struct LimitFieldNames: Sendable {
    struct Name: Sendable {
        let written: [UInt8]
        let lower: [UInt8]

        init(_ text: StaticString) {
            written = Array(text.description.utf8)
            lower = Bytes.lowercased(text.description)
        }
    }

    static let shared = LimitFieldNames()

    let limit = Name(LimitFields.limitName)
    let remaining = Name(LimitFields.remainingName)
    let reset = Name(LimitFields.resetName)
    let rateLimit = Name(LimitFields.rateLimitName)
    let policy = Name(LimitFields.policyName)
}
