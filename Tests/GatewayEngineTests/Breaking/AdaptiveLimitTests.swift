import GatehouseTesting
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// The limiter against services made of a few numbers: what they do at once, and how long they take.
@Suite struct AdaptiveLimitTests {
    /// Windows of a tenth of a second in which as many are under way as the limit lets through; beyond its capacity the
    /// service only gets slower. Returns the limit after each.
    private func run(
        capacity: (Int64) -> Double, demand: Int, windows: Int, gradient: inout Gradient, now: inout Int64,
        random: inout SeededRandom
    ) -> [Int] {
        (0..<windows).map { _ in
            now += 100_000_000
            let underWay = min(demand, gradient.effectiveLimit)
            let noise = Double.random(in: 0.95...1.05, using: &random)
            let mean = 10_000_000 * max(1, Double(underWay) / capacity(now)) * noise
            gradient.windowEnded(mean: mean, peak: underWay, ceiling: 10_000, now: now)
            return gradient.effectiveLimit
        }
    }

    /// Wherever the capacity is, the limit settles near it, from either side, and stays there for minutes.
    @Test(arguments: [5.0, 20, 100, 400]) func settlesNearTheCapacity(_ capacity: Double) {
        var random = SeededRandom()
        let seed = random.seed
        var gradient = Gradient()
        var now: Int64 = 0
        let limits = run(
            capacity: { _ in capacity }, demand: .max, windows: 3_000, gradient: &gradient, now: &now, random: &random)
        // What is measured at a quarter of the limit is left aside: two windows in three hundred.
        let settled = limits.suffix(2_700).sorted()
        let (low, high) = (Double(settled[settled.count / 20]), Double(settled[settled.count * 19 / 20]))
        #expect(low >= capacity * 0.8 && high <= capacity * 2.6, "\(low) to \(high), seed \(seed)")
    }

    @Test func followsAServiceThatLosesHalf() {
        var random = SeededRandom()
        let seed = random.seed
        var gradient = Gradient()
        var now: Int64 = 0
        let capacity: (Int64) -> Double = { $0 <= 20 * second ? 200 : 100 }
        let before = run(
            capacity: capacity, demand: .max, windows: 200, gradient: &gradient, now: &now, random: &random)
        let after = run(
            capacity: capacity, demand: .max, windows: 50, gradient: &gradient, now: &now, random: &random)
        #expect((before.last ?? 0) > 200 && (after.last ?? 0) < 250, "seed \(seed)")
    }

    /// With little to do it does not run away: what was not tried is not promised.
    @Test func doesNotGrowWithoutNeed() {
        var random = SeededRandom()
        var gradient = Gradient()
        var now: Int64 = 0
        let limits = run(
            capacity: { _ in 1_000 }, demand: 5, windows: 1_000, gradient: &gradient, now: &now, random: &random)
        #expect(limits.allSatisfy { $0 == 20 }, "seed \(random.seed)")
    }

    @Test func staysWithinItsBounds() {
        var random = SeededRandom()
        let seed = random.seed
        var gradient = Gradient()
        for step in 0..<20_000 {
            gradient.windowEnded(
                mean: Double.random(in: 0...1e12, using: &random), peak: Int.random(in: 0...10_000, using: &random),
                ceiling: 500, now: Int64(step) * 100_000_000)
            #expect((4...500).contains(gradient.effectiveLimit), "step \(step), seed \(seed)")
        }
    }

    /// Only answers count, a window has enough of them, and the limit that admission reads is the gradient's.
    @Test func windowsOfSamples() {
        let limit = AdaptiveLimit()
        #expect(limit.limit == 20)
        let good = TryOutcome(kind: .response, status: 200, latency: 1_000_000)
        let failed = TryOutcome(kind: .response, status: 503, latency: 1)
        for _ in 0..<100 { limit.note(failed, inFlight: 15, ceiling: 1_000, now: second) }
        for _ in 0..<19 { limit.note(good, inFlight: 15, ceiling: 1_000, now: second) }
        #expect(limit.limit == 20)
        limit.note(good, inFlight: 15, ceiling: 1_000, now: second)
        #expect(limit.limit == 24)
        // Thirty times as slow, by timeouts: half, and the root.
        let slow = TryOutcome(kind: .timeout, latency: 30_000_000)
        for _ in 0..<20 { limit.note(slow, inFlight: 15, ceiling: 1_000, now: 2 * second) }
        #expect(limit.limit == 17)
    }
}
