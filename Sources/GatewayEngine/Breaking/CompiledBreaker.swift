internal import GatewayConfiguration

/// The caps of a service, and when its breaker opens: `circuit_breaker`, as numbers.
struct CompiledBreaker: Sendable {
    let maxConnections: Int
    let maxPending: Int
    let maxRequests: Int
    let maxRetries: Int
    let pendingTimeout: Int64
    let isAdaptive: Bool
    let rule: BreakerRule

    init(_ configuration: CircuitBreakerConfiguration) {
        maxConnections = configuration.maxConnections
        maxPending = configuration.maxPending
        maxRequests = configuration.maxRequests
        maxRetries = configuration.maxRetries
        pendingTimeout = configuration.pendingTimeout.nanosecondsOrNever
        isAdaptive = configuration.adaptive
        rule = BreakerRule(configuration)
    }
}

/// What a breaker goes by. Shares are in ten-thousandths, times in nanoseconds.
struct BreakerRule: Sendable {
    /// `off`, or the share of failures that opens.
    let errorShare: Int
    /// A try is slow from here on.
    let slowAfter: Int64
    let slowShare: Int
    let minRequests: Int
    let window: Int64
    let openFor: Int64
    let ramp: Int64

    private static let off = Int.max

    init(_ configuration: CircuitBreakerConfiguration) {
        errorShare = configuration.errorRatio.map(Self.share) ?? Self.off
        slowAfter = configuration.latency.nanosecondsOrNever
        slowShare = Self.share(configuration.slowRatio)
        minRequests = configuration.minRequests
        window = configuration.window.nanoseconds
        openFor = configuration.openFor.nanoseconds
        ramp = configuration.ramp?.nanoseconds ?? 0
    }

    private static func share(_ ratio: Double) -> Int { Int((ratio * 10_000).rounded()) }

    /// Whether there is a breaker at all.
    var isOn: Bool { errorShare != Self.off || slowAfter < Deadline.never }

    /// What a try's outcome says; nil when it says nothing.
    ///
    /// A try that was abandoned after a short time tells nothing about the service: its client left. One that was
    /// abandoned after a time that counts as slow does: clients that give up sooner than the gateway does must not hide
    /// how slow a service is.
    func judge(_ outcome: TryOutcome) -> OutcomeWindow.Verdict? {
        let isSlow = outcome.latency > slowAfter
        if outcome.kind == .abandoned && !isSlow { return nil }
        return OutcomeWindow.Verdict(failed: outcome.isServerError, slow: isSlow)
    }

    /// Whether these counts open the breaker. A share alone is not enough: there must be something that failed, and
    /// enough tries for a share to mean something.
    func opens(_ counts: OutcomeWindow.Counts, minimum: Int) -> Bool {
        guard counts.total >= minimum else { return false }
        if errorShare != Self.off && counts.failed > 0 && counts.failed * 10_000 >= counts.total * errorShare {
            return true
        }
        return counts.slow > 0 && counts.slow * 10_000 >= counts.total * slowShare
    }

    /// While the traffic ramps up there is little of it, and a service that fails again is told by less.
    var minimumWhileRamping: Int { max(3, minRequests / 4) }
}
