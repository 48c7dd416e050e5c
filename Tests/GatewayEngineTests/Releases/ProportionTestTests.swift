import Testing

@testable import GatewayEngine

@Suite struct ProportionTestTests {
    @Test(arguments: [
        (0.5, 0.572_364_942_924_700_1), (1, 0), (2, 0), (3.5, 1.200_973_602_347_074_3), (10, 12.801_827_480_081_469),
        (100.5, 361.435_540_467_777_4), (1_000_000.25, 12_815_508.023_025_157),
    ])
    func logarithmsOfTheGammaFunction(_ argument: Double, _ expected: Double) {
        #expect(abs(LogGamma.gamma(argument) - expected) <= 1e-10 * max(1, abs(expected)))
    }

    private static func evidence(
        _ candidate: (Double, Double), _ baseline: (Double, Double), allowance: Double = 0,
        history: Proportion = Proportion()
    ) -> Double {
        ProportionTest(allowance: allowance, history: history).evidence(
            candidate: Proportion(hits: candidate.0, trials: candidate.1),
            baseline: Proportion(hits: baseline.0, trials: baseline.1))
    }

    @Test func whatLooksNoWorseIsNoEvidence() {
        #expect(Self.evidence((0, 0), (10, 100)) == 0)
        #expect(Self.evidence((10, 10), (0, 0)) == 0)
        #expect(Self.evidence((10, 100), (10, 100)) == 0)
        #expect(Self.evidence((15, 100), (10, 100), allowance: 0.05) == 0)
        #expect(Self.evidence((0, 100), (100, 100)) == 0)
    }

    /// With the allowance the border of what is harmless moves; at 1 nothing can be harmful.
    @Test func evidenceGrowsWithTheDifferenceAndFallsWithWhatIsAllowed() {
        let clear = Self.evidence((30, 100), (10, 1_000))
        #expect(clear > 10)
        #expect(Self.evidence((40, 100), (10, 1_000)) > clear)
        #expect(Self.evidence((30, 100), (10, 1_000), allowance: 0.1) < clear)
        #expect(Self.evidence((100, 100), (0, 1_000), allowance: 1) == 0)
        #expect(Self.evidence((100, 100), (0, 1_000)).isFinite)
        #expect(Self.evidence((100, 100), (0, 1_000), allowance: 0.999).isFinite)
    }

    /// What the baseline did before need not be found out again.
    @Test func historySharpensTheTest() {
        let history = Proportion(hits: 100, trials: 10_000)
        #expect(Self.evidence((12, 200), (5, 500), history: history) > Self.evidence((12, 200), (5, 500)) + 0.5)
    }

    @Test func bucketsAreInOrderAndNarrow() {
        var last = -1
        var time: Int64 = 1
        while time < 1 << 36 {
            let bucket = LatencyScale.bucket(of: time)
            #expect(bucket >= last && bucket < LatencyScale.count)
            if bucket > 0 {
                let end = LatencyScale.lowerEnd(of: bucket)
                #expect(end <= time && time < end + end / 16 + 1)
            }
            last = bucket
            time += time / 37 + 1
        }
        #expect(LatencyScale.bucket(of: .max) == LatencyScale.count - 1)
        #expect(LatencyScale.bucket(of: -5) == 0)
    }

    /// The allowed increase and a millisecond are taken off before a candidate's time is counted.
    @Test func whatIsAllowedIsTakenOff() {
        #expect(LatencyScale.adjusted(121_000_000, permille: 200) == 100_000_000)
        #expect(LatencyScale.adjusted(500_000, permille: 200) == 0)
        #expect(LatencyScale.adjusted(.max, permille: 200) == .max)
    }
}
