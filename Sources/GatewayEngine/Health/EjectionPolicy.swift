internal import GatewayConfiguration

/// When an endpoint of a service is ejected, and for how long, in numbers.
struct EjectionPolicy: Sendable, Hashable {
    /// Failures in a row; 0: never for this.
    var consecutive5xx: UInt32
    var consecutiveGatewayFailures: UInt32
    /// Nanoseconds.
    var interval: Int64
    var baseTime: Int64
    var maxTime: Int64
    /// Endpoints that may be out at once.
    var cap: Int

    /// nil where nothing is ever ejected: switched off, or there is nobody else to ask.
    init?(_ configuration: OutlierDetectionConfiguration, endpoints: Int) {
        guard configuration.enabled, endpoints >= 2 else { return nil }
        consecutive5xx = UInt32(clamping: configuration.consecutive5xx)
        consecutiveGatewayFailures = UInt32(clamping: configuration.consecutiveGatewayFailures)
        guard consecutive5xx > 0 || consecutiveGatewayFailures > 0 else { return nil }
        interval = configuration.interval.nanoseconds
        baseTime = configuration.baseEjectionTime.nanoseconds
        maxTime = configuration.maxEjectionTime.nanoseconds
        // A share such as 0.29 is a little less than it reads: 29 of 100 must not become 28.
        cap = max(1, Int(Double(endpoints) * configuration.maxEjected + 1e-9))
    }
}

enum EjectionReason: UInt8, CaseIterable, Sendable {
    case consecutive5xx
    case consecutiveGatewayFailures

    static let count = allCases.count

    /// The value of the metric's label `reason`, as the key of the configuration is called.
    var label: StaticString {
        switch self {
        case .consecutive5xx: "consecutive_5xx"
        case .consecutiveGatewayFailures: "consecutive_gateway_failures"
        }
    }
}
