internal import GatewayConfiguration
internal import RateLimits

/// A limit as the data plane reads it: its numbers, whose count a request is, and where that is told.
final class CompiledLimit: Sendable {
    let rate: RateLimit
    let key: CompiledLimitKey
    let configuration: RateLimitConfiguration
    /// The index in the snapshot's `AccessLabels`.
    let label: Int32
    let series: SeriesID
    let texts: LimitFields.Texts

    init(
        _ configuration: RateLimitConfiguration, name: String, key: CompiledLimitKey, label: Int32, series: SeriesID
    ) throws(RateLimit.Fault) {
        self.configuration = configuration
        self.key = key
        self.label = label
        self.series = series
        let period = configuration.period
        let algorithm: RateLimit.Algorithm =
            switch configuration.algorithm {
            case .tokenBucket: .tokenBucket(burst: configuration.burst ?? configuration.requests)
            case .slidingWindow: .slidingWindow
            case .quota: .quota(period == .month ? .month : .day)
            }
        rate = try RateLimit(
            name: name, limit: configuration.requests, window: Int64(period.rawValue) * 1_000_000_000,
            algorithm: algorithm, isDryRun: configuration.isDryRun)
        texts = LimitFields.Texts(rate)
    }
}

/// The limits that hold for a request, all at once.
final class LimitSet: Sendable {
    let limits: [CompiledLimit]
    let source: RequestExplanation.LimitSource
    /// The value of `RateLimit-Policy`.
    let policy: [UInt8]

    init(_ limits: [CompiledLimit], source: RequestExplanation.LimitSource) {
        self.limits = limits
        self.source = source
        policy = Array(limits.filter { !$0.rate.isDryRun }.map(\.texts.policy).joined(separator: Array(", ".utf8)))
    }
}
