import GatehouseTesting
import Testing

@testable import Identity

/// A driver of the tests: fetches are answered by hand, time is a number.
private struct Driver {
    var cache: KeySetCache
    var now: Int64 = 0
    var fetches: [KeySetCache.Fetch] = []
    static let second: Int64 = 1_000_000_000

    init(_ sources: [KeySource]) { cache = KeySetCache(sources) }

    init(_ change: (inout KeySource) -> Void = { _ in }) {
        var source = KeySource(.keySet("https://issuer.example/keys"))
        change(&source)
        self.init([source])
    }

    /// Lets time pass up to a moment, doing what falls due on the way.
    mutating func run(until second: Int64) {
        let end = second * Self.second
        while let due = cache.nextDeadline, due <= end, !isWaiting || due > now {
            now = max(now, due)
            fetches += cache.tick(at: now) { 0.5 }
            if isWaiting { break }
        }
        if !isWaiting || (cache.nextDeadline ?? .max) > end { now = end }
    }

    var isWaiting: Bool { cache.issuers.contains { $0.isFetching } }

    @discardableResult
    mutating func answer(_ keys: String..., maxAge: Int64? = nil, status: Int = 200) -> IssuerKeys.Received {
        let body = Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8)
        return answer(.response(status: status, body: body, maxAge: maxAge))
    }

    @discardableResult
    mutating func answer(_ answer: KeyAnswer) -> IssuerKeys.Received {
        let last = fetches[fetches.count - 1]
        let (result, fetch) = cache.received(answer, issuer: last.issuer, number: last.number, at: now) { 0.5 }
        if let fetch { fetches.append(fetch) }
        return result
    }

    mutating func lookUp(_ kid: String?) -> String {
        let (answer, fetch) = cache.lookUp(kid.map { Array($0.utf8) }, issuer: 0, at: now)
        if let fetch { fetches.append(fetch) }
        switch answer {
        case .keys: return "keys"
        case .wait: return "wait"
        case .unknown: return "unknown"
        case .unavailable: return "unavailable"
        }
    }
}

@Suite struct IssuerKeysTests {
    private func key(_ kid: String) -> String { Signer.of(.es256).jwk(kid: kid) }

    @Test func fetchesAtTheStartAndBeforeTheKeysAreOld() {
        var driver = Driver()
        #expect(driver.lookUp("a") == "wait")
        driver.run(until: 0)
        #expect(driver.fetches.count == 1)
        #expect(driver.lookUp("a") == "wait")
        guard case .keys = driver.answer(key("a")) else {
            Issue.record("keys were not taken")
            return
        }
        #expect(driver.lookUp("a") == "keys")
        #expect(driver.lookUp(nil) == "keys")
        // Four fifths of five minutes.
        driver.run(until: 239)
        #expect(driver.fetches.count == 1)
        driver.run(until: 240)
        #expect(driver.fetches.count == 2)
        #expect(driver.lookUp("a") == "keys")
        driver.answer(key("a"), maxAge: 3_600)
        driver.run(until: 240 + 2_879)
        #expect(driver.fetches.count == 2)
        driver.run(until: 240 + 2_880)
        #expect(driver.fetches.count == 3)
    }

    @Test(
        arguments: [(0, 48), (1, 48), (60, 48), (100, 80), (1_000_000_000, 69_120), (Int64.max, 69_120)]
            as [(Int64, Int64)])
    func keepsMaxAgeWithinBounds(_ maxAge: Int64, _ refreshed: Int64) {
        var driver = Driver()
        driver.run(until: 0)
        driver.answer(key("a"), maxAge: maxAge)
        #expect(driver.cache.nextDeadline == refreshed * Driver.second)
    }

    /// The stampede: a hundred thousand names that nobody has, over ten minutes.
    @Test func randomNamesCostOneFetchInTheInterval() {
        var random = SeededRandom()
        var driver = Driver { $0.refresh = 24 * 3_600 * Driver.second }
        driver.run(until: 0)
        driver.answer(key("a"), maxAge: 86_400)
        var times: [Int64] = []
        for number in 0..<100_000 as Range<Int64> {
            driver.now = 1 + number * 600 * Driver.second / 100_000
            let before = driver.fetches.count
            let answer = driver.lookUp("kid \(random.next())")
            #expect(answer == "wait" || answer == "unknown")
            #expect(driver.lookUp("a") == "keys")
            if driver.fetches.count > before { times.append(driver.now) }
            // The issuer takes a second.
            if driver.isWaiting, let last = times.last, driver.now > last + Driver.second {
                driver.answer(key("a"), maxAge: 86_400)
            }
        }
        #expect(times.count == 20 || times.count == 19, "seed \(random.seed)")
        for (one, next) in zip(times, times.dropFirst()) {
            #expect(next - one >= 30 * Driver.second, "seed \(random.seed)")
        }
    }

    @Test func aNewKeyIsThereAfterOneFetchForAllWhoAsk() {
        var driver = Driver()
        driver.run(until: 0)
        driver.answer(key("a"))
        driver.run(until: 100)
        for _ in 0..<1_000 { #expect(driver.lookUp("b") == "wait") }
        #expect(driver.fetches.count == 2)
        driver.answer(key("a"), key("b"))
        #expect(driver.lookUp("b") == "keys")
        #expect(driver.lookUp("a") == "keys")
    }

    @Test func aNameThatIsNotThereIsRememberedForAWhile() {
        var driver = Driver()
        driver.run(until: 0)
        driver.answer(key("a"), maxAge: 86_400)
        driver.run(until: 100)
        #expect(driver.lookUp("x") == "wait")
        driver.answer(key("a"), maxAge: 86_400)
        #expect(driver.lookUp("x") == "unknown")
        driver.run(until: 135)
        #expect(driver.lookUp("x") == "unknown")
        #expect(driver.fetches.count == 2)
        // Another name may ask; the first may again a minute later.
        #expect(driver.lookUp("y") == "wait")
        driver.answer(key("a"), maxAge: 86_400)
        driver.run(until: 170)
        #expect(driver.lookUp("x") == "wait")
        // What is asked for while a fetch is under way may be newer than its answer: it is not remembered as unknown.
        #expect(driver.lookUp("z") == "wait")
        driver.answer(key("a"), maxAge: 86_400)
        #expect(driver.lookUp("z") == "unknown")
        driver.run(until: 201)
        #expect(driver.lookUp("z") == "wait")
    }

    @Test func anHourWithoutTheIssuerChangesNothing() {
        var driver = Driver()
        driver.run(until: 0)
        driver.answer(key("a"))
        var failed = 0
        for second in 1...3_840 as ClosedRange<Int64> {
            driver.run(until: second)
            if driver.isWaiting {
                failed += 1
                driver.answer(.failed([.unreachable, .timedOut, .tooLarge][failed % 3]))
            }
            #expect(driver.lookUp("a") == "keys")
        }
        // Pauses of 0.75, 1.5, 3, … and then 45 seconds.
        #expect((60...100).contains(failed))
        #expect(driver.cache.issuers[0].lastFault != nil)
        driver.run(until: 3_900)
        driver.answer(key("b"))
        #expect(driver.lookUp("b") == "keys")
        #expect(driver.cache.issuers[0].lastFault == nil)
        #expect(driver.lookUp("a") == "unknown" || driver.isWaiting)
    }

    @Test func withoutKeysItIsNotTheTokensFault() {
        var driver = Driver()
        driver.run(until: 0)
        driver.answer(.failed(.unreachable))
        #expect(driver.lookUp("a") == "unavailable")
        for _ in 0..<1_000 { _ = driver.lookUp("a") }
        #expect(driver.fetches.count == 1)
        driver.run(until: 1)
        #expect(driver.fetches.count == 2)
        #expect(driver.lookUp("a") == "wait")
        driver.answer(key("a"))
        #expect(driver.lookUp("a") == "keys")
    }

    @Test func takesNoAnswerThatIsNone() {
        let cases: [(KeyAnswer, String)] = [
            (.response(status: 500, body: [], maxAge: nil), "bad_status"),
            (.response(status: 304, body: [], maxAge: nil), "bad_status"),
            (.response(status: 200, body: Array("<html>".utf8), maxAge: nil), "bad_key_set"),
            (.response(status: 200, body: Array("{\"keys\":[]}".utf8), maxAge: nil), "bad_key_set"),
            (.response(status: 200, body: [UInt8](repeating: 0x20, count: 600_000), maxAge: nil), "too_large"),
            (
                .response(status: 200, body: Array("{\"keys\":[\(Signer.of(.hs256).jwk())]}".utf8), maxAge: nil),
                "bad_key_set"
            ),
            (.failed(.timedOut), "timed_out"),
        ]
        for (answer, label) in cases {
            var driver = Driver()
            driver.run(until: 0)
            driver.answer(key("a"))
            driver.run(until: 240)
            guard case .failed(let fault) = driver.answer(answer) else {
                Issue.record("an answer that is none was taken")
                continue
            }
            #expect(fault.label == label)
            #expect(driver.lookUp("a") == "keys")
        }
    }

    @Test func waitsForNoDriverThatIsGone() {
        var driver = Driver()
        driver.run(until: 0)
        let first = driver.fetches[0]
        #expect(first.deadline == 5 * Driver.second)
        driver.now = first.deadline
        #expect(driver.cache.tick(at: driver.now) { 0.5 }.isEmpty)
        #expect(driver.lookUp("a") == "unavailable")
        // Its answer, when it comes after all, is nobody's.
        driver.run(until: 7)
        #expect(driver.fetches.count == 2)
        let (late, _) = driver.cache.received(
            .response(status: 200, body: Array("{\"keys\":[\(key("a"))]}".utf8), maxAge: nil), issuer: 0,
            number: first.number,
            at: driver.now
        ) { 0.5 }
        guard case .stale = late else {
            Issue.record("a late answer was taken")
            return
        }
        driver.answer(key("b"))
        #expect(driver.lookUp("b") == "keys")
    }

    @Test func keepsIssuersApart() {
        var driver = Driver([KeySource(.keySet("https://a.example")), KeySource(.keySet("https://b.example"))])
        driver.run(until: 0)
        #expect(Set(driver.fetches.map(\.address)) == ["https://a.example", "https://b.example"])
        let fetch = driver.fetches[0]
        _ = driver.cache.received(
            .response(status: 200, body: Array("{\"keys\":[\(key("a"))]}".utf8), maxAge: nil), issuer: fetch.issuer,
            number: fetch.number, at: 0
        ) { 0.5 }
        #expect(driver.cache.issuers[fetch.issuer].keys != nil)
        #expect(driver.cache.issuers[1 - fetch.issuer].keys == nil)
        // Numbers that do not exist.
        guard
            case .stale = driver.cache.received(.failed(.unreachable), issuer: 9, number: 1, at: 0, random: { 0 })
                .result
        else {
            Issue.record("an answer for nobody was taken")
            return
        }
    }

    @Test func discoversTheKeySet() {
        let issuer = "https://issuer.example"
        let source = KeySource(.discovery(DiscoveryDocument.address(ofIssuer: issuer), issuer: issuer))
        var driver = Driver([source])
        driver.run(until: 0)
        #expect(driver.fetches[0].address == "https://issuer.example/.well-known/openid-configuration")
        let document = #"{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys","x":[1]}"#
        guard case .continuing = driver.answer(.response(status: 200, body: Array(document.utf8), maxAge: nil)) else {
            Issue.record("the document was not taken")
            return
        }
        #expect(driver.fetches[1].address == "https://issuer.example/keys")
        #expect(driver.fetches[1].deadline == driver.fetches[0].deadline)
        #expect(driver.lookUp("a") == "wait")
        driver.answer(key("a"))
        #expect(driver.lookUp("a") == "keys")
    }

    @Test(arguments: [
        (
            #"{"issuer":"https://issuer.example/","jwks_uri":"https://issuer.example/keys"}"#,
            DiscoveryDocument.Fault.wrongIssuer
        ),
        (#"{"issuer":"https://evil.example","jwks_uri":"https://issuer.example/keys"}"#, .wrongIssuer),
        (#"{"jwks_uri":"https://issuer.example/keys"}"#, .wrongIssuer),
        (#"{"issuer":"https://issuer.example"}"#, .noKeySet),
        (#"{"issuer":"https://issuer.example","jwks_uri":7}"#, .noKeySet),
        (#"{"issuer":"https://issuer.example","jwks_uri":"http://issuer.example/keys"}"#, .insecureKeySet),
        (#"{"issuer":"https://issuer.example","jwks_uri":"file:///etc/passwd"}"#, .insecureKeySet),
        (#"{"issuer":"https://issuer.example","issuer":"https://issuer.example"}"#, .malformed), ("[]", .malformed),
        ("", .malformed),
    ]) func refusesDocuments(_ text: String, _ expected: DiscoveryDocument.Fault) {
        #expect(throws: expected) { try DiscoveryDocument(Array(text.utf8), issuer: "https://issuer.example") }
    }

    @Test(
        arguments: [
            ("max-age=60", 60), ("public, max-age=3600, must-revalidate", 3_600), ("MAX-AGE=\"5\"", 5), ("no-store", 0),
            ("max-age=60, no-cache", 0), ("max-age=10, max-age=5", 5), ("", nil), ("max-age", nil), ("max-age=", nil),
            ("max-age=-1", nil), ("max-age=x", nil), ("s-maxage=60", nil),
            ("max-age=99999999999999999999999", 999_999_999),
        ] as [(String, Int64?)]) func readsCacheControl(_ field: String, _ expected: Int64?)
    {
        #expect(CacheLifetime.maxAge(field.utf8) == expected)
    }

    /// Random events in random order: nothing traps, fetches keep their distance, and keys once had are never lost.
    @Test func survivesAnyOrder() {
        var random = SeededRandom()
        for _ in 0..<50 {
            var driver = Driver()
            var begun: [Int64] = []
            var hadKeys = false
            for _ in 0..<400 {
                let before = driver.fetches.count
                switch Int.random(in: 0..<6, using: &random) {
                case 0: driver.fetches += driver.cache.tick(at: driver.now) { 0.3 }
                case 1: _ = driver.lookUp(["a", "b", "x\(random.next())"].randomElement(using: &random)!)
                case 2 where !driver.fetches.isEmpty: driver.answer(key("a"), maxAge: 60)
                case 3 where !driver.fetches.isEmpty: driver.answer(.failed(.unreachable))
                case 4 where !driver.fetches.isEmpty: driver.answer(key("b"), status: 503)
                default: driver.now += .random(in: 0...20_000_000_000, using: &random)
                }
                if driver.fetches.count > before { begun.append(driver.now) }
                if driver.cache.issuers[0].keys != nil { hadKeys = true }
                #expect(!hadKeys || driver.cache.issuers[0].keys != nil, "seed \(random.seed)")
                #expect(driver.cache.nextDeadline != nil, "seed \(random.seed)")
            }
            #expect(!begun.isEmpty, "seed \(random.seed)")
        }
    }
}
