import GatehouseTesting
import HTTPWire
import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// The budget under storms: in one thread with every step checked, and over threads.
@Suite struct RetryBudgetTests {
    @Test(arguments: [
        (0, 2_000, 3), (10, 2_000, 3), (15, 2_000, 3), (19, 2_000, 3), (20, 2_000, 4), (100, 2_000, 20), (100, 0, 3),
        (100, 10_000, 100), (10_000, 2_000, 2_000),
    ])
    func limits(_ active: Int, _ share: Int, _ expected: Int) {
        let budget = RetryBudget(service: ServiceState(name: "s"), floor: 3)
        #expect(budget.limit(active: active, share: share) == expected)
    }

    @Test func shareIsReadInTenThousandths() {
        var configuration = RetriesConfiguration()
        #expect(CompiledRetries(configuration).budgetShare == 2_000)
        configuration.budget = 0.0725
        #expect(CompiledRetries(configuration).budgetShare == 725)
    }

    /// A service that answers nothing: requests come and go, every failure asks for a retry, and at no step are more
    /// under way than the limit allowed when the last one was taken.
    @Test func aStormStaysWithinTheBudget() {
        var random = SeededRandom()
        let seed = random.seed
        let service = ServiceState(name: "s")
        let budget = RetryBudget(service: service, floor: 3)
        let retries = RetryPolicyTests.everything()
        var retrying = 0
        var (granted, refused) = (0, 0)
        for step in 0..<50_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                service.inFlight.add(1, ordering: .relaxed)
            case 3..<5 where service.inFlight.load(ordering: .relaxed) > 0:
                service.inFlight.subtract(1, ordering: .relaxed)
            case 5..<7 where retrying > 0:
                budget.giveBack()
                retrying -= 1
            default:
                let limit = budget.limit(active: service.inFlight.load(ordering: .relaxed), share: 2_000)
                let situation = RetryPolicy.Situation(
                    failure: RetryPolicyTests.failures.randomElement(using: &random) ?? .reset, method: .get,
                    retriesMade: Int.random(in: 0..<10, using: &random))
                let decision = RetryPolicy.decide(situation, retries, budget: budget, random: random.next())
                switch decision {
                case .retry(let wait):
                    retrying += 1
                    granted += 1
                    #expect(retrying <= limit, "step \(step), seed \(seed)")
                    #expect(
                        (0...retries.backoff.bound(situation.retriesMade)).contains(wait), "step \(step), seed \(seed)")
                case .giveUp(let reason):
                    refused += 1
                    #expect(reason == .budget && retrying >= limit, "step \(step), seed \(seed)")
                }
            }
            #expect(service.retries.load(ordering: .relaxed) == retrying, "step \(step), seed \(seed)")
        }
        #expect(granted > 100 && refused > 100, "seed \(seed)")
    }

    /// Four threads take and give back as fast as they can: never more than the limit, and nothing is lost.
    @Test func threadsTogetherStayWithinTheBudget() async {
        let service = ServiceState(name: "s")
        service.inFlight.store(50, ordering: .relaxed)
        let budget = RetryBudget(service: service, floor: 3)
        let most = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var most = 0
                    var held = 0
                    for turn in 0..<20_000 {
                        if budget.take(share: 2_000) { held += 1 }
                        most = max(most, service.retries.load(ordering: .relaxed))
                        if turn % 3 == 0 && held > 0 {
                            budget.giveBack()
                            held -= 1
                        }
                    }
                    for _ in 0..<held { budget.giveBack() }
                    return most
                }
            }
            return await group.reduce(0, max)
        }
        #expect(most == 10)
        #expect(service.retries.load(ordering: .relaxed) == 0)
    }
}

@Suite struct HedgePolicyTests {
    private static let hedge: CompiledHedge = {
        var configuration = HedgeConfiguration(after: .milliseconds(50))
        configuration.max = 2
        return CompiledHedge(configuration)
    }()

    private func goesOut(_ situation: HedgePolicy.Situation, floor: Int = 3) -> Bool {
        HedgePolicy.goesOut(
            situation, Self.hedge, CompiledRetries(RetriesConfiguration()),
            budget: RetryBudget(service: ServiceState(name: "s"), floor: floor))
    }

    @Test func offByDefault() {
        let none = CompiledHedge(nil)
        #expect(Method.allCases.allSatisfy { !HedgePolicy.applies(none, to: $0) })
    }

    @Test(arguments: Method.allCases) func onlyIdempotentMethods(_ method: Method) {
        #expect(HedgePolicy.applies(Self.hedge, to: method) == method.isIdempotent)
        #expect(goesOut(HedgePolicy.Situation(method: method)) == method.isIdempotent)
    }

    @Test func everyConditionCounts() {
        #expect(goesOut(HedgePolicy.Situation(method: .get, hedgesMade: 1)))
        #expect(!goesOut(HedgePolicy.Situation(method: .get, hedgesMade: 2)))
        #expect(!goesOut(HedgePolicy.Situation(method: .get, bodyIsKept: false)))
        #expect(!goesOut(HedgePolicy.Situation(method: .get, bodyIsComplete: false)))
        #expect(!goesOut(HedgePolicy.Situation(method: .get, responseBegun: true)))
        #expect(!goesOut(HedgePolicy.Situation(method: .get, hasOtherEndpoint: false)))
        #expect(!goesOut(HedgePolicy.Situation(method: .get, remaining: 0)))
        #expect(!goesOut(HedgePolicy.Situation(method: .get), floor: 0))
    }

    /// A 503 that would be retried waits for the other try; the last answer is taken whatever it is.
    @Test func theFirstGoodAnswerIsTaken() {
        var configuration = RetriesConfiguration()
        configuration.conditions = [.gatewayError]
        let retries = CompiledRetries(configuration)
        #expect(HedgePolicy.takes(status: 200, retries, othersOpen: true))
        #expect(HedgePolicy.takes(status: 404, retries, othersOpen: true))
        #expect(!HedgePolicy.takes(status: 503, retries, othersOpen: true))
        #expect(HedgePolicy.takes(status: 503, retries, othersOpen: false))
    }
}
