import GatehouseTesting
import Synchronization
import Testing

@testable import GatewayEngine

/// Each policy over endpoints without sockets: plain values, one seed.
@Suite struct PolicyTests {
    private func counts(_ picks: [Int], of count: Int) -> [Int] {
        picks.reduce(into: Array(repeating: 0, count: count)) { $0[$1] += 1 }
    }

    // MARK: Round robin

    @Test func roundRobinIsSmooth() {
        let found = eligible([endpoint(0, weight: 5), endpoint(1), endpoint(2)])
        var policy = RoundRobin(places: 3)
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        let picks = (0..<14).map { _ in policy.pick(found, &random, avoiding: -1) }
        #expect(picks == [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0])
    }

    @Test(arguments: [[1, 1, 1], [5, 1, 1], [3, 2], [7, 7, 7, 7, 7], [10, 20, 30, 1], [1, 100]])
    func everyTurnIsExact(weights: [Int]) {
        let found = eligible(weights.enumerated().map { endpoint($0, weight: $1) })
        var policy = RoundRobin(places: weights.count)
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        let isEqual = Set(weights).count == 1
        for _ in 0..<3 {
            let sum = isEqual ? weights.count : weights.reduce(0, +)
            let picks = (0..<sum).map { _ in policy.pick(found, &random, avoiding: -1) }
            #expect(counts(picks, of: weights.count) == (isEqual ? weights.map { _ in 1 } : weights))
        }
    }

    /// Workers begin at places of their own: else the first endpoint would get the first request of each.
    @Test func workersBeginApart() {
        let found = eligible((0..<8).map { endpoint($0) })
        var firsts = Set<Int>()
        var seeds = SeededRandom(seed: 1)
        for _ in 0..<20 {
            var policy = RoundRobin(places: 8)
            var random = IdentifierSource(seed: (seeds.next(), seeds.next(), seeds.next(), seeds.next()))
            firsts.insert(policy.pick(found, &random, avoiding: -1))
        }
        #expect(firsts.count > 3)
    }

    /// A weight that was 60,000 and is 1 now is not served 60,000 times in a row first.
    @Test func oldGainsAreForgotten() {
        var policy = RoundRobin(places: 3)
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        let heavy = eligible([endpoint(0, weight: 60_000), endpoint(1, weight: 59_999), endpoint(2, weight: 1)])
        policy.adapt(to: heavy)
        for _ in 0..<50_001 { _ = policy.pick(heavy, &random, avoiding: -1) }
        let light = eligible([endpoint(0, weight: 1), endpoint(1, weight: 2), endpoint(2, weight: 1)])
        policy.adapt(to: light)
        let first = (0..<20).map { _ in policy.pick(light, &random, avoiding: -1) }
        #expect(Set(first) == [0, 1, 2])
    }

    // MARK: By chance

    /// With everything idle the shares are the weights'; an endpoint that is busy beyond its weight loses whenever it is
    /// one of the two that were drawn, and it always meets one that is not.
    @Test func leastRequestHeedsWeightAndLoad() {
        let all = [endpoint(0), endpoint(1, weight: 2), endpoint(2)]
        let found = eligible(all)
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        func shares() -> [Double] {
            let picks = (0..<8_000).map { _ in LeastRequest.pick(found, &random, avoiding: -1) }
            return counts(picks, of: 3).map { Double($0) / 8_000 }
        }
        #expect(abs(shares()[1] - 0.5) < 0.03)
        all[1].state.inFlight.store(100, ordering: .relaxed)
        #expect(shares()[1] == 0)
        // In proportion to the weights all are equally busy again, and no order among them wins.
        all[0].state.inFlight.store(50, ordering: .relaxed)
        all[2].state.inFlight.store(50, ordering: .relaxed)
        #expect(abs(shares()[1] - 0.5) < 0.03)
    }

    @Test func tiesAreFair() {
        let all = (0..<4).map { endpoint($0) }
        let found = eligible(all)
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        let least = (0..<20_000).map { _ in LeastRequest.pick(found, &random, avoiding: -1) }
        let ewma = (0..<20_000).map { _ in PeakEWMA.pick(found, &random, avoiding: -1, now: 0) }
        for counts in [counts(least, of: 4), counts(ewma, of: 4)] {
            #expect(counts.allSatisfy { abs($0 - 5_000) < 400 }, "\(counts)")
        }
    }

    @Test func randomIsByWeight() {
        let found = eligible([endpoint(0, weight: 1), endpoint(1, weight: 3)])
        var random = IdentifierSource(seed: (5, 6, 7, 8))
        let picks = (0..<20_000).map { _ in RandomByWeight.pick(found, &random, avoiding: -1) }
        #expect(abs(counts(picks, of: 2)[1] - 15_000) < 400)
    }

    // MARK: Peak EWMA

    @Test func theSoonerAnswerWins() {
        let all = [endpoint(0), endpoint(1)]
        let found = eligible(all)
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        func always(_ index: Int) -> Bool {
            (0..<100).allSatisfy { _ in PeakEWMA.pick(found, &random, avoiding: -1, now: second) == index }
        }
        all[0].state.latency.observe(10 * millisecond, now: second)
        // Unknown and idle: asked, to find out.
        #expect(always(1))
        // Unknown and busy with that: left alone.
        all[1].state.inFlight.store(1, ordering: .relaxed)
        #expect(always(0))
        all[1].state.latency.observe(2 * millisecond, now: second)
        #expect(always(1))
        // Five times as fast, six times as busy.
        all[1].state.inFlight.store(5, ordering: .relaxed)
        #expect(always(0))
        all[1].state.inFlight.store(3, ordering: .relaxed)
        #expect(always(1))
    }

    @Test func estimatesPeakAndFade() {
        let estimate = LatencyEstimate()
        #expect(estimate.value(now: second) == 0)
        estimate.observe(1 * millisecond, now: second)
        #expect(abs(estimate.value(now: second) - 1e6) < 1)
        // A peak at once, a better answer bit by bit.
        estimate.observe(80 * millisecond, now: second)
        #expect(abs(estimate.value(now: second) - 80e6) < 100)
        estimate.observe(1 * millisecond, now: second + 100 * millisecond)
        #expect(estimate.value(now: second + 100 * millisecond) > 78e6)
        var now = second
        for _ in 0..<600 {
            now += 100 * millisecond
            estimate.observe(1 * millisecond, now: now)
        }
        #expect(estimate.value(now: now) < 1.5e6)
        // Nobody asks: fading, never to nothing, and never backwards in time.
        #expect(estimate.value(now: now + 60 * second) < 0.05e6)
        #expect(estimate.value(now: now + 60 * second) > 0)
        #expect(estimate.value(now: now - second) == estimate.value(now: now))
    }

    /// A second after two and a half weeks is no more than any other: only the difference counts.
    @Test func ticksMayWrap() {
        let estimate = LatencyEstimate()
        let late = Int64(UInt32.max) << 20
        estimate.observe(millisecond, now: late)
        #expect(estimate.value(now: late + 10 * second) < 0.5e6)
        #expect(estimate.value(now: late + 10 * second) > 0.3e6)
    }

    @Test(
        arguments: [
            (TryOutcome.Kind.response, 200, 5.0), (.response, 500, 5.0), (.response, 503, 1_000.0),
            (.connectFailure, 0, 1_000.0), (.broken, 0, 1_000.0), (.timeout, 0, 1_000.0), (.abandoned, 0, 0.0),
        ] as [(TryOutcome.Kind, UInt16, Double)])
    func aQuickFailureIsNotFast(kind: TryOutcome.Kind, status: UInt16, expected: Double) {
        let estimate = LatencyEstimate()
        TryOutcome(kind: kind, status: status, latency: 5 * millisecond).teach(estimate, now: 0)
        #expect(abs(estimate.value(now: 0) / 1e6 - expected) < 0.001)
    }

    @Test func sharedWithoutLosingItsMind() async {
        let state = EndpointState(url: "http://x")
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 as Range<Int64> {
                group.addTask {
                    for step in 0..<5_000 as Range<Int64> {
                        state.latency.observe((1 + (step + task) % 7) * millisecond, now: step * millisecond)
                    }
                }
            }
        }
        let value = state.latency.value(now: 5 * second)
        #expect(value >= 1e6 && value <= 7e6)
    }
}
