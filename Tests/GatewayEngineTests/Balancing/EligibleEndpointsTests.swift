import Synchronization
import Testing

@testable import GatewayEngine

/// Who may be asked, by the states of the endpoints and the clock.
@Suite struct EligibleEndpointsTests {
    @Test func whoGetsNothing() {
        let all = (0..<5).map { endpoint($0, weight: $0 == 4 ? 0 : 1) }
        all[1].state.administrative.store(.draining, ordering: .relaxed)
        all[2].state.checkedHealth.store(.unhealthy, ordering: .relaxed)
        all[3].state.checkedHealth.store(.healthy, ordering: .relaxed)
        #expect(eligible(all).places == [0, 3])
    }

    @Test func whoMustBeCheckedFirst() {
        let all = [endpoint(0), endpoint(1), endpoint(2)]
        all[1].state.checkedHealth.store(.healthy, ordering: .relaxed)
        var rules = EligibleEndpoints.Rules()
        #expect(eligible(all, rules).places == [0, 1, 2])
        rules.requiresCheck = true
        #expect(eligible(all, rules).places == [1])
    }

    @Test func nobodyLeft() {
        let all = [endpoint(0), endpoint(1)]
        all[0].state.checkedHealth.store(.unhealthy, ordering: .relaxed)
        all[1].state.administrative.store(.draining, ordering: .relaxed)
        #expect(eligible(all).members.isEmpty && !eligible(all).isPanicking)
        // An ejection on top makes no panic of it: the endpoint would be used again, and it fails its checks.
        all[0].state.ejectedUntil.store(10, ordering: .relaxed)
        #expect(eligible(all).members.isEmpty && !eligible(all).isPanicking)
    }

    // MARK: Ejection and panic

    /// Of so many, so many ejected: who is used.
    @Test(arguments: [
        (4, 1, 0.5, 3, false), (4, 2, 0.5, 2, false), (4, 3, 0.5, 4, true), (4, 4, 0.5, 4, true),
        (4, 3, 0.25, 1, false), (4, 3, 0, 1, false), (4, 4, 0, 0, false), (4, 1, 1, 4, true), (1, 1, 0.5, 1, true),
    ])
    func ejected(of count: Int, _ ejected: Int, threshold: Double, used: Int, isPanic: Bool) {
        let all = (0..<count).map { endpoint($0) }
        for one in all.prefix(ejected) { one.state.ejectedUntil.store(100, ordering: .relaxed) }
        let found = eligible(all, EligibleEndpoints.Rules(panicThreshold: threshold), now: 99)
        #expect(found.members.count == used)
        #expect(found.isPanicking == isPanic)
        #expect(found.reviewAt == 100)
    }

    /// The threshold counts those that pass their checks: of these two one is ejected, which is half.
    @Test func panicLeavesActiveChecksAlone() {
        let all = (0..<5).map { endpoint($0) }
        for one in all.prefix(3) { one.state.checkedHealth.store(.unhealthy, ordering: .relaxed) }
        all[3].state.ejectedUntil.store(100, ordering: .relaxed)
        #expect(eligible(all).places == [4])
        all[4].state.ejectedUntil.store(100, ordering: .relaxed)
        #expect(eligible(all).places == [3, 4])
    }

    /// Nobody has to clear an ejection: its end comes by the clock, and begins a ramp.
    @Test func timeBringsBack() {
        let all = [endpoint(0), endpoint(1), endpoint(2)]
        all[0].state.ejectedUntil.store(5 * second, ordering: .relaxed)
        let rules = EligibleEndpoints.Rules(slowStart: 10 * second)
        let out = eligible(all, rules, now: 4 * second)
        #expect(out.places == [1, 2] && out.reviewAt == 5 * second && out.isUniform)
        let back = eligible(all, rules, now: 5 * second)
        #expect(back.places == [0, 1, 2] && back.shares == [0.1, 1, 1] && !back.isUniform)
    }

    // MARK: Slow start

    @Test(arguments: [(0, 0.1), (1, 0.19), (5, 0.55), (9, 0.91), (10, 1), (100, 1)] as [(Int64, Double)])
    func weightsRamp(seconds: Int64, share: Double) {
        let all = [endpoint(0, weight: 4), endpoint(1)]
        all[0].state.readySince.store(7 * second, ordering: .relaxed)
        let now = (7 + seconds) * second
        let found = eligible(all, EligibleEndpoints.Rules(slowStart: 10 * second), now: now)
        #expect(abs(found.shares[0] - 4 * share) < 0.002)
        #expect(found.shares[1] == 1)
        #expect(found.reviewAt == (seconds < 10 ? now + 100 * millisecond : Int64.max))
    }

    @Test func withoutSlowStartTheWeightIsThere() {
        let all = [endpoint(0), endpoint(1)]
        all[0].state.readySince.store(1, ordering: .relaxed)
        #expect(eligible(all, now: 2).shares == [1, 1])
    }

    /// Another worker's clock may be a turn ahead.
    @Test func aFutureReadinessIsANewOne() {
        let all = [endpoint(0), endpoint(1)]
        all[0].state.readySince.store(second, ordering: .relaxed)
        #expect(eligible(all, EligibleEndpoints.Rules(slowStart: second), now: 1).shares == [0.1, 1])
    }

    // MARK: Priorities

    @Test func theLowestNumberGetsEverything() {
        let all = [
            endpoint(0, priority: 3), endpoint(1, priority: 0), endpoint(2, priority: 1), endpoint(3, priority: 0),
        ]
        #expect(eligible(all).places == [1, 3])
        all[1].state.checkedHealth.store(.unhealthy, ordering: .relaxed)
        #expect(eligible(all).places == [3])
        all[3].state.administrative.store(.draining, ordering: .relaxed)
        #expect(eligible(all).places == [2])
        all[2].state.ejectedUntil.store(100, ordering: .relaxed)
        #expect(eligible(all).places == [0])
        // All down: a panic, in the first priority that has an ejection.
        all[0].state.checkedHealth.store(.unhealthy, ordering: .relaxed)
        #expect(eligible(all).places == [2] && eligible(all).isPanicking)
        all[3].state.administrative.store(.enabled, ordering: .relaxed)
        #expect(eligible(all).places == [3])
    }

    /// One of three cannot bear the load of three: the next priority takes it, before any panic.
    @Test func tooFewLeftIsDown() {
        let all = [endpoint(0), endpoint(1), endpoint(2), endpoint(3, priority: 1)]
        for one in all.prefix(2) { one.state.ejectedUntil.store(100, ordering: .relaxed) }
        #expect(eligible(all).places == [3])
        #expect(eligible(all, now: 100).places == [0, 1, 2])
    }

    // MARK: Chance

    @Test(arguments: [[1, 1, 1], [1, 2, 3], [1, 0, 9, 90], [65_535, 1]])
    func drawsAreByWeight(weights: [Int]) {
        let all = weights.enumerated().map { endpoint($0, weight: $1) }
        let found = eligible(all)
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        for excluded in -1..<found.members.count {
            var counts = [Int](repeating: 0, count: found.members.count)
            for _ in 0..<20_000 { counts[found.draw(&random, except: excluded)] += 1 }
            let total = found.total - (excluded < 0 ? 0 : found.members[excluded].weight)
            for (index, count) in counts.enumerated() {
                let share = index == excluded ? 0 : Double(found.members[index].weight) / Double(total)
                #expect(abs(Double(count) / 20_000 - share) < 0.02, "\(weights) but \(excluded): \(counts)")
            }
        }
    }

    @Test func nobodyElseToDraw() {
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        #expect(eligible([endpoint(0)]).draw(&random, except: 0) == -1)
        #expect(eligible([]).draw(&random, except: -1) == -1)
    }
}
