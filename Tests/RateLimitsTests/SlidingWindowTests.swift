import GatehouseTesting
import Testing

@testable import RateLimits

@Suite struct SlidingWindowTests {
    @Test(arguments: [1, 63, 64, 65, 100, 1_000]) func admitsExactlyTheLimit(_ count: Int) throws {
        let limit = try RateLimit(name: "a", limit: count, window: 60 * second, algorithm: .slidingWindow)
        let store = LimitStore()
        #expect(store.admitted(2 * count, of: limit, "k", at: at(0)) == count)
        #expect(store.admitted(10, of: limit, "k", at: at(59 * second)) == 0)
        #expect(store.admitted(2 * count, of: limit, "k", at: at(61 * second)) == count)
    }

    /// Of the two-window estimate's known faults: no burst across the edge of a window.
    @Test(arguments: [10, 100, 1_000]) func hasNoEdge(_ count: Int) throws {
        let limit = try RateLimit(name: "a", limit: count, window: 60 * second, algorithm: .slidingWindow)
        let store = LimitStore()
        #expect(store.admitted(count, of: limit, "k", at: at(59 * second)) == count)
        #expect(store.admitted(count, of: limit, "k", at: at(61 * second)) == 0)
        #expect(store.admitted(count, of: limit, "k", at: at(118 * second)) == 0)
        // One part of 64 late at most.
        #expect(store.admitted(2 * count, of: limit, "k", at: at(120 * second)) == count)
    }

    @Test func tellsWhenAPlaceComesFree() throws {
        let limit = try RateLimit(name: "a", limit: 2, window: 10 * second, algorithm: .slidingWindow)
        let store = LimitStore()
        let epoch = at(0).epoch / second
        #expect(store.decide(limit, "k", at: at(0)).remaining == 1)
        #expect(store.decide(limit, "k", at: at(4 * second)).remaining == 0)
        let refused = store.decide(limit, "k", at: at(5 * second))
        #expect(!refused.isAllowed)
        #expect((5...6).contains(refused.retryAfter))
        #expect((epoch + 14...epoch + 15).contains(refused.reset))
        #expect(store.admitted(2, of: limit, "k", at: at(10 * second + 1_000)) == 1)
    }

    /// No window, wherever it begins, holds more than the limit; and what an exact log would admit is admitted one part
    /// later at most.
    @Test func neverHoldsMoreThanTheLimit() throws {
        var random = SeededRandom()
        for _ in 0..<30 {
            let count = [1, 3, 64, 65, 200].randomElement(using: &random)!
            let window = second * Int64.random(in: 1...100, using: &random)
            let limit = try RateLimit(name: "a", limit: count, window: window, algorithm: .slidingWindow)
            let part = limit.part.width
            let store = LimitStore()
            var naive = NaiveWindow(limit: count, window: window)
            var now: Int64 = 0
            for _ in 0..<1_000 {
                now += [0, 1, Int64.random(in: 0...max(2 * window / Int64(count), 1), using: &random), window / 7]
                    .randomElement(using: &random)!
                let isAllowed = store.decide(limit, "k", at: at(now)).isAllowed
                if isAllowed { #expect(naive.admits(at: now), "seed \(random.seed)") }
                // Had each request lasted one part longer, an exact log would have refused too.
                if !isAllowed { #expect(!naive.admits(at: now - part), "seed \(random.seed)") }
                if isAllowed { naive.count(at: now) }
            }
            #expect(naive.fullest <= count, "seed \(random.seed)")
            #expect(naive.times.count >= count, "seed \(random.seed)")
        }
    }

    @Test func takesLoopsWhoseClocksDiffer() throws {
        let limit = try RateLimit(name: "a", limit: 5, window: second, algorithm: .slidingWindow)
        let store = LimitStore()
        for time in [5, 3, 4, 5, 1] as [Int64] { #expect(store.decide(limit, "k", at: at(time * 1_000_000)).isAllowed) }
        #expect(!store.decide(limit, "k", at: at(0)).isAllowed)
        #expect(!store.decide(limit, "k", at: at(second)).isAllowed)
        #expect(store.admitted(9, of: limit, "k", at: at(second + 6_000_000)) == 5)
    }
}

@Suite struct QuotaTests {
    @Test func beginsAnewAtMidnightAndOnTheFirst() throws {
        let day = try RateLimit(name: "d", quota: 3, per: .day)
        let month = try RateLimit(name: "m", quota: 5, per: .month)
        let store = LimitStore()
        // 2024-02-28T23:00:00Z.
        let first = store.decide(day, "k", at: at(0))
        #expect(first == LimitOutcome(isAllowed: true, remaining: 2, reset: 1_709_164_800, retryAfter: 0))
        #expect(store.admitted(5, of: day, "k", at: at(0)) == 2)
        let refused = store.decide(day, "k", at: at(second / 2))
        #expect(refused == LimitOutcome(isAllowed: false, remaining: 0, reset: 1_709_164_800, retryAfter: 3_600))
        #expect(store.admitted(5, of: day, "k", at: at(3_599 * second)) == 0)
        #expect(store.admitted(5, of: day, "k", at: at(3_600 * second)) == 3)

        #expect(store.decide(month, "k", at: at(0)).reset == 1_709_251_200)
        #expect(store.admitted(9, of: month, "k", at: at(3_600 * second)) == 4)
        #expect(store.admitted(9, of: month, "k", at: at(25 * 3_600 * second)) == 5)
    }

    @Test func givesNoSecondQuotaWhenTheClockIsPutBack() throws {
        let day = try RateLimit(name: "d", quota: 3, per: .day)
        let store = LimitStore()
        #expect(store.admitted(3, of: day, "k", at: at(3_600 * second)) == 3)
        #expect(store.admitted(3, of: day, "k", at: at(0)) == 0)
        #expect(store.decide(day, "k", at: at(0)).reset == 1_709_164_800 + 86_400)
    }
}
