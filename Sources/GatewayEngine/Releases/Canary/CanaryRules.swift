internal import GatewayConfiguration

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What a canary is judged by: `CanaryConfiguration` in numbers.
struct CanaryRules: Sendable, Hashable {
    /// Where it is not clear at the end of a pause whether the candidate is good enough.
    typealias Inconclusive = CanaryConfiguration.Inconclusive

    /// The candidate's parts of `CanaryRules.whole`, rising; below the whole.
    var steps: [Int]
    /// Nanoseconds that each step lasts at least.
    var pause: Int64
    /// Answers of the candidate that a step needs.
    var minRequests: UInt64
    var maxErrorIncrease: Double
    /// In thousandths.
    var maxLatencyIncrease: Int64
    var onInconclusive: Inconclusive
    var startsByItself: Bool
    var promotesByItself: Bool

    /// Shares are counted in ten-thousandths: 0.01 % is the smallest step.
    static let whole = 10_000

    /// The chance that a candidate which is no worse than allowed is rolled back, over all steps and tests of a run.
    static let falseAlarm = 0.005

    init(_ configuration: CanaryConfiguration) {
        // A step that rounds to nothing would wait for ever.
        steps = configuration.steps.map { max(Int(($0 * Double(Self.whole)).rounded()), 1) }.filter { $0 < Self.whole }
        pause = configuration.pause.nanoseconds
        minRequests = UInt64(configuration.minRequests)
        maxErrorIncrease = configuration.maxErrorIncrease
        maxLatencyIncrease = Int64((configuration.maxLatencyIncrease * 1_000).rounded())
        onInconclusive = configuration.onInconclusive
        startsByItself = configuration.autoStart
        promotesByItself = configuration.autoPromote
    }

    /// The same for one of the three tests of one step.
    var alarm: Double { CanaryRules.falseAlarm / Double(3 * max(steps.count, 1)) }

    /// The logarithm of the evidence at which a test calls the candidate worse.
    var enoughEvidence: Double { -log(alarm) }
}
