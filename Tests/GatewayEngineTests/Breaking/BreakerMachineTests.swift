import GatehouseTesting
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// The breaker's rule as a test reads it: seconds are 1,000,000,000.
func breakerRule(_ change: (inout CircuitBreakerConfiguration) -> Void = { _ in }) -> BreakerRule {
    var configuration = CircuitBreakerConfiguration()
    configuration.errorRatio = 0.5
    change(&configuration)
    return BreakerRule(configuration)
}

@Suite struct BreakerMachineTests {
    private let rule = breakerRule()

    /// A machine in each state, and the state itself.
    private func made(in phase: BreakerMachine.Phase) -> BreakerMachine {
        var machine = BreakerMachine()
        if phase == .closed { return machine }
        machine.trip(rule, now: 0)
        if phase == .open { return machine }
        _ = machine.admit(rule, now: rule.openFor, random: 0)
        if phase == .halfOpen { return machine }
        machine.probeEnded(succeeded: true, rule, now: rule.openFor)
        return machine
    }

    @Test(arguments: BreakerMachine.Phase.allCases) func theMachinesAreInTheirStates(_ phase: BreakerMachine.Phase) {
        #expect(made(in: phase).state.phase == phase)
    }

    /// from, event, to
    static let transitions: [(BreakerMachine.Phase, String, BreakerMachine.State)] = [
        (.closed, "trip", .open(until: 110 * second)), (.open, "trip", .open(until: 10 * second)),
        (.halfOpen, "trip", .halfOpen(probe: 1)), (.ramping, "trip", .open(until: 110 * second)),
        (.closed, "success", .closed), (.open, "success", .open(until: 10 * second)),
        (.halfOpen, "success", .ramping(since: 100 * second)), (.ramping, "success", .ramping(since: 10 * second)),
        (.closed, "failure", .closed), (.open, "failure", .open(until: 10 * second)),
        (.halfOpen, "failure", .open(until: 110 * second)), (.ramping, "failure", .ramping(since: 10 * second)),
        (.closed, "left", .closed), (.open, "left", .open(until: 10 * second)),
        (.halfOpen, "left", .open(until: 100 * second)), (.ramping, "left", .ramping(since: 10 * second)),
        (.halfOpen, "left by another", .halfOpen(probe: 1)),
        (.closed, "admit", .closed), (.open, "admit", .halfOpen(probe: 1)), (.halfOpen, "admit", .halfOpen(probe: 1)),
        (.ramping, "admit", .closed),
    ]

    @Test(arguments: transitions)
    func everyEventInEveryState(_ from: BreakerMachine.Phase, _ event: String, _ to: BreakerMachine.State) {
        var machine = made(in: from)
        let now = 100 * second
        switch event {
        case "trip": machine.trip(rule, now: now)
        case "success": machine.probeEnded(succeeded: true, rule, now: now)
        case "failure": machine.probeEnded(succeeded: false, rule, now: now)
        case "left": machine.probeLeft(1, now: now)
        case "left by another": machine.probeLeft(2, now: now)
        default: _ = machine.admit(rule, now: now, random: .max)
        }
        #expect(machine.state == to)
    }

    @Test func nothingPassesBeforeTheRestIsOver() {
        var machine = made(in: .open)
        #expect(machine.admit(rule, now: rule.openFor - 1, random: 0) == .refused(wait: 1))
        #expect(machine.admit(rule, now: rule.openFor, random: 0) == .probe(1))
        #expect(machine.admit(rule, now: rule.openFor, random: 0) == .refused(wait: 0))
    }

    /// A probe whose request ended without a lesson gives way to another with a number of its own.
    @Test func probesHaveNumbersOfTheirOwn() {
        var machine = made(in: .halfOpen)
        machine.probeLeft(1, now: 20 * second)
        #expect(machine.admit(rule, now: 20 * second, random: 0) == .probe(2))
        machine.probeLeft(1, now: 20 * second)
        #expect(machine.state == .halfOpen(probe: 2))
    }

    @Test func withoutARampASuccessCloses() {
        let rule = breakerRule { $0.ramp = nil }
        var machine = BreakerMachine()
        machine.trip(rule, now: 0)
        _ = machine.admit(rule, now: rule.openFor, random: 0)
        machine.probeEnded(succeeded: true, rule, now: rule.openFor)
        #expect(machine.state == .closed)
    }

    @Test(arguments: [(0, 500), (1, 1_000), (5, 5_000), (9, 9_000), (10, 10_000), (20, 10_000)])
    func theShareGrowsWithTheRamp(_ seconds: Int64, _ share: Int) {
        let passing = (0..<10_000).count { BreakerMachine.passes(rule, elapsed: seconds * second, random: $0) }
        #expect(passing == share)
    }

    /// Whatever happens in whatever order: one probe at a time, nothing within a rest, and every state is left again.
    @Test func aWalk() {
        var random = SeededRandom()
        let seed = random.seed
        var machine = BreakerMachine()
        var now: Int64 = 0
        var probe: UInt32?
        var restUntil: Int64 = 0
        var seen: Set<BreakerMachine.Phase> = []
        for step in 0..<100_000 {
            now += Int64.random(in: 0...second, using: &random)
            seen.insert(machine.state.phase)
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                machine.trip(rule, now: now)
            case 1 where probe != nil:
                machine.probeEnded(succeeded: Bool.random(using: &random), rule, now: now)
                probe = nil
            case 2 where probe != nil:
                machine.probeLeft(probe ?? 0, now: now)
                probe = nil
            default:
                let before = machine.state
                switch machine.admit(rule, now: now, random: random.next()) {
                case .admitted:
                    #expect(before.phase == .closed || before.phase == .ramping, "step \(step), seed \(seed)")
                case .probe(let number):
                    #expect(probe == nil && now >= restUntil, "step \(step), seed \(seed)")
                    probe = number
                case .refused(let wait):
                    #expect(before.phase != .closed, "step \(step), seed \(seed)")
                    if case .open(let until) = before { #expect(wait == until - now && wait > 0) }
                }
            }
            if case .open(let until) = machine.state { restUntil = until }
            if case .halfOpen(let number) = machine.state {
                #expect(probe == number, "step \(step), seed \(seed)")
            } else {
                probe = nil
            }
        }
        #expect(seen.count == 4, "seed \(seed)")
    }
}

@Suite struct BreakerRuleTests {
    static let counts: [(Int, Int, Int, Bool)] = [
        // total, failed, slow, opens
        (20, 10, 0, true), (20, 9, 0, false), (19, 19, 0, false), (1_000, 500, 0, true), (1_000, 499, 499, false),
        (20, 0, 10, true), (20, 0, 9, false), (19, 0, 19, false), (0, 0, 0, false),
    ]

    @Test(arguments: counts) func opens(_ total: Int, _ failed: Int, _ slow: Int, _ expected: Bool) {
        let rule = breakerRule { $0.latency = .seconds(1) }
        let counts = OutcomeWindow.Counts(total: total, failed: failed, slow: slow)
        #expect(rule.opens(counts, minimum: rule.minRequests) == expected)
    }

    /// Without `error_ratio`, errors open nothing; without `latency`, nothing is slow; without both there is no breaker.
    @Test func eachHalfWorksAlone() {
        let byLatency = breakerRule {
            $0.errorRatio = nil
            $0.latency = .seconds(1)
        }
        #expect(byLatency.isOn)
        #expect(!byLatency.opens(OutcomeWindow.Counts(total: 20, failed: 20), minimum: 20))
        let byErrors = breakerRule()
        #expect(byErrors.isOn)
        #expect(byErrors.judge(TryOutcome(kind: .response, status: 200, latency: .max / 8))?.slow == false)
        #expect(!breakerRule { $0.errorRatio = nil }.isOn)
        // A ratio of nothing still needs one failure.
        let strict = breakerRule { $0.errorRatio = 0 }
        #expect(!strict.opens(OutcomeWindow.Counts(total: 50), minimum: 20))
        #expect(strict.opens(OutcomeWindow.Counts(total: 50, failed: 1), minimum: 20))
    }

    static let judged: [(TryOutcome.Kind, UInt16, Int64, OutcomeWindow.Verdict?)] = [
        (.response, 200, 1, .init(failed: false, slow: false)), (.response, 499, 1, .init(failed: false, slow: false)),
        (.response, 500, 1, .init(failed: true, slow: false)), (.response, 200, 2, .init(failed: false, slow: true)),
        (.connectFailure, 0, 0, .init(failed: true, slow: false)), (.broken, 0, 0, .init(failed: true, slow: false)),
        (.timeout, 0, 30, .init(failed: true, slow: true)), (.abandoned, 0, 1, nil),
        (.abandoned, 0, 2, .init(failed: false, slow: true)),
    ]

    @Test(arguments: judged)
    func outcomesAreJudged(
        _ kind: TryOutcome.Kind, _ status: UInt16, _ seconds: Int64, _ expected: OutcomeWindow.Verdict?
    ) {
        let rule = breakerRule { $0.latency = .seconds(1) }
        #expect(rule.judge(TryOutcome(kind: kind, status: status, latency: seconds * second)) == expected)
    }
}
