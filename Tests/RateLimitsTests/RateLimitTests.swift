import Testing

@testable import RateLimits

@Suite struct RateLimitTests {
    @Test(arguments: [
        (0, second, 1, RateLimit.Fault.limitOutOfRange), (-1, second, 1, .limitOutOfRange),
        (RateLimit.maximum + 1, second, 1, .limitOutOfRange), (1, second, 0, .burstOutOfRange),
        (1, second, RateLimit.maximum + 1, .burstOutOfRange), (1, second - 1, 1, .windowOutOfRange),
        (1, Int64.max, 1, .windowOutOfRange), (1, 86_400 * second, 3_661, .fillsTooSlowly),
        (1, 86_400 * second, RateLimit.maximum, .fillsTooSlowly),
        (1, 400 * 86_400 * second, RateLimit.maximum, .fillsTooSlowly),
    ]) func refusesNumbersThatMakeNoLimit(_ limit: Int, _ window: Int64, _ burst: Int, _ fault: RateLimit.Fault) {
        #expect(throws: fault) {
            try RateLimit(name: "a", limit: limit, window: window, algorithm: .tokenBucket(burst: burst))
        }
    }

    @Test(arguments: ["", "a\"b", "a\\b", "ä", "a\nb", String(repeating: "x", count: 65)])
    func refusesNamesThatNoFieldHolds(_ name: String) {
        #expect(throws: RateLimit.Fault.badName) { try RateLimit(name: name, requests: 1, per: .second) }
    }

    @Test func takesTheExtremes() throws {
        _ = try RateLimit(name: "a", requests: RateLimit.maximum, per: .second)
        _ = try RateLimit(name: "a", requests: 1, per: .day, burst: 3_660)
        _ = try RateLimit(name: "a", limit: 1, window: RateLimit.windows.upperBound, algorithm: .slidingWindow)
    }

    @Test func isTheSameLimitOnlyWhileItsNumbersAre() throws {
        func identity(_ requests: Int, _ burst: Int? = nil, _ period: RateLimit.Period = .second) throws -> [UInt8] {
            try RateLimit(name: "a", requests: requests, per: period, burst: burst).identity
        }
        #expect(try identity(5) == identity(5))
        #expect(try identity(5) == identity(5, 5))
        #expect(try identity(5) != identity(6))
        #expect(try identity(5) != identity(5, 6))
        #expect(try identity(5) != identity(5, nil, .minute))
        let window = try RateLimit(name: "a", limit: 5, window: second, algorithm: .slidingWindow)
        #expect(try identity(5) != window.identity)
        let (day, month) = (
            try RateLimit(name: "a", quota: 5, per: .day), try RateLimit(name: "a", quota: 5, per: .month)
        )
        #expect(day.identity != month.identity)
    }

    /// Days and the ends of their months, from any calendar.
    @Test(
        arguments: [
            (0, 86_400, 2_678_400), (951_782_399, 951_782_400, 951_868_800), (951_868_799, 951_868_800, 951_868_800),
            (1_709_161_200, 1_709_164_800, 1_709_251_200), (1_735_689_599, 1_735_689_600, 1_735_689_600),
            (1_735_689_600, 1_735_776_000, 1_738_368_000), (4_107_542_399, 4_107_542_400, 4_107_542_400),
        ] as [(Int64, Int64, Int64)])
    func knowsWhereDaysAndMonthsEnd(_ now: Int64, _ day: Int64, _ month: Int64) {
        #expect(CalendarPeriod.day.end(after: now) == day)
        #expect(CalendarPeriod.month.end(after: now) == month)
    }

    @Test func countsMonthsLikeTheCalendar() {
        // 400 years of months, one after the other, have 146,097 days.
        var end: Int64 = 0
        var lengths: [Int64] = []
        for _ in 0..<4_800 {
            let next = CalendarPeriod.month.end(after: end)
            lengths.append((next - end) / 86_400)
            #expect(CalendarPeriod.month.end(after: next - 1) == next)
            end = next
        }
        #expect(end == 146_097 * 86_400)
        #expect(lengths.allSatisfy { (28...31).contains($0) })
        #expect(lengths.count { $0 == 29 } == 97)
    }
}
