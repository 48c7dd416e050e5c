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

    /// A certificate of the days 0 to 90, a draw of a half, and what the authority says: when the next order is due. Days.
    @Test(arguments: [
        // A moment within the window, drawn once.
        (10..<20, 15), (0..<2, 1), (-10 ..< -4, -7), (60..<62, 61),
        // Not so late that too little is left: a sixth.
        (60..<100, 75), (74..<90, 75), (200..<300, 75),
    ])
    func theAuthoritysWindow(window: Range<Int64>, due: Int64) {
        var plan = RenewalPlan(validity: 0..<90 * day, now: 0, random: 0.5)
        let own = plan.next
        plan.told(window.lowerBound * day..<window.upperBound * day, retryAfter: nil, now: 0)
        #expect(plan.next == due * day)
        // To be told the same again changes nothing, nor does a question that fails.
        plan.told(window.lowerBound * day..<window.upperBound * day, retryAfter: nil, now: day)
        plan.notTold(retryAfter: nil, now: 2 * day)
        #expect(plan.next == due * day)
        // An order that failed waits as without a window; one that succeeds ends what was said of the old certificate.
        let now = max(plan.next, 0)
        plan.failed(ACMEFault(reason: .refused, step: ""), now: now, random: 0)
        #expect(plan.next == now + 60)
        plan.succeeded(validity: now..<now + 90 * day, now: now, random: 0.5)
        #expect(plan.next == own + now && plan.window == nil)
        // Who does not say any more leaves it to us.
        plan.told(now..<now + day, retryAfter: nil, now: now)
        plan.told(nil, retryAfter: nil, now: now)
        #expect(plan.next == own + now)
    }

    /// A window that is over means now, but not in the same breath as the last order.
    @Test func aWindowThatIsOver() {
        var plan = RenewalPlan(validity: nil, now: 1_000, random: 0.5)
        #expect(plan.nextQuestion == nil)
        plan.succeeded(validity: 1_000..<1_000 + 90 * day, now: 1_000, random: 0.5)
        #expect(plan.nextQuestion == 1_000)
        plan.told(0..<100, retryAfter: nil, now: 1_001)
        #expect(plan.next == 1_005)
        // One that was kept from an earlier run is renewed at once.
        var kept = RenewalPlan(validity: 0..<90 * day, now: 1_000, random: 0.5)
        kept.told(0..<100, retryAfter: nil, now: 1_000)
        #expect(kept.isDue(at: 1_000))
    }

    /// How long until the next question, by what the authority says of it.
    @Test(arguments: [
        (Int64?.none, Int64(21_600)), (0, 60), (59, 60), (61, 61), (43_200, 43_200), (86_401, 86_400), (.max, 86_400),
    ])
    func questions(retryAfter: Int64?, pause: Int64) {
        var plan = RenewalPlan(validity: 0..<90 * day, now: 7, random: 0)
        #expect(plan.nextQuestion == 7)
        plan.told(10 * day..<11 * day, retryAfter: retryAfter, now: 100)
        #expect(plan.nextQuestion == 100 + pause)
    }

    @Test func questionsThatFail() {
        var plan = RenewalPlan(validity: 0..<90 * day, now: 0, random: 0)
        let next = plan.next
        var now: Int64 = 0
        for pause: Int64 in [60, 240, 960, 3_840, 15_360, 21_600, 21_600] {
            plan.notTold(retryAfter: nil, now: now)
            #expect(plan.nextQuestion == now + pause && plan.next == next && plan.failures == 0)
            now += pause
        }
        plan.notTold(retryAfter: 30_000, now: now)
        #expect(plan.nextQuestion == now + 30_000)
        plan.notTold(retryAfter: .max, now: now)
        #expect(plan.nextQuestion == now + day)
        // One that leaves the time to others is asked once a day whether it still does.
        plan.told(nil, retryAfter: 60, now: now)
        #expect(plan.nextQuestion == now + day && plan.next == next)
        plan.notTold(retryAfter: nil, now: now)
        #expect(plan.nextQuestion == now + 60)
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
            let start = Int64.random(in: -70_000_000_000...253_402_300_799, using: &random)
            plan.told(
                start..<Int64.random(in: start + 1...253_402_300_800, using: &random),
                retryAfter: Int64.random(in: 0...(.max), using: &random), now: now)
            #expect(plan.next >= now + 5, "seed \(random.seed)")
            let pause = (plan.nextQuestion ?? 0) - now
            #expect(pause >= 60 && pause <= day, "seed \(random.seed)")
            for _ in 0..<70 {
                plan.failed(ACMEFault(reason: .refused, step: ""), now: now, random: 0.5)
                #expect(plan.next > now && plan.next <= now + RenewalPlan.longestDelay, "seed \(random.seed)")
            }
        }
    }
}
