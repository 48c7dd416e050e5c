import GatehouseTesting
import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

private let aSecond: Int64 = 1_000_000_000

private func makePolicy(endpoints: Int = 10, _ change: (inout OutlierDetectionConfiguration) -> Void = { _ in })
    -> EjectionPolicy?
{
    var configuration = OutlierDetectionConfiguration()
    change(&configuration)
    return EjectionPolicy(configuration, endpoints: endpoints)
}

@Suite struct EjectionPolicyTests {
    @Test(arguments: [
        (2, 0.1, 1), (9, 0.1, 1), (10, 0.1, 1), (19, 0.1, 1), (20, 0.1, 2), (100, 0.29, 29), (3, 0.0, 1), (4, 0.5, 2),
        (4, 1.0, 4),
    ])
    func theCap(_ endpoints: Int, _ share: Double, _ cap: Int) {
        #expect(makePolicy(endpoints: endpoints) { $0.maxEjected = share }?.cap == cap)
    }

    @Test func whereThereIsNobodyElse() {
        #expect(makePolicy(endpoints: 1) == nil)
        #expect(makePolicy { $0.enabled = false } == nil)
        #expect(
            makePolicy {
                $0.consecutive5xx = 0
                $0.consecutiveGatewayFailures = 0
            } == nil)
    }
}

@Suite struct FailureCountTests {
    private func outcome(_ letter: Character) -> TryOutcome {
        switch letter {
        case "2": TryOutcome(kind: .response, status: 200, latency: 0)
        case "4": TryOutcome(kind: .response, status: 404, latency: 0)
        case "5": TryOutcome(kind: .response, status: 500, latency: 0)
        case "3": TryOutcome(kind: .response, status: 503, latency: 0)
        case "c": TryOutcome(kind: .connectFailure, latency: 0)
        case "b": TryOutcome(kind: .broken, latency: 0)
        case "t": TryOutcome(kind: .timeout, latency: 0)
        default: TryOutcome(kind: .abandoned, latency: 0)
        }
    }

    /// `2 4 5`: that class of status, `3`: 503, `c`: no connection, `b`: broken, `t`: no answer in time, `a`: abandoned.
    @Test(
        arguments: [
            ("5555", nil), ("55555", .consecutive5xx), ("3333", nil), ("33333", .consecutiveGatewayFailures),
            ("cbt3c", .consecutiveGatewayFailures), ("33335", .consecutive5xx), ("53335", .consecutive5xx),
            ("555525555", nil), ("555545555", nil), ("5555a5", .consecutive5xx), ("aaaaaaaaaa", nil),
            ("4444444444", nil),
        ] as [(String, EjectionReason?)])
    func rows(_ letters: String, _ wanted: EjectionReason?) throws {
        let policy = try #require(makePolicy())
        let endpoint = EndpointState(url: "http://a")
        var reason: EjectionReason?
        for letter in letters {
            #expect(reason == nil, "too early in \(letters)")
            reason = endpoint.count(outcome(letter), policy, now: 0)
        }
        #expect(reason == wanted)
    }

    @Test func eachRowHasItsOwnLimit() throws {
        let onlyGateway = try #require(makePolicy { $0.consecutive5xx = 0 })
        let endpoint = EndpointState(url: "http://a")
        for letter in "5555555555" { #expect(endpoint.count(outcome(letter), onlyGateway, now: 0) == nil) }
        for letter in "3333" { #expect(endpoint.count(outcome(letter), onlyGateway, now: 0) == nil) }
        #expect(endpoint.count(outcome("t"), onlyGateway, now: 0) == .consecutiveGatewayFailures)
        let only5xx = try #require(makePolicy { $0.consecutiveGatewayFailures = 0 })
        endpoint.forgetFailures()
        for letter in "3333" { #expect(endpoint.count(outcome(letter), only5xx, now: 0) == nil) }
        #expect(endpoint.count(outcome("3"), only5xx, now: 0) == .consecutive5xx)
    }

    /// What comes back while it is out was sent before, or in a panic.
    @Test func anEjectedEndpointIsNotCounted() throws {
        let policy = try #require(makePolicy())
        let endpoint = EndpointState(url: "http://a")
        endpoint.ejectedUntil.store(10, ordering: .relaxed)
        for _ in 0..<20 { #expect(endpoint.count(outcome("5"), policy, now: 5) == nil) }
        for _ in 0..<4 { #expect(endpoint.count(outcome("5"), policy, now: 10) == nil) }
        #expect(endpoint.count(outcome("5"), policy, now: 10) == .consecutive5xx)
    }
}

@Suite struct EjectionLedgerTests {
    /// 30 s, 60 s, 90 s …, at most 300 s, while it fails again as soon as it is back.
    @Test func timesGrow() throws {
        let policy = try #require(makePolicy())
        var ledger = EjectionLedger()
        var now: Int64 = 0
        for number in 1...15 {
            let length = min(300, Int64(number) * 30) * aSecond
            #expect(ledger.eject("a", policy, now: now) == .ejected(until: now + length, times: number))
            #expect(ledger.eject("a", policy, now: now + length - 1) == .alreadyOut)
            now += length
        }
    }

    /// For each whole interval of 10 s since it came back, one less counts.
    @Test(arguments: [(0, 4), (9, 4), (10, 3), (19, 3), (20, 2), (29, 2), (30, 1), (500, 1)])
    func quietTimesAreForgiven(_ seconds: Int64, _ times: Int) throws {
        let policy = try #require(makePolicy())
        var ledger = EjectionLedger()
        var now: Int64 = 0
        for _ in 0..<3 {
            guard case .ejected(let until, _) = ledger.eject("a", policy, now: now) else {
                Issue.record("not ejected")
                return
            }
            now = until
        }
        now += seconds * aSecond
        #expect(
            ledger.eject("a", policy, now: now)
                == .ejected(until: now + Int64(times) * 30 * aSecond, times: times))
    }

    @Test func noMoreThanTheCap() throws {
        let policy = try #require(makePolicy(endpoints: 20))
        var ledger = EjectionLedger()
        #expect(ledger.eject("a", policy, now: 0) == .ejected(until: 30 * aSecond, times: 1))
        #expect(ledger.eject("b", policy, now: aSecond) == .ejected(until: 31 * aSecond, times: 1))
        #expect(ledger.eject("c", policy, now: 2 * aSecond) == .atCap)
        #expect(ledger.count(now: 2 * aSecond) == 2)
        #expect(ledger.eject("c", policy, now: 30 * aSecond) == .ejected(until: 60 * aSecond, times: 1))
        ledger.keepOnly(["a", "c"])
        #expect(ledger.count(now: 30 * aSecond) == 1)
        #expect(ledger.eject("b", policy, now: 30 * aSecond) == .ejected(until: 60 * aSecond, times: 1))
    }

    @Test func lengthsDoNotOverflow() throws {
        var policy = try #require(makePolicy())
        policy.baseTime = .max / 4
        var ledger = EjectionLedger()
        var now: Int64 = 0
        for number in 1...10 {
            #expect(ledger.eject("a", policy, now: now) == .ejected(until: now + policy.maxTime, times: number))
            now += policy.maxTime
        }
    }
}

/// Several workers and many endpoints, some of which fail for a while, on a clock of the test.
@Suite struct EjectionSimulation {
    /// Held after every step:
    /// - never more are out than the cap, however many workers see failures;
    /// - each stays out for a multiple of the base time, at most the longest;
    /// - none stays out for ever: when all are well, all come back, and stay.
    @Test(arguments: [(2, 0.1), (5, 0.1), (10, 0.3), (40, 0.1), (7, 1.0)])
    func invariants(_ count: Int, _ share: Double) throws {
        var random = SeededRandom()
        let comment = Comment(rawValue: "seed \(random.seed)")
        let policy = try #require(makePolicy(endpoints: count) { $0.maxEjected = share })
        let service = ServiceState(name: "s")
        let endpoints = (0..<count).map { service.endpoint("http://\($0)") }
        var failsUntil = [Int64](repeating: 0, count: count)
        var now: Int64 = 1
        var ejections = 0
        for step in 0..<20_000 {
            now += Int64(random.next() % UInt64(aSecond / 2))
            let isQuiet = step > 18_000
            if !isQuiet, random.next() % 50 == 0 {
                failsUntil[Int(random.next() % UInt64(count))] = now + Int64(random.next() % 60) * aSecond
            }
            // What a balancer would choose: one that is not out, or any in a panic.
            let standing = endpoints.indices.filter { endpoints[$0].ejectedUntil.load(ordering: .relaxed) <= now }
            let candidates = standing.isEmpty ? Array(endpoints.indices) : standing
            let place = candidates[Int(random.next() % UInt64(candidates.count))]
            let fails = failsUntil[place] > now && !isQuiet && random.next() % 10 != 0
            let outcome = TryOutcome(kind: .response, status: fails ? 500 : 200, latency: 1)
            guard let reason = endpoints[place].count(outcome, policy, now: now) else { continue }
            #expect(reason == .consecutive5xx, comment)
            let decision = service.ejections.withLock { $0.eject(endpoints[place].url, policy, now: now) }
            endpoints[place].forgetFailures()
            guard case .ejected(let until, let times) = decision else {
                #expect(decision == .atCap, comment)
                continue
            }
            ejections += 1
            #expect(endpoints[place].ejectedUntil.load(ordering: .relaxed) <= now, "out already; \(comment)")
            #expect(until - now == min(policy.maxTime, Int64(times) * policy.baseTime), comment)
            endpoints[place].ejectedUntil.store(until, ordering: .relaxed)
            let out = endpoints.count { $0.ejectedUntil.load(ordering: .relaxed) > now }
            let known = service.ejections.withLock { $0.count(now: now) }
            #expect(out <= policy.cap && out == known, comment)
        }
        #expect(ejections > 10, comment)
        #expect(endpoints.allSatisfy { $0.ejectedUntil.load(ordering: .relaxed) <= now }, comment)
    }
}
