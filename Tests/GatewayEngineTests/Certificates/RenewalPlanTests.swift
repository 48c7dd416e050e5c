import GatehouseTesting
import Testing

@testable import GatewayEngine

@Suite struct RenewalPlanTests {
    private let day: Int64 = 86_400

    @Test func whenAThirdIsLeft() {
        #expect(RenewalPlan(validity: nil, now: 7, random: 0.9).next == 7)
        let plan = RenewalPlan(validity: 0..<90 * day, now: 0, random: 0)
        #expect(plan.next == 60 * day && !plan.isDue(at: 60 * day - 1) && plan.isDue(at: 60 * day))
        // A twentieth of the lifetime earlier at most.
        let early = RenewalPlan(validity: 0..<90 * day, now: 0, random: 0.999)
        #expect(early.next < 56 * day && early.next > 55 * day)
        // One that has expired is due.
        #expect(RenewalPlan(validity: 0..<90, now: 1_000, random: 0.5).isDue(at: 1_000))
    }

    @Test(arguments: [
        (ACMEFault.Reason.unreachable, [5, 10, 20, 40, 80]), (.timeout, [5, 10, 20]), (.malformed, [5, 10]),
        (.refused, [60, 240, 960, 3_840, 15_360, 21_600, 21_600]), (.notValidated, [60, 240]),
        (.rateLimited, [60, 240]), (.storage, [60, 240]),
    ])
    func failures(reason: ACMEFault.Reason, delays: [Int64]) {
        var plan = RenewalPlan(validity: nil, now: 0, random: 0)
        var now: Int64 = 0
        for (index, delay) in delays.enumerated() {
            plan.failed(ACMEFault(reason: reason, step: ""), now: now, random: 0)
            #expect(plan.next - now == delay && plan.failures == index + 1)
            now = plan.next
        }
        plan.failed(ACMEFault(reason: reason, step: ""), now: now, random: 1)
        let later = plan.next
        plan.succeeded(validity: now..<now + 90 * day, now: now, random: 0)
        #expect(plan.failures == 0 && plan.next == now + 60 * day && later > now)
    }

    @Test func theAuthoritysTime() {
        var plan = RenewalPlan(validity: nil, now: 0, random: 0)
        plan.failed(ACMEFault(reason: .rateLimited, step: "", retryAfter: 5_000), now: 0, random: 0)
        #expect(plan.next == 5_000)
        plan.failed(ACMEFault(reason: .rateLimited, step: "", retryAfter: .max), now: 0, random: 0)
        #expect(plan.next == RenewalPlan.longestDelay)
        // A time that is sooner than ours hurries nobody.
        plan.failed(ACMEFault(reason: .rateLimited, step: "", retryAfter: 0), now: 0, random: 0)
        #expect(plan.next == 960)
    }

    /// Whatever dates a certificate has, nothing traps, and nobody orders without a pause.
    @Test func anyDates() {
        var random = SeededRandom()
        for _ in 0..<2_000 {
            let one = Int64.random(in: -4_000_000_000...300_000_000_000, using: &random)
            let other = one + Int64.random(in: 0...200_000_000_000, using: &random)
            var plan = RenewalPlan(validity: one..<other, now: 0, random: Double.random(in: 0..<1, using: &random))
            let now = Int64.random(in: 0...4_000_000_000, using: &random)
            plan.succeeded(validity: one..<other, now: now, random: Double.random(in: 0..<1, using: &random))
            #expect(plan.next >= now + 5, "seed \(random.seed)")
            for _ in 0..<70 {
                plan.failed(ACMEFault(reason: .refused, step: ""), now: now, random: 0.5)
                #expect(plan.next > now && plan.next <= now + RenewalPlan.longestDelay, "seed \(random.seed)")
            }
        }
    }
}
