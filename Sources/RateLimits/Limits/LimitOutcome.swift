/// What one limit says to one request: enough for all of the fields a client is sent.
package struct LimitOutcome: Hashable, Sendable {
    package var isAllowed: Bool
    /// What is left: whole tokens of a bucket, places of a window, requests of a quota. After this request, if it was
    /// admitted.
    package var remaining: Int
    /// The epoch second, rounded up, at which all of the limit is to be had again.
    package var reset: Int64
    /// Seconds until one more request would be admitted, at least 1; 0 where this one was.
    package var retryAfter: Int64

    package init(isAllowed: Bool, remaining: Int, reset: Int64, retryAfter: Int64) {
        self.isAllowed = isAllowed
        self.remaining = remaining
        self.reset = reset
        self.retryAfter = retryAfter
    }

    static let none = LimitOutcome(isAllowed: true, remaining: 0, reset: 0, retryAfter: 0)
}
