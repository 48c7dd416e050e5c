import GatehouseTesting
import Testing

@testable import RateLimits

/// The script in real servers, by their own clocks: what does not depend on how long a test takes.
@Suite struct LimitScriptTests {
    private func limits(_ count: Int) throws -> [RateLimit] {
        [
            try RateLimit(name: "bucket", requests: count, per: .day),
            try RateLimit(name: "burst", requests: 1, per: .day, burst: count),
            try RateLimit(name: "window", limit: count, window: 86_400 * second, algorithm: .slidingWindow),
            try RateLimit(name: "day", quota: count, per: .day),
            try RateLimit(name: "month", quota: count, per: .month),
        ]
    }

    /// Three gateways with a thousand requests each on one server.
    @Test(arguments: RedisServer.Program.allCases) func admitsExactlyTheLimit(_ program: RedisServer.Program)
        async throws
    {
        let server = try LimitServer(program)
        let path = server.path
        // A quota may begin anew at midnight while the test runs; the others may not.
        let kinds = try limits(100).filter { if case .quota = $0.algorithm { false } else { true } }
        for chosen in kinds.map({ [$0] }) + [kinds] {
            let (admitted, failed) = (Counter(), Counter())
            await Threads.run(3) { gateway in
                do {
                    let client = try LimitClient(path)
                    try client.load()
                    let check = LimitCheck()
                    for _ in 0..<1_000 {
                        check.removeAll()
                        for limit in gateway == 0 ? chosen.reversed() : chosen {
                            check.add(limit, "key \(chosen.count)")
                        }
                        guard case .decided = try client.decide(check) else { return failed.increment() }
                        if check.isAllowed { admitted.increment() }
                    }
                } catch { failed.increment() }
            }
            #expect(failed.value == 0)
            #expect(admitted.value == 100)
        }
    }

    /// The script and the store in this process say the same to the same requests, for every kind.
    @Test(arguments: RedisServer.Program.allCases) func saysWhatTheStoreSays(_ program: RedisServer.Program) throws {
        let server = try LimitServer(program)
        let client = try LimitClient(server.path)
        try client.load()
        for count in [1, 2, 3, 64, 65, 70] {
            for limit in try limits(count) {
                let (store, now) = (LimitStore(), try clock(client))
                for request in 0..<count + 2 {
                    let (theirs, ours) = (
                        try client.decide(limit, "k\(count)"), store.decide(limit, "k\(count)", at: now)
                    )
                    // Midnight may pass between the two.
                    if case .quota = limit.algorithm, theirs.isAllowed != ours.isAllowed { continue }
                    #expect(
                        theirs.isAllowed == ours.isAllowed,
                        "\(String(decoding: limit.identity, as: UTF8.self)) \(request)")
                    #expect(
                        theirs.remaining == ours.remaining,
                        "\(String(decoding: limit.identity, as: UTF8.self)) \(request)")
                    #expect(abs(theirs.reset - ours.reset) <= 60)
                    #expect(abs(theirs.retryAfter - ours.retryAfter) <= 60)
                    #expect(theirs.isAllowed == (theirs.retryAfter == 0))
                }
            }
        }
    }

    private func clock(_ client: LimitClient) throws -> LimitTime {
        let words = try client.command("TIME").split(whereSeparator: \.isNewline)
        let epoch = try #require(words.count == 5 ? Int64(words[2]) : nil)
        return LimitTime(monotonic: epoch * second, epoch: epoch * second)
    }

    @Test(arguments: RedisServer.Program.allCases) func chargesAllOrNone(_ program: RedisServer.Program) throws {
        let server = try LimitServer(program)
        let client = try LimitClient(server.path)
        try client.load()
        let narrow = try RateLimit(name: "narrow", requests: 2, per: .day)
        let wide = try RateLimit(name: "wide", limit: 5, window: 3_600 * second, algorithm: .slidingWindow)
        let dry = try RateLimit(name: "dry", requests: 1, per: .day, isDryRun: true)
        var admitted = 0
        for _ in 0..<6 {
            let check = LimitCheck([(wide, "k"), (narrow, "k"), (dry, "k")])
            _ = try client.decide(check)
            if check.isAllowed { admitted += 1 }
        }
        #expect(admitted == 2)
        #expect(try client.decide(wide, "k").remaining == 2)
    }

    /// A fast bucket refills by the server's clock, and its counts are right for limits that no microsecond divides.
    @Test(arguments: RedisServer.Program.allCases) func refills(_ program: RedisServer.Program) throws {
        let server = try LimitServer(program)
        let client = try LimitClient(server.path)
        try client.load()
        for requests in [1_000_003, 7_000_000, RateLimit.maximum] {
            let limit = try RateLimit(name: "fast", requests: requests, per: .second, burst: 10)
            // Far more than ten, one after the other: each is some microseconds later, in which tokens come back.
            for _ in 0..<100 { #expect(try client.decide(limit, "k").remaining == 9) }
        }
    }

    @Test(arguments: RedisServer.Program.allCases) func keysExpire(_ program: RedisServer.Program) throws {
        let server = try LimitServer(program)
        let client = try LimitClient(server.path)
        try client.load()
        for limit in try limits(3) {
            _ = try client.decide(limit, "k")
            let key = "gatehouse:" + String(decoding: limit.identity, as: UTF8.self) + "k"
            let answer = try client.command("PTTL", key)
            let left = try #require(Int64(answer.dropFirst().dropLast()))
            #expect(left > 0)
            #expect(left <= limit.window / 1_000_000 * 31)
        }
    }

    @Test(arguments: RedisServer.Program.allCases) func surviveWhatOthersWrote(_ program: RedisServer.Program) throws {
        let server = try LimitServer(program)
        let client = try LimitClient(server.path)
        try client.load()
        for limit in try limits(3) {
            let key = "gatehouse:" + String(decoding: limit.identity, as: UTF8.self) + "k"
            for rubbish in ["", "x", "1", "99 -1", "\u{1}\u{2}\u{3}", "1e400 1", "nan nan"] {
                _ = try client.command("SET", key, rubbish)
                #expect(try client.decide(limit, "k").isAllowed, "\(rubbish)")
            }
        }
    }

    @Test(arguments: RedisServer.Program.allCases) func knowsRefusals(_ program: RedisServer.Program) throws {
        let server = try LimitServer(program)
        let client = try LimitClient(server.path)
        try client.load()
        _ = try client.command("SCRIPT", "FLUSH")
        let check = LimitCheck([(try limits(1)[0], "k")])
        guard case .refused(.noScript, _) = try client.decide(check) else {
            Issue.record("a script that is gone was found")
            return
        }
        try client.load()
        guard case .decided = try client.decide(check) else {
            Issue.record("a script that was loaded again was not found")
            return
        }
        _ = try client.command("CONFIG", "SET", "requirepass", "secret")
        let stranger = try LimitClient(server.path)
        let answer = Array(try stranger.command("PING").utf8)
        #expect(
            try LimitReply.read(answer.span, from: 0, reader: RESPReader(), into: check)
                == .refused(.noAuthentication, end: answer.count))
    }

    /// Asked for many at once it grants what is there, and charges that; what is given back can be had again.
    @Test(arguments: RedisServer.Program.allCases) func grantsAndTakesBack(_ program: RedisServer.Program) throws {
        let server = try LimitServer(program)
        let client = try LimitClient(server.path)
        try client.load()
        for count in [10, 70] {
            for limit in try limits(count) {
                let check = LimitCheck([(limit, "k\(count)")])
                let name = String(decoding: limit.identity, as: UTF8.self)
                var granted: [Int] = []
                var remaining: [Int] = []
                for _ in 0..<4 {
                    _ = try client.decide(check, count: count / 2 - 1)
                    granted.append(check.grants)
                    remaining.append(check.items[0].outcome.remaining)
                }
                #expect(granted == [count / 2 - 1, count / 2 - 1, 2, 0], "\(name)")
                #expect(remaining == [count / 2 + 1, 2, 0, 0], "\(name)")
                try client.giveBack(check, count: 3)
                #expect(try client.decide(limit, "k\(count)").remaining == 2, "\(name)")
                // More than there was: then nothing has been used.
                try client.giveBack(check, count: count)
                #expect(try client.decide(limit, "k\(count)").remaining == count - 1, "\(name)")
                try client.giveBack(LimitCheck([(limit, "nobody")]), count: 1)
                #expect(try client.decide(limit, "nobody").remaining == count - 1, "\(name)")
            }
        }
    }

    /// Limits in dry run that refuse are asked for each request by itself.
    @Test(arguments: RedisServer.Program.allCases) func grantsNoMoreThanAllLimits(
        _ program: RedisServer.Program
    ) throws {
        let server = try LimitServer(program)
        let client = try LimitClient(server.path)
        try client.load()
        let narrow = try RateLimit(name: "narrow", requests: 7, per: .day)
        let wide = try RateLimit(name: "wide", limit: 100, window: 3_600 * second, algorithm: .slidingWindow)
        let dry = try RateLimit(name: "dry", requests: 2, per: .day, isDryRun: true)
        let check = LimitCheck([(wide, "k"), (narrow, "k"), (dry, "k")])
        var granted: [Int] = []
        for _ in 0..<8 {
            _ = try client.decide(check, count: 5)
            granted.append(check.grants)
        }
        #expect(granted == [2, 1, 1, 1, 1, 1, 0, 0])
        #expect(try client.decide(wide, "k").remaining == 100 - 7 - 1)
    }
}
