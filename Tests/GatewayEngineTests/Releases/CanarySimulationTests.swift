import GatewayConfiguration
import Testing

@testable import GatewayEngine

/// Whole releases with seeded chance. The seeds are fixed: what is asserted here holds or it does not. Without
/// optimisation, which makes it thirty times slower, fewer seeds are run.
@Suite struct CanarySimulationTests {
    private static func seeds(_ count: Int) -> Int { _isDebugAssertConfiguration() ? count / 20 : count }

    /// 60 seconds a step, so that a run is 24,000 requests at the default rate and steps.
    private static func release(
        errors: (baseline: Double, candidate: Double) = (0.01, 0.01), slower: Double = 1, tail: Double = 1,
        errorTolerance: Double = 0.005, latencyTolerance: Double = 0.2, steps: [Double] = [0.01, 0.05, 0.25, 0.5]
    ) -> SimulatedRelease {
        let rules = rules {
            $0.steps = steps
            $0.pause = .seconds(60)
            $0.minRequests = 30
            $0.maxErrorIncrease = errorTolerance
            $0.maxLatencyIncrease = latencyTolerance
        }
        return SimulatedRelease(
            rules: rules, baseline: SimulatedService(errors: errors.baseline),
            candidate: SimulatedService(
                errors: errors.candidate, median: 20e6 * slower, tail: tail, permille: rules.maxLatencyIncrease))
    }

    private static func rolledBack(_ ends: [SimulatedRelease.End: Int]) -> Int {
        ends.reduce(0) { sum, end in if case .rolledBack = end.key { sum + end.value } else { sum } }
    }

    /// Two sides that are the same: with what is allowed by default, and with nothing allowed at all.
    @Test(arguments: [(0.005, 0.2), (0.0, 0.0)])
    func twoOfTheSameAreNotRolledBack(errors: Double, latency: Double) {
        let release = Self.release(errorTolerance: errors, latencyTolerance: latency)
        let seeds = Self.seeds(1_000)
        let ends = release.run(seeds: seeds)
        #expect(Self.rolledBack(ends) * 100 < seeds, "\(ends)")
        #expect((ends[.promoted] ?? 0) * 100 > seeds * 95, "\(ends)")
    }

    /// Rare errors are where tests that approximate go wrong.
    @Test func twoOfTheSameWithRareErrorsAreNotRolledBack() {
        let release = Self.release(errors: (0.000_5, 0.000_5), errorTolerance: 0, latencyTolerance: 0)
        let seeds = Self.seeds(400)
        let ends = release.run(seeds: seeds)
        #expect(Self.rolledBack(ends) * 100 < seeds, "\(ends)")
    }

    @Test(arguments: [(0.01, 0.03), (0.0, 0.02), (0.05, 0.15), (0.0, 1.0)])
    func moreErrorsAreRolledBack(baseline: Double, candidate: Double) {
        let release = Self.release(errors: (baseline, candidate), steps: [0.1, 0.5])
        let seeds = Self.seeds(200)
        let ends = release.run(seeds: seeds)
        #expect(ends == [.rolledBack(.errorRate): seeds])
    }

    @Test(arguments: [(1.5, 1.0), (2.0, 1.0), (1.0, 2.0)])
    func slowerIsRolledBack(slower: Double, tail: Double) {
        let release = Self.release(slower: slower, tail: tail, steps: [0.1, 0.5])
        let seeds = Self.seeds(200)
        let ends = release.run(seeds: seeds)
        #expect(Self.rolledBack(ends) == seeds && ends[.rolledBack(.errorRate)] == nil, "\(ends)")
        if slower == 1 { #expect(ends == [.rolledBack(.tailLatency): seeds]) }
    }

    /// Beyond what is allowed by little: it takes long, and meanwhile it goes no further.
    @Test func thirtyPercentSlowerIsRolledBack() {
        let release = Self.release(slower: 1.3, steps: [0.2, 0.5])
        let seeds = Self.seeds(100)
        let ends = release.run(seeds: seeds)
        #expect(Self.rolledBack(ends) == seeds, "\(ends)")
    }

    /// What is allowed is allowed.
    @Test func aLittleWorseThanTheOtherIsPromoted() {
        let release = Self.release(errors: (0.01, 0.012), slower: 1.05)
        let seeds = Self.seeds(100)
        #expect(release.run(seeds: seeds) == [.promoted: seeds])
    }
}
