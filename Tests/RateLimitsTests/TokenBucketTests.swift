import GatehouseTesting
import Testing

@testable import RateLimits

@Suite struct TokenBucketTests {
    @Test func admitsTheBurstAndThenTheRate() throws {
        let limit = try RateLimit(name: "a", requests: 10, per: .second, burst: 20)
        let store = LimitStore()
        #expect(store.admitted(30, of: limit, "k", at: at(0)) == 20)
        #expect(store.admitted(5, of: limit, "k", at: at(second / 10 - 1)) == 0)
        #expect(store.admitted(5, of: limit, "k", at: at(second / 10)) == 1)
        #expect(store.admitted(50, of: limit, "k", at: at(second)) == 9)
        #expect(store.admitted(50, of: limit, "k", at: at(100 * second)) == 20)
    }

    @Test func tellsWhatIsLeftAndWhenItIsFullAgain() throws {
        let limit = try RateLimit(name: "a", requests: 1, per: .second, burst: 3)
        let store = LimitStore()
        let now = at(0)
        let epoch = now.epoch / second
        #expect(
            store.decide(limit, "k", at: now)
                == LimitOutcome(isAllowed: true, remaining: 2, reset: epoch + 1, retryAfter: 0))
        #expect(
            store.decide(limit, "k", at: now)
                == LimitOutcome(isAllowed: true, remaining: 1, reset: epoch + 2, retryAfter: 0))
        #expect(
            store.decide(limit, "k", at: now)
                == LimitOutcome(isAllowed: true, remaining: 0, reset: epoch + 3, retryAfter: 0))
        #expect(
            store.decide(limit, "k", at: now)
                == LimitOutcome(isAllowed: false, remaining: 0, reset: epoch + 3, retryAfter: 1))
        // A part of a second counts as a whole one.
        #expect(
            store.decide(limit, "k", at: at(1))
                == LimitOutcome(isAllowed: false, remaining: 0, reset: epoch + 3, retryAfter: 1))
        let slow = try RateLimit(name: "b", requests: 1, per: .minute)
        _ = store.decide(slow, "k", at: now)
        #expect(store.decide(slow, "k", at: at(second)).retryAfter == 59)
        #expect(store.decide(slow, "k", at: at(second + 1)).retryAfter == 59)
        #expect(store.decide(slow, "k", at: at(60 * second)).isAllowed)
    }

    @Test func doesNotChargeWhatItRefuses() throws {
        let limit = try RateLimit(name: "a", requests: 1, per: .second)
        let store = LimitStore()
        #expect(store.admitted(1, of: limit, "k", at: at(0)) == 1)
        #expect(store.admitted(10_000, of: limit, "k", at: at(second / 2)) == 0)
        #expect(store.admitted(2, of: limit, "k", at: at(second)) == 1)
    }

    /// 7 a second, asked for at every token's very time for a long while: exactly 7 in each second.
    @Test func doesNotDrift() throws {
        // A bucket of two, so that it is never full, which would lose what comes after.
        let limit = try RateLimit(name: "a", requests: 7, per: .second, burst: 2)
        let store = LimitStore()
        #expect(store.admitted(1, of: limit, "k", at: at(0)) == 1)
        var admitted = 0
        var early = 0
        for request in 0..<Int64(70_000) {
            // The n-th token is there at n/7 s, rounded up to a nanosecond.
            let time = (request * second + 6) / 7
            if request > 0, store.decide(limit, "k", at: at(time - 1)).isAllowed { early += 1 }
            if store.decide(limit, "k", at: at(time)).isAllowed { admitted += 1 }
        }
        #expect(admitted == 70_000)
        #expect(early == 0)
    }

    @Test func survivesClocksAtTheirEnds() throws {
        for limit in [
            try RateLimit(name: "a", requests: RateLimit.maximum, per: .second),
            try RateLimit(name: "b", requests: 1, per: .day, burst: 3_660),
        ] {
            let store = LimitStore()
            for time in [Int64.min, -1, 0, 1, Int64.max / 2, Int64.max / 2 - 1, 0] {
                _ = store.decide(limit, "k", at: LimitTime(monotonic: time, epoch: time))
            }
        }
    }

    /// Walks of random steps against a bucket that is kept as a level of exact numbers.
    @Test func agreesWithABucketOfWater() throws {
        var random = SeededRandom()
        for _ in 0..<200 {
            let requests = Int.random(
                in: 1...[5, 100, 100_000, RateLimit.maximum].randomElement(using: &random)!, using: &random)
            let period = RateLimit.Period.allCases.randomElement(using: &random)!
            let burst = Int.random(in: 1...max(1, min(3 * requests, 50)), using: &random)
            let limit = try RateLimit(name: "a", requests: requests, per: period, burst: burst)
            var naive = NaiveBucket(limit: requests, window: period.nanoseconds, burst: burst)
            let store = LimitStore()
            var now: Int64 = 0
            for _ in 0..<300 {
                let mean = period.nanoseconds / Int64(requests)
                now += [0, 0, Int64.random(in: 0...max(mean * 2, 1), using: &random), mean, naive.wait]
                    .randomElement(using: &random)!
                let outcome = store.decide(limit, "k", at: at(now))
                let expected = naive.take(at: now)
                #expect(outcome.isAllowed == expected.isAllowed, "seed \(random.seed)")
                #expect(outcome.remaining == expected.remaining, "seed \(random.seed)")
                if !outcome.isAllowed {
                    #expect(outcome.retryAfter == max((naive.wait + second - 1) / second, 1), "seed \(random.seed)")
                }
            }
        }
    }
}
