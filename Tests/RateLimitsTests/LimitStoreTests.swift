import GatehouseTesting
import Testing

@testable import RateLimits

@Suite struct LimitStoreTests {
    private func rate(_ requests: Int, _ name: String = "a", dry: Bool = false) throws -> RateLimit {
        try RateLimit(name: name, requests: requests, per: .day, isDryRun: dry)
    }

    @Test func chargesAllOrNone() throws {
        let store = LimitStore(shards: 64)
        let (narrow, wide) = (try rate(2, "narrow"), try rate(5, "wide"))
        let window = try RateLimit(name: "window", limit: 4, window: 3_600 * second, algorithm: .slidingWindow)
        let quota = try RateLimit(name: "quota", quota: 4, per: .month)
        let check = LimitCheck()
        var admitted = 0
        for _ in 0..<10 {
            check.removeAll()
            for limit in [wide, window, quota, narrow] { check.add(limit, key: [1].span) }
            store.decide(check, at: at(0))
            if check.isAllowed { admitted += 1 }
        }
        #expect(admitted == 2)
        #expect(check.decisive.map { check.items[$0].limit } === narrow)
        // Eight refusals took nothing of the others.
        #expect(check.items.map(\.outcome.remaining) == [2, 1, 1, 0])
        #expect(store.admitted(9, of: wide, "\u{1}", at: at(0)) == 3)
        #expect(store.admitted(9, of: window, "\u{1}", at: at(0)) == 2)
        #expect(store.admitted(9, of: quota, "\u{1}", at: at(0)) == 2)
    }

    @Test func keepsKeysAndLimitsApart() throws {
        let store = LimitStore()
        let (one, other) = (try rate(1, "one"), try rate(1, "other"))
        #expect(store.decide(one, "a", at: at(0)).isAllowed)
        #expect(store.decide(one, "b", at: at(0)).isAllowed)
        #expect(store.decide(other, "a", at: at(0)).isAllowed)
        #expect(!store.decide(one, "a", at: at(0)).isAllowed)
        #expect(store.decide(one, "", at: at(0)).isAllowed)
        #expect(!store.decide(one, "", at: at(0)).isAllowed)
    }

    @Test func dryRunRefusesNobodyAndTakesNoPart() throws {
        let store = LimitStore()
        let (dry, real) = (try rate(1, "dry", dry: true), try rate(3, "real"))
        var admitted = 0
        var wouldRefuse = 0
        for _ in 0..<5 {
            let check = LimitCheck([(dry, "k"), (real, "k")])
            store.decide(check, at: at(0))
            if check.isAllowed { admitted += 1 }
            if !check.items[0].outcome.isAllowed { wouldRefuse += 1 }
            #expect(check.decisive.map { check.items[$0].limit } === real)
        }
        #expect(admitted == 3)
        #expect(wouldRefuse == 4)
    }

    @Test func takesTheSameLimitOnce() throws {
        let limit = try rate(10)
        let check = LimitCheck([(limit, "k"), (limit, "k"), (limit, "other")])
        #expect(check.items.count == 2)
        let full = LimitCheck()
        for number in 0..<LimitCheck.capacity { #expect(full.add(try rate(1, "l\(number)"), "k")) }
        #expect(!full.add(try rate(1, "one more"), "k"))
        LimitStore().decide(full, at: at(0))
        #expect(full.isAllowed)
        full.removeAll()
        LimitStore().decide(full, at: at(0))
        #expect(full.isAllowed)
        #expect(full.decisive == nil)
    }

    /// Eight threads on one key, each limit kind alone and all together: exactly the limit is admitted.
    @Test func isExactUnderManyThreads() async throws {
        let limits = [
            try rate(1_000, "bucket"),
            try RateLimit(name: "window", limit: 1_000, window: 3_600 * second, algorithm: .slidingWindow),
            try RateLimit(name: "quota", quota: 1_000, per: .day),
        ]
        for chosen in limits.map({ [$0] }) + [limits, limits.reversed()] {
            let store = LimitStore(shards: 64)
            let admitted = Counter()
            await Threads.run(8) { thread in
                let check = LimitCheck()
                for _ in 0..<500 {
                    check.removeAll()
                    // Half of the threads name the limits in another order: no two wait for each other.
                    for limit in thread % 2 == 0 ? chosen : chosen.reversed() { check.add(limit, key: [7].span) }
                    store.decide(check, at: at(0))
                    if check.isAllowed { admitted.increment() }
                }
            }
            #expect(admitted.value == 1_000)
        }
    }

    @Test func forgetsWhatNoLongerMatters() throws {
        let limit = try RateLimit(name: "a", requests: 10, per: .second)
        let window = try RateLimit(name: "w", limit: 10, window: second, algorithm: .slidingWindow)
        let store = LimitStore(keys: 200_000, shards: 4)
        for key in 0..<20_000 {
            _ = store.decide(limit, "\(key)", at: at(0))
            _ = store.decide(window, "\(key)", at: at(0))
        }
        let full = store.statistics
        #expect(full.keys == 40_000)
        for _ in 0..<20 * 4 { store.sweep(slots: 16_384, at: at(2 * second)) }
        let empty = store.statistics
        #expect(empty.keys == 0)
        #expect(empty.bytes * 50 < full.bytes)
        #expect(empty.evictions == 0)
    }

    /// As many as a store takes: none is given up, each costs its slot, and when they do not matter any more the sweep of the
    /// gateway's clock gives all of it back. (`Benchmarks/limits` says what that is of resident memory.)
    @Test func aMillionKeysAndTheirMemory() throws {
        let store = LimitStore(secret: (1, 2))
        let limit = try RateLimit(name: "a", requests: 100, per: .minute)
        let check = LimitCheck()
        var key = [UInt8](repeating: 0, count: 8)
        let keys = 1_000_000
        for number in 0..<keys {
            for place in 0..<4 { key[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
            check.removeAll()
            check.add(limit, key: key.span)
            store.decide(check, at: at(0))
        }
        let full = store.statistics
        #expect(full.keys == keys)
        #expect(full.evictions == 0)
        #expect(full.bytes / keys <= 72, "\(full.bytes / keys) bytes a key")
        // One of a hundred was taken from each, and comes back in less than a second.
        for _ in 0..<64 * 4 { store.sweep(slots: 16_384, at: at(second)) }
        #expect(store.statistics.keys == 0)
        #expect(store.statistics.bytes == 0)
    }

    /// New keys alone sweep out old ones: a store that sees each key once stays small.
    @Test func staysSmallUnderKeysThatComeOnce() throws {
        let limit = try RateLimit(name: "a", requests: 1_000, per: .second)
        let store = LimitStore(keys: 1_000_000, shards: 4)
        for key in 0..<100_000 { _ = store.decide(limit, "\(key)", at: at(Int64(key) * 100_000)) }
        #expect(store.statistics.keys < 2_000)
    }

    @Test func boundsItsKeysAndGivesUpTheLeast() throws {
        let short = try RateLimit(name: "short", requests: 1, per: .minute)
        let long = try RateLimit(name: "long", requests: 1, per: .day)
        let store = LimitStore(keys: 1_000, shards: 1)
        for key in 0..<100 { _ = store.decide(long, "\(key)", at: at(0)) }
        for key in 0..<20_000 { _ = store.decide(short, "\(key)", at: at(0)) }
        let statistics = store.statistics
        #expect(statistics.keys == 1_000)
        #expect(statistics.evictions == 19_100)
        // Those whose buckets are far from full were kept.
        #expect((0..<100).count { store.decide(long, "\($0)", at: at(0)).isAllowed } == 0)
    }

    /// Random operations of a table against a dictionary.
    @Test func tableAgreesWithADictionary() {
        var random = SeededRandom()
        for _ in 0..<20 {
            var table = KeyTable<BucketState>(limit: 10_000)
            var naive: [KeyDigest: BucketState] = [:]
            var now: Int64 = 0
            for _ in 0..<3_000 {
                // Few homes, so that runs of slots grow, wrap around and close up.
                let digest = KeyDigest(
                    low: .random(in: 0...40, using: &random) << 58, high: .random(in: 0...9, using: &random))
                let time = LimitTime(monotonic: now, epoch: now)
                if let place = table.find(digest) {
                    #expect(naive[digest] == table[place], "seed \(random.seed)")
                } else {
                    #expect(naive[digest].map { $0.isForgettable(at: time) } ?? true, "seed \(random.seed)")
                    let state = BucketState(
                        time: now + .random(in: 1...2_000, using: &random), count: 0, isQuota: false)
                    _ = table.insert(digest, state, at: time)
                    naive[digest] = state
                }
                now += .random(in: 0...10, using: &random)
                if Int.random(in: 0..<50, using: &random) == 0 {
                    table.sweep(.max, at: LimitTime(monotonic: now, epoch: now))
                    naive = naive.filter { $0.value.time > now }
                    #expect(table.count == naive.count, "seed \(random.seed)")
                    for (digest, _) in naive { #expect(table.find(digest) != nil, "seed \(random.seed)") }
                }
            }
        }
    }

    /// Against OpenSSL's SipHash: 128 bits, one and three rounds, key 000102…0f.
    @Test(arguments: sipHashes) func hashesAsOthersDo(_ length: Int, _ expected: String) {
        let message = (0..<length).map { UInt8($0) }
        for cut in [0, length / 2, length] {
            var hash = SipHash13((0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
            hash.append(Array(message[..<cut]).span)
            hash.append(Array(message[cut...]).span)
            let digest = hash.finish()
            var text = ""
            for word in [digest.low, digest.high] {
                for shift in 0..<8 {
                    let byte = UInt8(truncatingIfNeeded: word >> UInt64(shift * 8))
                    text +=
                        String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
                }
            }
            #expect(text == expected)
        }
    }
}

/// What OpenSSL 3 says to messages 00, 01, 02, … of these lengths.
let sipHashes: [(Int, String)] = [
    (0, "E77EBCB22788A5BEFD62DB6ADD303001"),
    (1, "FC6F370460D3EDA85E0573CC2B2FF063"),
    (7, "1084B923F2AAE0C3A62F2EC80848AB77"),
    (8, "AA12FEE1D5E3DAB4724F16AB35F9C799"),
    (9, "81DDB8042CF33994F4720E0094137C42"),
    (15, "C17E5505B2BD526C2921CDEC1E7E0109"),
    (16, "D0A8D95715518EEBB513B0F83D9E1793"),
    (63, "4C5800E34EFE426F079F6B0AA75260AD"),
]
