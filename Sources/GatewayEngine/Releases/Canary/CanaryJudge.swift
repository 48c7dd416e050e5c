/// Compares both sides during one step of a canary, by three tests (`ProportionTest`): errors, responses slower than the
/// baseline's median, responses slower than its 95th percentile.
///
/// A step is judged by what happened in it alone: within a step the shares do not change, so that what changes with the
/// hour changes for both sides alike. (Added up over steps, a candidate that got most of its requests at the busy hour
/// would look slow: Simpson's paradox.)
///
/// Where median and percentile lie is learned from the step before, or from the first `calibration` answers of the
/// baseline: an edge must be fixed before it is used, so latencies are compared from there on.
struct CanaryJudge: Sendable, Hashable {
    enum Test: UInt8, Sendable, CaseIterable {
        case errors
        case median
        case tail
    }

    /// Both sides' figures at one moment.
    struct Pair: Sendable, Hashable {
        var candidate: SideFigures
        var baseline: SideFigures

        static func - (later: Pair, earlier: Pair) -> Pair {
            Pair(candidate: later.candidate - earlier.candidate, baseline: later.baseline - earlier.baseline)
        }
    }

    /// One test's figures.
    struct Finding: Sendable, Hashable {
        var test: Test
        var candidate: Proportion
        var baseline: Proportion
        /// The natural logarithm.
        var evidence: Double
        /// In standard errors.
        var deviation: Double
    }

    private struct Edge: Sendable, Hashable {
        var bucket: Int
        var rule: ProportionTest
    }

    private struct Calibrated: Sendable, Hashable {
        var zero: Pair
        var median: Edge
        var tail: Edge
    }

    static let calibration: UInt64 = 200

    let rules: CanaryRules
    private let begin: Pair
    private let errors: ProportionTest
    private var calibrated: Calibrated?

    /// - Parameter history: what the baseline did in the step before.
    init(rules: CanaryRules, begin: Pair, history: SideFigures?) {
        self.rules = rules
        self.begin = begin
        errors = ProportionTest(
            allowance: rules.maxErrorIncrease, history: history?.errorShare ?? Proportion())
        if let history { calibrate(history, at: begin) }
    }

    /// Latencies are compared.
    var isCalibrated: Bool { calibrated != nil }

    /// Both sides' figures since the step began.
    func step(_ now: Pair) -> Pair { now - begin }

    mutating func update(_ now: Pair) {
        if calibrated == nil { calibrate((now - begin).baseline, at: now) }
    }

    private mutating func calibrate(_ history: SideFigures, at zero: Pair) {
        guard history.timed >= Self.calibration, let median = history.quantile(0.5), let tail = history.quantile(0.95)
        else { return }
        func edge(_ bucket: Int) -> Edge {
            Edge(bucket: bucket, rule: ProportionTest(allowance: 0, history: history.slower(than: bucket)))
        }
        calibrated = Calibrated(zero: zero, median: edge(median), tail: edge(tail))
    }

    func findings(_ now: Pair) -> [Finding] {
        let step = now - begin
        var findings = [Self.finding(.errors, errors, step.candidate.errorShare, step.baseline.errorShare)]
        if let calibrated {
            let timed = now - calibrated.zero
            for (test, edge) in [(Test.median, calibrated.median), (.tail, calibrated.tail)] {
                findings.append(
                    Self.finding(
                        test, edge.rule, timed.candidate.slower(than: edge.bucket),
                        timed.baseline.slower(than: edge.bucket)))
            }
        }
        return findings
    }

    private static func finding(
        _ test: Test, _ rule: ProportionTest, _ candidate: Proportion, _ baseline: Proportion
    ) -> Finding {
        Finding(
            test: test, candidate: candidate, baseline: baseline,
            evidence: rule.evidence(candidate: candidate, baseline: baseline),
            deviation: rule.deviation(candidate: candidate, baseline: baseline))
    }

    /// The first test whose evidence is enough.
    func alarm(_ findings: [Finding]) -> Finding? {
        findings.first { $0.evidence >= rules.enoughEvidence }
    }

    /// It looks worse than allowed by more than chance usually makes it look, without being proven.
    func isSuspicious(_ findings: [Finding]) -> Bool { findings.contains { $0.deviation > 1 } }
}
