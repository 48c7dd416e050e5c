internal import GatewayConfiguration
internal import HTTPWire

/// When a try is joined by another: `hedge`, as the data plane reads it.
struct CompiledHedge: Sendable {
    /// Nanoseconds after the start of the try before.
    let after: Int64
    /// 0: none.
    let max: Int

    init(_ configuration: HedgeConfiguration?) {
        after = configuration?.after.nanoseconds ?? Deadline.never
        max = configuration?.max ?? 0
    }
}

/// Whether a request that waits for its response goes to another endpoint as well, and which of several answers it
/// takes.
///
/// A hedge cuts the tail: one endpoint in a pause of its garbage collector no longer decides how long a client waits.
/// It is paid with requests that were not needed, so it is taken from the retries' budget, and only methods that are
/// idempotent are asked twice: a key is a promise about repetitions after a failure, not about two at once.
enum HedgePolicy {
    struct Situation {
        var method: Method
        /// Hedges made before this.
        var hedgesMade = 0
        var bodyIsKept = true
        /// The whole body has arrived: half a body cannot flow to two endpoints at their own pace.
        var bodyIsComplete = true
        var responseBegun = false
        var hasOtherEndpoint = true
        /// Nanoseconds until the request's deadline.
        var remaining = Deadline.never
    }

    /// Whether a request like this is ever hedged: asked once, before a timer is armed.
    static func applies(_ hedge: CompiledHedge, to method: Method) -> Bool {
        hedge.max > 0 && method.isIdempotent
    }

    /// `after` has passed since the last try began. True: a place in the budget is taken, and the try goes out now.
    static func goesOut(
        _ situation: Situation, _ hedge: CompiledHedge, _ retries: CompiledRetries, budget: RetryBudget
    ) -> Bool {
        guard applies(hedge, to: situation.method), situation.hedgesMade < hedge.max, !situation.responseBegun,
            situation.bodyIsKept, situation.bodyIsComplete, situation.hasOtherEndpoint, situation.remaining > 0
        else { return false }
        return budget.take(share: retries.budgetShare)
    }

    /// Whether this response is the one: a status that would be retried gives way while another try is open.
    static func takes(status: Int, _ retries: CompiledRetries, othersOpen: Bool) -> Bool {
        !othersOpen || !retries.names(status: status)
    }
}
