import Testing

@testable import RateLimits

@Suite struct LeaseTableTests {
    private func granted(_ check: LimitCheck, _ count: Int, remaining: Int) {
        check.grants = count
        for index in check.items.indices {
            check.items[index].outcome = LimitOutcome(isAllowed: true, remaining: remaining, reset: 9, retryAfter: 0)
        }
    }

    /// Outside of the macro, which takes no mutating call.
    private func admits(_ table: inout LeaseTable, _ check: LimitCheck, _ now: Int64) -> Bool {
        table.admit(check, at: now)
    }

    /// As a call does: asks, and is told.
    private func lease(_ table: inout LeaseTable, _ check: LimitCheck, _ now: Int64) {
        if table.ask(check, most: 4, at: now) > 1 { table.conclude(check, isGranted: true, at: now) }
    }

    /// One asks for all; who comes meanwhile asks for itself.
    @Test func oneAtATime() throws {
        let limit = try RateLimit(name: "a", requests: 100, per: .day)
        var table = LeaseTable(lifetime: 10, secret: (1, 2))
        let check = LimitCheck([(limit, "k")])
        var asked = [table.ask(check, most: 4, at: 0), table.ask(check, most: 4, at: 0)]
        asked.append(table.ask(LimitCheck([(limit, "l")]), most: 1, at: 0))
        #expect(asked == [4, 1, 1])
        #expect(!admits(&table, check, 0))
        table.conclude(check, isGranted: false, at: 0)
        #expect(table.count == 0)
        let again = table.ask(check, most: 4, at: 0)
        #expect(again == 4)
    }

    @Test func countsDownAndEnds() throws {
        let limit = try RateLimit(name: "a", requests: 100, per: .day)
        let other = try RateLimit(name: "b", requests: 100, per: .day)
        var table = LeaseTable(lifetime: 10, secret: (1, 2))
        let check = LimitCheck([(limit, "k")])
        #expect(!admits(&table, check, 0))
        granted(check, 4, remaining: 96)
        lease(&table, check, 0)
        // The first of the four has three behind it.
        #expect(check.items[0].outcome.remaining == 99)
        var remaining: [Int] = []
        for _ in 0..<3 {
            let again = LimitCheck([(limit, "k")])
            #expect(admits(&table, again, 9))
            #expect(again.isAllowed)
            remaining.append(again.items[0].outcome.remaining)
        }
        #expect(remaining == [98, 97, 96])
        #expect(!admits(&table, LimitCheck([(limit, "k")]), 9))
        #expect(table.count == 0)

        lease(&table, check, 100)
        for stranger in [
            LimitCheck([(limit, "l")]), LimitCheck([(other, "k")]), LimitCheck([(limit, "k"), (other, "k")]),
        ] { #expect(!admits(&table, stranger, 100)) }
        #expect(!admits(&table, check, 110))
        #expect(!admits(&table, check, 100))
    }

    @Test func keepsNoMoreThanItMay() throws {
        let limit = try RateLimit(name: "a", requests: 100, per: .day)
        var table = LeaseTable(capacity: 3, lifetime: 10, secret: (1, 2))
        func keep(_ key: String, at now: Int64) {
            let check = LimitCheck([(limit, key)])
            granted(check, 2, remaining: 5)
            lease(&table, check, now)
        }
        for key in 0..<5 { keep("\(key)", at: 0) }
        #expect(table.count == 3)
        #expect(!admits(&table, LimitCheck([(limit, "4")]), 1))
        keep("5", at: 20)
        #expect(table.count == 1)
        #expect(admits(&table, LimitCheck([(limit, "5")]), 21))
    }

    /// A limit in dry run that would refuse says so of each request.
    @Test func leasesNothingThatIsRefused() throws {
        let limit = try RateLimit(name: "a", requests: 100, per: .day)
        var table = LeaseTable(lifetime: 10, secret: (1, 2))
        let check = LimitCheck([(limit, "k")])
        granted(check, 4, remaining: 1)
        check.items[0].outcome.isAllowed = false
        lease(&table, check, 0)
        #expect(table.count == 0)
        granted(check, 1, remaining: 1)
        lease(&table, check, 0)
        #expect(table.count == 0)
    }
}
