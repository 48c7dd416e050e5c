import Testing

@testable import RateLimits

@Suite struct LimitFieldsTests {
    @Test func writesWhatArticlesAndDraftsPrint() throws {
        let store = LimitStore()
        let rate = try RateLimit(name: "default", requests: 100, per: .second, burst: 20)
        let quota = try RateLimit(name: "month", quota: 1_000_000, per: .month)
        let hidden = try RateLimit(name: "dry", requests: 1, per: .minute, isDryRun: true)
        let day = try RateLimit(name: "day", quota: 5, per: .day)
        let check = LimitCheck([(rate, "k"), (quota, "k"), (hidden, "k"), (day, "k")])
        let now = at(0)
        store.decide(check, at: now)
        let item = try #require(check.decisive)
        #expect(item.limit === day)
        #expect(text { LimitFields.appendLimit(of: item, to: &$0) } == "5")
        #expect(text { LimitFields.appendRemaining(of: item, to: &$0) } == "4")
        #expect(text { LimitFields.appendReset(of: item, to: &$0) } == "1709164800")
        #expect(
            text { LimitFields.appendRateLimit(of: check, at: now, to: &$0) }
                == #""default";r=19;t=1, "month";r=999999;t=90000, "day";r=4;t=3600"#)
        #expect(
            text { LimitFields.appendPolicy(of: check, to: &$0) }
                == #""default";q=100;w=1, "month";q=1000000, "day";q=5;w=86400"#)
    }

    @Test func asksToWaitAtLeastASecond() throws {
        let store = LimitStore()
        let rate = try RateLimit(name: "default", requests: 100, per: .second, burst: 1)
        #expect(store.admitted(1, of: rate, "k", at: at(0)) == 1)
        let check = LimitCheck([(rate, "k")])
        store.decide(check, at: at(0))
        #expect(text { LimitFields.appendRetryAfter(of: check.items[0], to: &$0) } == "1")
        #expect(text { LimitFields.appendRateLimit(of: check, at: at(0), to: &$0) } == #""default";r=0;t=1"#)
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 12_345, -7, Int.max, Int.min]) func writesNumbers(_ number: Int) {
        #expect(text { Decimal.append(number, to: &$0) } == String(number))
    }

    @Test func writesNothingWhereNothingIsTold() throws {
        let hidden = try RateLimit(name: "dry", requests: 1, per: .minute, isDryRun: true)
        let check = LimitCheck([(hidden, "k")])
        LimitStore().decide(check, at: at(0))
        #expect(text { LimitFields.appendPolicy(of: check, to: &$0) }.isEmpty)
        #expect(check.decisive == nil)
    }
}
