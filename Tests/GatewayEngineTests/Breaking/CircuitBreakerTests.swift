import GatehouseTesting
import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

@Suite struct OutcomeWindowTests {
    private let good = OutcomeWindow.Verdict(failed: false, slow: false)
    private let bad = OutcomeWindow.Verdict(failed: true, slow: true)

    @Test func countsSlideOut() {
        let window = OutcomeWindow()
        window.add(bad, now: 0, window: 10)
        window.add(good, now: 5, window: 10)
        #expect(window.counts(now: 9, window: 10) == .init(total: 2, failed: 1, slow: 1))
        #expect(window.counts(now: 10, window: 10) == .init(total: 1, failed: 0, slow: 0))
        #expect(window.counts(now: 15, window: 10) == .init())
        // The bucket of 5 is used again, and begins from nothing.
        window.add(bad, now: 15, window: 10)
        #expect(window.counts(now: 15, window: 10) == .init(total: 1, failed: 1, slow: 1))
        window.clear()
        #expect(window.counts(now: 15, window: 10) == .init())
    }

    /// Any walk forward in time gives what a list of all outcomes gives, bucket by bucket.
    @Test func likeAList() {
        var random = SeededRandom()
        let seed = random.seed
        let window = OutcomeWindow()
        var all: [(epoch: Int64, verdict: OutcomeWindow.Verdict)] = []
        var now: Int64 = 0
        for step in 0..<20_000 {
            now += Int64.random(in: 0...30, using: &random)
            let verdict = OutcomeWindow.Verdict(
                failed: Bool.random(using: &random), slow: Bool.random(using: &random))
            window.add(verdict, now: now, window: 100)
            all.append((now / 10, verdict))
            all.removeAll { $0.epoch <= now / 10 - 10 }
            let expected = OutcomeWindow.Counts(
                total: all.count, failed: all.count { $0.verdict.failed }, slow: all.count { $0.verdict.slow })
            #expect(window.counts(now: now, window: 100) == expected, "step \(step), seed \(seed)")
        }
    }
}

@Suite struct CircuitBreakerTests {
    private func outcome(_ isGood: Bool, latency: Int64 = 0) -> TryOutcome {
        TryOutcome(kind: .response, status: isGood ? 200 : 500, latency: latency)
    }

    /// Opened at 0 by twenty failures.
    private func opened(_ rule: BreakerRule) -> CircuitBreaker {
        let breaker = CircuitBreaker()
        for _ in 0..<20 { _ = breaker.note(outcome(false), rule, now: 0) }
        return breaker
    }

    /// A service that fails six of ten opens it within the window, however the failures fall; then it recovers, and the
    /// traffic is all there again when the ramp is over. Everything by the clock of the test.
    @Test(arguments: 1...20) func aServiceThatFailsAndRecovers(_ turn: UInt64) {
        var random = SeededRandom()
        let seed = random.seed
        for _ in 0..<turn { _ = random.next() }
        let rule = breakerRule()
        let breaker = CircuitBreaker()
        var now: Int64 = 0
        var phases: [BreakerMachine.Phase] = []
        let isBroken: (Int64) -> Bool = { $0 < 35 * second }
        var shed = 0
        while now < 80 * second {
            now += 10_000_000
            let (admission, entered) = breaker.admit(rule, now: now, random: random.next())
            if let entered { phases.append(entered) }
            if case .refused(let wait) = admission {
                #expect(wait >= 0 && wait <= rule.openFor, "seed \(seed)")
                shed += 1
                continue
            }
            let fails = isBroken(now) && Int.random(in: 0..<10, using: &random) < 6
            if let entered = breaker.note(outcome(!fails), rule, now: now) { phases.append(entered) }
            if phases.isEmpty { #expect(now < rule.window, "it did not open, seed \(seed)") }
        }
        #expect(phases.first == .open && phases.last == .closed, "\(phases), seed \(seed)")
        #expect(breaker.phase == .closed, "seed \(seed)")
        #expect(shed > 900, "seed \(seed)")
        // Recovered for good: from rest to probe to ramp to closed.
        #expect(phases.suffix(3) == [.halfOpen, .ramping, .closed], "\(phases), seed \(seed)")
    }

    /// One of ten fails: never a reason.
    @Test func aFewFailuresOpenNothing() {
        var random = SeededRandom()
        let rule = breakerRule()
        let breaker = CircuitBreaker()
        for step in 0..<50_000 {
            let fails = Int.random(in: 0..<10, using: &random) == 0
            #expect(breaker.note(outcome(!fails), rule, now: Int64(step) * 1_000_000) == nil, "seed \(random.seed)")
        }
    }

    /// Half of the answers take too long, none fails.
    @Test func slownessOpens() {
        let rule = breakerRule {
            $0.errorRatio = nil
            $0.latency = .milliseconds(100)
        }
        let breaker = CircuitBreaker()
        var entered: BreakerMachine.Phase?
        for turn in 0..<40 where entered == nil {
            entered = breaker.note(outcome(true, latency: turn % 2 == 0 ? second : 0), rule, now: 2 * second)
        }
        #expect(entered == .open)
    }

    /// While it ramps up, a quarter of the usual evidence is enough.
    @Test func aRampEndsSoonWhenItFailsAgain() {
        let rule = breakerRule()
        let breaker = opened(rule)
        _ = breaker.admit(rule, now: 10 * second, random: 0)
        #expect(breaker.note(outcome(true), rule, now: 10 * second) == .ramping)
        let entered = (0..<5).map { _ in breaker.note(outcome(false), rule, now: 11 * second) }
        #expect(entered == [nil, nil, nil, nil, .open])
    }

    /// Requests that were sent before the breaker opened, and hang until now, say nothing about the service as it is.
    @Test func oldTriesDoNotCount() {
        let rule = breakerRule()
        let breaker = opened(rule)
        #expect(breaker.admit(rule, now: 10 * second, random: 0).0 == .probe(1))
        #expect(breaker.note(outcome(false, latency: 9 * second), rule, now: 11 * second) == nil)
        #expect(breaker.phase == .halfOpen)
        #expect(breaker.note(outcome(true, latency: second), rule, now: 11 * second) == .ramping)
        for _ in 0..<100 { #expect(breaker.note(outcome(false, latency: 10 * second), rule, now: 12 * second) == nil) }
        #expect(breaker.phase == .ramping)
    }

    @Test func retriesRestToo() {
        let rule = breakerRule()
        let circuit = opened(rule)
        let budget = RetryBudget(service: ServiceState(name: "s"), floor: 3, circuit: circuit)
        #expect(!budget.take(share: 2_000))
        _ = circuit.admit(rule, now: 10 * second, random: 0)
        #expect(!budget.take(share: 2_000))
        _ = circuit.note(outcome(true), rule, now: 10 * second)
        #expect(budget.take(share: 2_000))
    }

    /// Eight threads ask at the moment the rest is over, a thousand times: exactly one of them is the probe.
    @Test func halfOpenAdmitsExactlyOneProbe() async {
        let rule = breakerRule()
        for round in 0..<1_000 {
            let breaker = opened(rule)
            let admissions = await withTaskGroup(of: CircuitBreaker.Admission.self) { group in
                for thread in 0..<8 {
                    group.addTask { breaker.admit(rule, now: 10 * second, random: UInt64(thread)).0 }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(admissions.count { $0 == .probe(1) } == 1, "round \(round)")
            #expect(admissions.count { $0 == .refused(wait: 0) } == 7, "round \(round)")
        }
    }
}
