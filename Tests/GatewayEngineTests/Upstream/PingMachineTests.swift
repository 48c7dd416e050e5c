import GatewayConfiguration
import Testing

@testable import GatewayEngine

/// When an endpoint of HTTP/2 is asked whether it is there, and when it is given up: what happens, at which time, and what
/// comes of it.
@Suite struct PingMachineTests {
    enum Event {
        /// Bytes.
        case heard(Int64)
        /// A request begins: what it brings along.
        case first(Int64, PingMachine.Action)
        case further(Int64, PingMachine.Action)
        /// The time passes while requests are under way, or while none is.
        case busy(Int64, PingMachine.Action)
        case rest(Int64, PingMachine.Action)
        /// When to look again.
        case dueBusy(Int64)
        case dueAtRest(Int64)
    }

    private static let never = Deadline.never
    private static let rules = PingMachine.Rules(idle: 10, interval: 300, timeout: 5)

    static let cases: [(String, PingMachine.Rules, [Event])] = [
        (
            "a request after little silence asks nothing", rules,
            [.first(10, .none), .dueBusy(310), .heard(20), .first(30, .none), .further(30, .none), .dueAtRest(never)]
        ),
        (
            "a request after a silence asks, others do not ask again", rules,
            [.first(11, .ask), .further(12, .none), .dueBusy(16), .busy(15, .none), .busy(16, .end)]
        ),
        (
            "any byte is an answer", rules,
            [.first(11, .ask), .heard(15), .busy(16, .none), .dueBusy(315), .further(25, .none), .further(26, .ask)]
        ),
        (
            "a silence asks, and its answer begins another", rules,
            [
                .first(1, .none), .busy(300, .none), .busy(301, .ask), .dueBusy(306), .heard(305), .dueBusy(605),
                .busy(605, .ask), .busy(609, .none), .busy(610, .end),
            ]
        ),
        (
            "a rest is no silence of streams", PingMachine.Rules(idle: never, interval: 300, timeout: 5),
            [.first(1_000, .none), .dueBusy(1_300), .further(1_100, .none), .dueBusy(1_300), .busy(1_300, .ask)]
        ),
        (
            "a connection at rest is not asked, but one that owes an answer is not forgotten", rules,
            [.rest(1_000, .none), .first(1_000, .ask), .dueAtRest(1_005), .rest(1_004, .none), .rest(1_005, .end)]
        ),
        (
            "an answer that comes too late to be waited for is one all the same", rules,
            [.first(11, .ask), .heard(100), .busy(101, .none), .dueBusy(400)]
        ),
        (
            "both causes off: nobody is ever asked", PingMachine.Rules(idle: never, interval: never, timeout: 5),
            [.first(1 << 60, .none), .dueBusy(never), .busy(1 << 61, .none)]
        ),
        (
            "sums beyond the end of time are never",
            PingMachine.Rules(idle: 10, interval: never - 1, timeout: never - 1),
            [.heard(100), .dueBusy(never), .first(200, .ask), .dueBusy(never), .busy(1 << 62, .none)]
        ),
    ]

    @Test(arguments: cases.indices) func table(_ index: Int) {
        let (name, rules, events) = Self.cases[index]
        var machine = PingMachine(rules, at: 0)
        for (step, event) in events.enumerated() {
            let place: Comment = "\(name), step \(step)"
            switch event {
            case .heard(let now): machine.heard(at: now)
            case .first(let now, let action):
                #expect(machine.requestBegins(isFirst: true, at: now) == action, place)
            case .further(let now, let action):
                #expect(machine.requestBegins(isFirst: false, at: now) == action, place)
            case .busy(let now, let action):
                #expect(machine.timeHasPassed(isBusy: true, at: now) == action, place)
            case .rest(let now, let action):
                #expect(machine.timeHasPassed(isBusy: false, at: now) == action, place)
            case .dueBusy(let moment): #expect(machine.due(isBusy: true) == moment, place)
            case .dueAtRest(let moment): #expect(machine.due(isBusy: false) == moment, place)
            }
        }
    }

    @Test func rulesOfAConfiguration() {
        var configuration = PingConfiguration()
        #expect(
            PingMachine.Rules(configuration)
                == PingMachine.Rules(idle: 10_000_000_000, interval: 301_000_000_000, timeout: 5_000_000_000))
        configuration.idle = nil
        configuration.interval = nil
        configuration.timeout = .milliseconds(20)
        #expect(
            PingMachine.Rules(configuration)
                == PingMachine.Rules(idle: Self.never, interval: Self.never, timeout: 20_000_000))
    }
}
