/// What one service may take up of the gateway, and when it is given a rest.
///
/// The caps hold for all workers together; the limits under `pool` are those of one worker and one endpoint.
package struct CircuitBreakerConfiguration: Sendable, Hashable {
    // 10,000 and not Envoy's 1,024: WebSockets and event streams count as requests for as long as they last.
    package var maxConnections = 10_000
    package var maxPending = 10_000
    package var maxRequests = 10_000
    /// Retries that may always be under way, however few requests are.
    package var maxRetries = 3
    /// How long a request may wait for a free connection; nil: until its own deadline. As long as making a connection
    /// may take.
    package var pendingTimeout: Duration? = .seconds(5)
    /// The share of failed tries that opens; nil: none does.
    package var errorRatio: Double?
    /// A try whose response's head takes longer is slow; nil: none is.
    package var latency: Duration?
    /// The share of slow tries that opens.
    package var slowRatio = 0.5
    /// Tries within the window, below which a share means nothing.
    package var minRequests = 20
    package var window: Duration = .seconds(10)
    package var openFor: Duration = .seconds(10)
    /// How long the share that is let through grows after a probe has succeeded; nil: all at once.
    package var ramp: Duration? = .seconds(10)
    package var adaptive = false

    package init() {}
}

/// Faults made on purpose, for a share of a route's requests.
package struct FaultConfiguration: Sendable, Hashable {
    package var delay: Duration?
    /// 400 to 599.
    package var abort: Int?
    package var share = 1.0
    /// Only for requests with this field, in any case.
    package var header: String?

    package init() {}
}
