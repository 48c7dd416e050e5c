/// Further tries of a failed request: how many, after what, and how far they may go together.
///
/// What may be repeated safely is no setting: a request of which bytes were sent is repeated only when its method is
/// idempotent or it carries an `Idempotency-Key`, whatever stands here. Calls of gRPC, whose method says nothing, are
/// the exception: a status that is named here is one after which the service's calls may be repeated.
package struct RetriesConfiguration: Sendable, Hashable {
    package enum Condition: String, Sendable, CaseIterable {
        /// The connection could not be made: nothing was sent.
        case connectFailure = "connect_failure"
        /// The endpoint says that it has done nothing with the request (HTTP/2's REFUSED_STREAM and GOAWAY).
        case refusedStream = "refused_stream"
        /// The connection ended before the response's head, or what came was no response.
        case reset
        /// `timeouts.per_try` has passed.
        case timeout
        /// 502, 503 or 504.
        case gatewayError = "gateway_error"
        /// Any status from 500.
        case serverError = "5xx"
        /// A call of gRPC ended by this status before any message came.
        case callCancelled = "grpc_cancelled"
        case callDeadlineExceeded = "grpc_deadline_exceeded"
        case callResourceExhausted = "grpc_resource_exhausted"
        case callInternal = "grpc_internal"
        case callUnavailable = "grpc_unavailable"
    }

    /// Further tries after the first.
    package var attempts = 1
    package var conditions: Set<Condition> = [.connectFailure]
    package var statuses: Set<Int> = []
    /// Retries at once, as a share of the service's active requests.
    package var budget = 0.2
    /// Methods that may be repeated once bytes were sent; nil: any that is safe to repeat.
    package var methods: Set<String>?
    /// The waits between tries are drawn between nothing and a bound that begins here and doubles up to the second.
    package var backoffBase: Duration = .milliseconds(25)
    package var backoffMax: Duration = .milliseconds(250)
    /// Bytes of a request's body that are kept for a retry.
    package var maxBody = 64 << 10

    package init() {}
}

/// Tries that begin while one before is still unanswered.
package struct HedgeConfiguration: Sendable, Hashable {
    /// So long after the try before.
    package var after: Duration
    /// Such tries of one request; 0: none, where a route switches off what its service has.
    package var max = 1

    package init(after: Duration) {
        self.after = after
    }
}
