/// Why a canary changed its state: the label of the metric, and a word of the log, the admin API and the state file.
package enum CanaryReason: String, Sendable, Hashable, CaseIterable {
    /// The configuration has it begin by itself.
    case configuration
    /// Somebody said so.
    case `operator`
    /// The gateway was started again in the middle of a step, which begins anew.
    case restart
    case stepPassed = "step_passed"
    /// The last one: promoted.
    case stepsPassed = "steps_passed"
    case errorRate = "error_rate"
    case medianLatency = "median_latency"
    case tailLatency = "tail_latency"
    /// `on_inconclusive: roll_back`.
    case inconclusive

    init(_ test: CanaryJudge.Test) {
        switch test {
        case .errors: self = .errorRate
        case .median: self = .medianLatency
        case .tail: self = .tailLatency
        }
    }
}

/// What a step waits for that has lasted as long as it should.
package enum CanaryWait: String, Sendable, Hashable {
    /// `min_requests` of the candidate.
    case requests
    /// Answers of the baseline, to learn what is usual.
    case baseline
    /// The candidate looks worse than allowed, and more requests will tell.
    case certainty
    /// An operator's word: `auto_promote: false`.
    case promotion
}
