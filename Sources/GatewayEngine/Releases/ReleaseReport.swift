internal import GatewayConfiguration

/// A split with all its figures, for people and for programs.
package struct SplitReport: Sendable, Hashable {
    package struct Side: Sendable, Hashable {
        package var service: String
        /// In force.
        package var weight: Int
        package var configuredWeight: Int
        /// Of the requests that weights or keys sent here since the counts began.
        package var answers: UInt64
        package var errors: UInt64
    }

    package var route: String
    package var sides: [Side]
    /// As in the configuration; nil: none.
    package var key: String?
    /// Who set the weights: `configuration`, `operator` or `canary`.
    package var setBy: String
    /// Nanoseconds since 1970; 0: never changed at run time.
    package var changedAt: Int64
    package var canary: CanaryReport?
}

package struct CanaryReport: Sendable, Hashable {
    /// One comparison within the present step.
    package struct Comparison: Sendable, Hashable {
        /// `error_rate`, `median_latency` or `tail_latency`: what a roll-back would name.
        package var reason: CanaryReason
        /// Errors, or responses beyond the edge, and of how many.
        package var candidate: (hits: UInt64, trials: UInt64) { (candidateHits, candidateTrials) }
        package var baseline: (hits: UInt64, trials: UInt64) { (baselineHits, baselineTrials) }
        var candidateHits: UInt64
        var candidateTrials: UInt64
        var baselineHits: UInt64
        var baselineTrials: UInt64
        /// Of what a roll-back needs: 1 is enough.
        package var evidence: Double
    }

    package var candidate: String
    package var baseline: String
    /// `idle`, `running`, `paused`, `promoted` or `rolled_back`.
    package var state: String
    /// Counted from 0; nil where there is no step.
    package var step: Int?
    /// Shares from 0 to 1.
    package var steps: [Double]
    /// What the step waits for that has had its time.
    package var waitsFor: CanaryWait?
    /// Why it is in its state, as a word and as a sentence with figures.
    package var reason: CanaryReason?
    package var sentence: String
    package var comparisons: [Comparison]
}

extension ReleaseRegistry {
    /// Every split, by the routes' names.
    package func report() -> [SplitReport] { all().compactMap { $0.report() } }

    package func report(of route: String) throws(ReleaseError) -> SplitReport {
        guard let report = try find(route).report() else { throw .noSplit(route: route) }
        return report
    }
}

extension SplitState {
    /// nil before any configuration with the split was adopted.
    func report() -> SplitReport? {
        read { inner in
            guard let definition = inner.definition else { return nil }
            let sides = definition.sides.enumerated().map { index, side in
                let figures = inner.tally?.figures(side: index) ?? SideFigures()
                return SplitReport.Side(
                    service: side.service, weight: inner.weights[index], configuredWeight: side.weight,
                    answers: figures.answers, errors: figures.errors)
            }
            return SplitReport(
                route: route, sides: sides, key: definition.key?.text, setBy: inner.origin.rawValue,
                changedAt: inner.changedAt, canary: inner.canaryReport())
        }
    }
}

extension SplitState.Inner {
    fileprivate func canaryReport() -> CanaryReport? {
        guard let machine, let candidate, let definition else { return nil }
        let rules = machine.rules
        var report = CanaryReport(
            candidate: definition.sides[candidate].service, baseline: definition.sides[1 - candidate].service,
            state: machine.state.name, step: machine.state.step,
            steps: rules.steps.map { Double($0) / Double(CanaryRules.whole) }, waitsFor: nil, reason: reason,
            sentence: sentence, comparisons: [])
        if case .running(let run) = machine.state, let now = figures() {
            report.waitsFor = run.waitsFor
            report.comparisons = run.judge.findings(now).map { finding in
                CanaryReport.Comparison(
                    reason: CanaryReason(finding.test), candidateHits: UInt64(finding.candidate.hits),
                    candidateTrials: UInt64(finding.candidate.trials), baselineHits: UInt64(finding.baseline.hits),
                    baselineTrials: UInt64(finding.baseline.trials),
                    evidence: max(0, finding.evidence / rules.enoughEvidence))
            }
        }
        return report
    }
}
