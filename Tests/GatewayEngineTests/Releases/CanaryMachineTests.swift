import GatewayConfiguration
import Testing

@testable import GatewayEngine

@Suite struct CanaryMachineTests {
    private static let second: Int64 = 1_000_000_000

    /// Steps of a minute, a hundred answers each.
    private static func machine(_ change: (inout CanaryConfiguration) -> Void = { _ in }) -> CanaryMachine {
        CanaryMachine(
            rules: rules {
                $0.steps = [0.1, 0.5]
                $0.pause = .seconds(60)
                $0.minRequests = 100
                change(&$0)
            })
    }

    private static func started(
        _ change: (inout CanaryConfiguration) -> Void = { _ in }
    ) throws -> (CanaryMachine, Ledger) {
        var machine = machine(change)
        let ledger = Ledger()
        let action = try machine.start(0, ledger.pair, by: .configuration)
        #expect(action == .change(share: machine.rules.steps[0], reason: .configuration, findings: []))
        return (machine, ledger)
    }

    private static func reason(_ action: CanaryMachine.Action) -> CanaryReason? {
        if case .change(_, let reason, _) = action { reason } else { nil }
    }

    @Test func itGoesFromStepToStepAndIsPromoted() throws {
        var (machine, ledger) = try Self.started()
        ledger.baseline(1_000)
        ledger.candidate(150)
        #expect(machine.tick(59 * Self.second, ledger.pair) == .none)
        #expect(Self.reason(machine.tick(60 * Self.second, ledger.pair)) == .stepPassed)
        #expect(machine.share == 5_000 && machine.state.step == 1)
        // What came before the step does not count for it.
        #expect(machine.tick(121 * Self.second, ledger.pair) == .report(.requests))
        ledger.baseline(150)
        ledger.candidate(150)
        #expect(Self.reason(machine.tick(122 * Self.second, ledger.pair)) == .stepsPassed)
        #expect(machine.state == .promoted && machine.share == 10_000)
        ledger.candidate(10_000, errors: 10_000)
        #expect(machine.tick(123 * Self.second, ledger.pair) == .none)
    }

    @Test func tooFewRequestsAreWaitedForAndToldOnce() throws {
        var (machine, ledger) = try Self.started()
        ledger.baseline(1_000)
        ledger.candidate(99)
        #expect(machine.tick(60 * Self.second, ledger.pair) == .report(.requests))
        #expect(machine.tick(61 * Self.second, ledger.pair) == .none)
        ledger.candidate(1)
        #expect(Self.reason(machine.tick(62 * Self.second, ledger.pair)) == .stepPassed)
    }

    @Test func aBaselineThatIsNotAskedIsWaitedFor() throws {
        var (machine, ledger) = try Self.started()
        ledger.candidate(1_000)
        ledger.baseline(CanaryJudge.calibration - 1)
        #expect(machine.tick(60 * Self.second, ledger.pair) == .report(.baseline))
    }

    @Test func errorsRollItBackBeforeTheStepIsOver() throws {
        var (machine, ledger) = try Self.started()
        ledger.baseline(1_000, errors: 2)
        ledger.candidate(60, errors: 30)
        let action = machine.tick(Self.second, ledger.pair)
        #expect(Self.reason(action) == .errorRate)
        #expect(machine.state == .rolledBack(.errorRate) && machine.share == 0)
        guard case .change(_, _, let findings) = action else { return }
        let sentence = CanaryWords.sentence(.errorRate, findings, rules: machine.rules)
        #expect(
            sentence
                == "errors: candidate 30 of 60 (50.00 %), baseline 2 of 1000 (0.20 %); 0.50 % more is allowed; "
                + "chance makes it look so in less than 1 of 1200 runs.")
    }

    @Test func latencyIsJudgedOnceTheBaselineIsKnown() throws {
        var (machine, ledger) = try Self.started()
        ledger.candidate(1_000, milliseconds: 50)
        ledger.baseline(CanaryJudge.calibration, milliseconds: 10)
        // Until now nobody knew what is usual; from here on it is compared.
        #expect(machine.tick(Self.second, ledger.pair) == .none)
        ledger.baseline(300, milliseconds: 10)
        ledger.candidate(100, milliseconds: 50)
        #expect(Self.reason(machine.tick(2 * Self.second, ledger.pair)) == .medianLatency)
    }

    @Test func aSlowTailAloneRollsItBack() throws {
        var (machine, ledger) = try Self.started()
        ledger.baseline(1_000)
        _ = machine.tick(Self.second, ledger.pair)
        ledger.baseline(2_000)
        ledger.candidate(180)
        ledger.candidate(20, milliseconds: 200)
        #expect(Self.reason(machine.tick(2 * Self.second, ledger.pair)) != nil)
        #expect(machine.share == 0)
    }

    @Test(arguments: [
        (CanaryConfiguration.Inconclusive.wait, "running"), (.goOn, "running"), (.rollBack, "rolled_back"),
    ])
    func whatIsNotCertainIsDecidedAsTheConfigurationSays(
        _ word: CanaryConfiguration.Inconclusive, _ state: String
    ) throws {
        var (machine, ledger) = try Self.started { $0.onInconclusive = word }
        ledger.baseline(1_000, errors: 1)
        ledger.candidate(100, errors: 4)
        let action = machine.tick(60 * Self.second, ledger.pair)
        #expect((action == .report(.certainty)) == (word == .wait))
        #expect(machine.state.name == state)
        #expect((machine.state.step == 1) == (word == .goOn))
        if word == .rollBack { #expect(machine.state == .rolledBack(.inconclusive)) }
    }

    @Test(arguments: [CanaryConfiguration.Inconclusive.wait, .goOn])
    func theLastStepWaitsForAnOperatorWhereThatIsAsked(_ word: CanaryConfiguration.Inconclusive) throws {
        var (machine, ledger) = try Self.started {
            $0.steps = [0.5]
            $0.autoPromote = false
            $0.onInconclusive = word
        }
        ledger.baseline(1_000)
        ledger.candidate(1_000)
        #expect(machine.tick(60 * Self.second, ledger.pair) == .report(.promotion))
        #expect(machine.tick(61 * Self.second, ledger.pair) == .none)
        #expect(try machine.promote() == .change(share: 10_000, reason: .operator, findings: []))
        #expect(machine.state == .promoted)
    }

    @Test func aPauseKeepsTheShareAndForgetsTheFigures() throws {
        var (machine, ledger) = try Self.started()
        _ = try machine.pause()
        #expect(machine.state == .paused(step: 0) && machine.share == 1_000)
        ledger.baseline(1_000)
        ledger.candidate(1_000, errors: 1_000)
        #expect(machine.tick(600 * Self.second, ledger.pair) == .none)
        _ = try machine.resume(600 * Self.second, ledger.pair)
        #expect(machine.tick(601 * Self.second, ledger.pair) == .none)
        #expect(machine.share == 1_000)
        // The step's time begins anew too.
        ledger.baseline(1_000)
        ledger.candidate(1_000)
        #expect(machine.tick(659 * Self.second, ledger.pair) == .none)
        #expect(Self.reason(machine.tick(660 * Self.second, ledger.pair)) == .stepPassed)
    }

    private static func apply(
        _ order: CanaryOrder, to machine: inout CanaryMachine
    ) throws(CanaryMachine.Refusal) -> CanaryMachine.Action {
        switch order {
        case .start: try machine.start(0, Ledger().pair, by: .operator)
        case .pause: try machine.pause()
        case .resume: try machine.resume(0, Ledger().pair)
        case .promote: try machine.promote()
        case .rollBack: try machine.rollBack()
        }
    }

    /// Every order in every state: where it leads, or that it is refused and changes nothing.
    @Test func ordersInEveryState() throws {
        let (running, _) = try Self.started()
        var states: [String: CanaryMachine] = ["idle": Self.machine(), "running": running]
        for (name, order) in [("paused", CanaryOrder.pause), ("promoted", .promote), ("rolled_back", .rollBack)] {
            var machine = running
            _ = try Self.apply(order, to: &machine)
            states[name] = machine
        }
        let expected: [String: [CanaryOrder: String]] = [
            "idle": [.start: "running", .promote: "promoted", .rollBack: "rolled_back"],
            "running": [.pause: "paused", .promote: "promoted", .rollBack: "rolled_back"],
            "paused": [.resume: "running", .promote: "promoted", .rollBack: "rolled_back"],
            "promoted": [.start: "running", .rollBack: "rolled_back"],
            "rolled_back": [.start: "running", .promote: "promoted"],
        ]
        #expect(Set(expected.keys) == Set(CanaryMachine.State.names))
        for (name, machine) in states {
            #expect(machine.state.name == name)
            for order in CanaryOrder.allCases {
                var changed = machine
                do throws(CanaryMachine.Refusal) {
                    let action = try Self.apply(order, to: &changed)
                    #expect(changed.state.name == expected[name]?[order], "\(name), \(order)")
                    #expect(Self.reason(action) == .operator, "\(name), \(order)")
                } catch {
                    #expect(expected[name]?[order] == nil && error.state == name, "\(name), \(order)")
                    #expect(changed == machine)
                }
            }
        }
    }
}
