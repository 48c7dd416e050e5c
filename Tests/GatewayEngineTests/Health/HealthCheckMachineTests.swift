import GatehouseTesting
import Testing

@testable import GatewayEngine

@Suite struct HealthCheckMachineTests {
    private static let second: Int64 = 1_000_000_000

    private static let plan = HealthCheckMachine.Plan(
        interval: 5 * second, unhealthyInterval: 2 * second, edgeInterval: second, healthyAfter: 2, unhealthyAfter: 3)

    struct Case: CustomTestStringConvertible {
        /// `+` a success, `-` a failure.
        let results: String
        /// `.` nothing, `H` and `U` by the first result, `h` and `u` later.
        let verdicts: String
        var testDescription: String { results }
    }

    @Test(arguments: [
        Case(results: "+", verdicts: "H"),
        Case(results: "-", verdicts: "U"),
        Case(results: "+--+--+", verdicts: "H......"),
        Case(results: "+---", verdicts: "H..u"),
        Case(results: "+---++", verdicts: "H..u.h"),
        Case(results: "-+-+-++", verdicts: "U.....h"),
        Case(results: "-++---++", verdicts: "U.h..u.h"),
        Case(results: "+++++----", verdicts: "H......u."),
    ])
    func thresholds(_ wanted: Case) {
        var machine = HealthCheckMachine()
        var verdicts = ""
        for result in wanted.results {
            machine.begin(now: 0)
            switch machine.end(isSuccess: result == "+", Self.plan) {
            case .unchanged: verdicts += "."
            case .becameHealthy(let isFirst): verdicts += isFirst ? "H" : "h"
            case .becameUnhealthy(let isFirst): verdicts += isFirst ? "U" : "u"
            }
        }
        #expect(verdicts == wanted.verdicts)
    }

    /// Which interval follows, in seconds, with the jitter in its middle.
    @Test(arguments: [
        ("+", 5), ("+-", 1), ("+--", 1), ("+---", 2), ("+---+", 1), ("+---++", 5), ("-", 2), ("-+", 1), ("-+-", 2),
        ("+-+", 5),
    ])
    func intervals(_ results: String, _ seconds: Int64) {
        var machine = HealthCheckMachine()
        for result in results {
            machine.begin(now: 7 * Self.second)
            _ = machine.end(isSuccess: result == "+", Self.plan)
        }
        let middle = UInt64(seconds * Self.second / 10)
        #expect(
            machine.nextCheck(Self.plan, now: 7 * Self.second, random: middle) == (7 + seconds) * Self.second)
    }

    /// Without an edge interval the state's own counts.
    @Test func withoutAnEdgeInterval() {
        var plan = Self.plan
        plan.edgeInterval = nil
        var machine = HealthCheckMachine()
        _ = machine.end(isSuccess: true, plan)
        _ = machine.end(isSuccess: false, plan)
        #expect(machine.nextCheck(plan, now: 0, random: UInt64(plan.interval / 10)) == plan.interval)
        _ = machine.end(isSuccess: false, plan)
        _ = machine.end(isSuccess: false, plan)
        _ = machine.end(isSuccess: true, plan)
        #expect(machine.state == .unhealthy(successes: 1))
        #expect(
            machine.nextCheck(plan, now: 0, random: UInt64(plan.unhealthyInterval / 10)) == plan.unhealthyInterval)
    }

    @Test func jitterIsATenthEachWay() {
        var random = SeededRandom()
        var machine = HealthCheckMachine()
        machine.begin(now: 100)
        _ = machine.end(isSuccess: true, Self.plan)
        var least = Int64.max
        var most = Int64.min
        for _ in 0..<10_000 {
            let next = machine.nextCheck(Self.plan, now: 100, random: random.next()) - 100
            least = min(least, next)
            most = max(most, next)
        }
        #expect(least >= 4_500_000_000 && least < 4_510_000_000, "seed \(random.seed)")
        #expect(most <= 5_500_000_000 && most > 5_490_000_000, "seed \(random.seed)")
        // Late as it may be, it is never due in the past.
        #expect(machine.nextCheck(Self.plan, now: 9_000_000_000, random: 0) == 9_000_000_000)
    }

    /// First checks come within a second, or within the interval where that is shorter.
    @Test(arguments: [(5_000_000_000, 1_000_000_000), (200_000_000, 200_000_000), (1, 1)] as [(Int64, Int64)])
    func firstChecksAreSpread(_ interval: Int64, _ spread: Int64) {
        var random = SeededRandom()
        var plan = Self.plan
        plan.interval = interval
        for _ in 0..<1_000 {
            let first = HealthCheckMachine.firstCheck(plan, now: 50, random: random.next()) - 50
            #expect(first >= 0 && first < spread, "seed \(random.seed)")
        }
    }

    /// Against a naive model: the state is what the last change said, and a change needs so many equal results in a row.
    @Test func aLongWalk() {
        var random = SeededRandom()
        for _ in 0..<200 {
            var plan = Self.plan
            plan.healthyAfter = Int(random.next() % 5) + 1
            plan.unhealthyAfter = Int(random.next() % 5) + 1
            var machine = HealthCheckMachine()
            var isHealthy: Bool?
            var history: [Bool] = []
            for _ in 0..<200 {
                let result = random.next() % 3 != 0
                history.append(result)
                let needed = result ? plan.healthyAfter : plan.unhealthyAfter
                let enough = isHealthy == nil || history.suffix(needed) == Array(repeating: result, count: needed)[...]
                let changes = enough && isHealthy != result
                let isFirst = isHealthy == nil
                let verdict = machine.end(isSuccess: result, plan)
                if changes {
                    isHealthy = result
                    #expect(
                        verdict == (result ? .becameHealthy(isFirst: isFirst) : .becameUnhealthy(isFirst: isFirst)),
                        "seed \(random.seed)")
                } else {
                    #expect(verdict == .unchanged, "seed \(random.seed)")
                }
            }
        }
    }
}
