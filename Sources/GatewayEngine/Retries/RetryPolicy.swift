internal import HTTPWire

/// Whether a request whose try has failed is tried again: a function of what happened, and nothing else.
///
/// The rules, in the order in which they are asked; the first that refuses is the reason that is given:
/// 1. Nothing of a response was passed on. Afterwards nobody can take it back.
/// 2. `retry_on` names what happened, and `attempts` leaves a try.
/// 3. Repeating does no harm. The endpoint cannot have acted on the request (it was never connected, or says so), or
///    the method is idempotent, or the client promises it by an `Idempotency-Key`. No setting goes beyond this: a POST
///    of which a byte was sent never goes out a second time by itself; but a call of gRPC does, after a status that
///    `retry_on` names, since naming it says so of the service's calls.
/// 4. What was sent of the body can be sent again.
/// 5. The upstream's own `Retry-After`. A 429 speaks for the whole service, as does any status where there is no other
///    endpoint: then the wait is kept, and a wait beyond the longest back-off is the client's, who gets the answer as
///    it is. A 503 where there is another endpoint speaks for that endpoint alone, and the next one is asked.
/// 6. The wait ends before the request's deadline.
/// 7. The service's budget has a place. It is asked last, so that a place is taken only by a retry that goes out.
enum RetryPolicy {
    struct Situation {
        var failure: TryFailure
        var method: Method
        /// Retries made before this.
        var retriesMade = 0
        /// The client promises that a repetition is recognised.
        var hasIdempotencyKey = false
        /// Everything that has arrived of the request's body can be sent again; true for a request without one.
        var bodyIsKept = true
        /// A byte of the final response went to the client.
        var responseBegun = false
        /// The service has an endpoint that may be asked besides the one that failed.
        var hasOtherEndpoint = true
        /// Nanoseconds that the response asks to wait; `Deadline.never` for one that is not understood, -1 for none.
        var retryAfter: Int64 = -1
        /// Nanoseconds until the request's deadline.
        var remaining = Deadline.never
    }

    enum Decision: Equatable {
        /// A place in the budget is taken; the wait is in nanoseconds.
        case retry(after: Int64)
        case giveUp(Refusal)
    }

    /// Why there is no further try.
    enum Refusal: Equatable {
        case responseBegun
        case notNamed
        case attemptsUsed
        case unsafe
        case bodyGone
        case askedToWait
        case deadline
        case budget
    }

    /// - Parameter random: any 64 bits; the wait is drawn from them.
    static func decide(
        _ situation: Situation, _ retries: CompiledRetries, budget: RetryBudget, random: UInt64
    ) -> Decision {
        if situation.responseBegun { return .giveUp(.responseBegun) }
        guard retries.names(situation.failure) else { return .giveUp(.notNamed) }
        if situation.retriesMade >= retries.attempts { return .giveUp(.attemptsUsed) }
        if !situation.failure.didNothing {
            let isSafe =
                situation.method.isIdempotent || situation.hasIdempotencyKey || situation.failure.isPromised
            guard isSafe && retries.allows(situation.method) else { return .giveUp(.unsafe) }
        }
        if !situation.bodyIsKept { return .giveUp(.bodyGone) }
        var wait = retries.backoff.wait(situation.retriesMade, random: random)
        if situation.retryAfter >= 0 && speaksForService(situation) {
            if situation.retryAfter > retries.backoff.cap { return .giveUp(.askedToWait) }
            wait = max(wait, situation.retryAfter)
        }
        if wait >= situation.remaining { return .giveUp(.deadline) }
        return budget.take(share: retries.budgetShare) ? .retry(after: wait) : .giveUp(.budget)
    }

    private static func speaksForService(_ situation: Situation) -> Bool {
        // How a call of gRPC ended, its service says, whichever endpoint it came from.
        situation.failure == .status(429) || situation.failure.isPromised || !situation.hasOtherEndpoint
    }

    /// Whether the client has given the request a key by which its repetition is recognised
    /// (draft-ietf-httpapi-idempotency-key-header).
    static func hasIdempotencyKey(_ fields: HeaderBlock) -> Bool {
        let index = fields.firstIndex(of: .idempotencyKey)
        return index >= 0 && !fields.value(index).isEmpty
    }

    /// What a response's `Retry-After` asks for, as `Situation.retryAfter` has it. A date is not understood: clocks
    /// differ, and a date within a second of now is rare.
    static func retryAfter(_ fields: HeaderBlock) -> Int64 {
        let index = fields.firstIndex(of: .retryAfter)
        if index < 0 { return -1 }
        let value = fields.value(index)
        if value.isEmpty || value.count > 9 { return Deadline.never }
        var seconds: Int64 = 0
        for position in value.indices {
            let digit = value[position]
            guard digit >= 0x30 && digit <= 0x39 else { return Deadline.never }
            seconds = seconds * 10 + Int64(digit - 0x30)
        }
        return seconds * 1_000_000_000
    }
}
