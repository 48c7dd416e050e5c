internal import ContentCodings
internal import GatewayConfiguration
internal import Reactor

/// Which counter stands at which slot of a worker's shard: first what concerns the whole worker, then a block for each
/// route series, then one for each service series.
enum MetricLayout {
    /// Slots of the worker as a whole.
    static let requestsInFlight = 0
    static let downstreamAccepted = 1
    static let downstreamRefused = 2
    static let downstreamOpen = 3
    static let downstreamHTTP2 = 4
    static let downstreamFlooded = 5
    /// One for each status from 0 to 599; what is beyond counts as 0.
    static let statuses = 8
    static let statusCount = 600
    static let errors = statuses + statusCount
    static let loopLag = errors + GatewayError.slotCount
    /// By `TokenCheck`.
    static let tokenChecks = loopLag + DurationBuckets.slots
    /// Fetched, failed.
    static let keyFetches = tokenChecks + TokenCheck.count
    /// By `CredentialCheck`.
    static let credentialChecks = keyFetches + 2
    static let tlsHandshakes = credentialChecks + CredentialCheck.count
    static let tlsResumed = tlsHandshakes + 1
    /// One for each `TLSFailure`.
    static let tlsFailures = tlsHandshakes + 2
    /// By `ProxyHeaderResult`.
    static let proxyHeaders = tlsFailures + TLSFailure.allCases.count
    /// Decisions of the store of limits and how long they took; by `StoreFailure`; by failure mode; by a lease.
    static let storeLatency = proxyHeaders + ProxyHeaderResult.allCases.count
    static let storeFailures = storeLatency + DurationBuckets.slots
    static let storeFallbacks = storeFailures + StoreFailure.count
    static let storeLeases = storeFallbacks + LimitStoreConfiguration.FailureMode.allCases.count
    /// Calls of aggregates: answered, failed.
    static let parts = storeLeases + 1
    /// Requests, then responses, by `ValidationResult`.
    static let validations = parts + 2
    /// For each coding bytes before and after, of what was encoded and of what was decoded; then missing encoders.
    static let encoded = validations + 2 * ValidationResult.allCases.count
    static let decoded = encoded + 2 * ContentCoding.allCases.count
    static let encodersMissing = decoded + 2 * ContentCoding.allCases.count
    /// Tasks of Swift code under way.
    static let programTasks = encodersMissing + 1
    static let general = programTasks + 1

    /// Slots of a block, counted from its start. Both kinds begin alike.
    static let classes = 0  // by status / 100; 0: no status
    static let classCount = 6
    static let duration = 6

    static let routeBytesIn = duration + DurationBuckets.slots
    static let routeBytesOut = routeBytesIn + 1
    static let routeStride = routeBytesOut + 1

    static let serviceOpened = duration + DurationBuckets.slots
    static let serviceReused = serviceOpened + 1
    static let serviceFailed = serviceOpened + 2
    static let serviceRetries = serviceOpened + 3
    static let serviceActive = serviceOpened + 4
    static let serviceIdle = serviceOpened + 5
    static let servicePending = serviceOpened + 6
    static let serviceInFlight = serviceOpened + 7
    /// By `CheckResult`.
    static let serviceChecks = serviceInFlight + 1
    /// By `EjectionReason`.
    static let serviceEjections = serviceChecks + CheckResult.count
    static let serviceEjectionsHeldBack = serviceEjections + EjectionReason.count
    static let serviceShed = serviceEjectionsHeldBack + 1
    /// One for each phase of a breaker that was entered.
    static let serviceBreaker = serviceShed + 1
    /// Calls of gRPC, one for each status from 0 to 16.
    static let serviceCalls = serviceBreaker + BreakerMachine.Phase.allCases.count
    static let callStatusCount = 17
    static let serviceStride = serviceCalls + callStatusCount

    /// Of a limit: requests that it admitted, that it refused, and that it would have refused were it not in dry run.
    static let limitAllowed = 0
    static let limitRefused = 1
    static let limitDryRun = 2
    static let limitStride = 3

    static func place(of mode: LimitStoreConfiguration.FailureMode) -> Int {
        switch mode {
        case .local: 0
        case .allow: 1
        case .deny: 2
        }
    }

    /// Of a consumer: requests by class of status.
    static let consumerStride = classCount

    /// Of a handler: requests by `HandlerResult`.
    static let handlerStride = HandlerResult.allCases.count

    static func statusClass(_ status: UInt16) -> Int { status < 600 ? Int(status) / 100 : 0 }
}
