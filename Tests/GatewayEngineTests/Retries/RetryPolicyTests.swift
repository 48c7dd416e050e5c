import HTTPWire
import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// Every rule of `RetryPolicy`, by its reason.
@Suite struct RetryPolicyTests {
    typealias Situation = RetryPolicy.Situation

    /// Everything is named, so that only the rules that no setting can change are left.
    static func everything(attempts: Int = 10, methods: Set<String>? = nil) -> CompiledRetries {
        var configuration = RetriesConfiguration()
        configuration.attempts = attempts
        configuration.conditions = Set(RetriesConfiguration.Condition.allCases)
        configuration.statuses = [429, 404]
        configuration.methods = methods
        return CompiledRetries(configuration)
    }

    private func decide(
        _ situation: Situation, _ retries: CompiledRetries = everything(), random: UInt64 = 0,
        budget: RetryBudget = RetryBudget(service: ServiceState(name: "s"), floor: 3)
    ) -> RetryPolicy.Decision {
        RetryPolicy.decide(situation, retries, budget: budget, random: random)
    }

    static let failures: [TryFailure] = [
        .connectFailure, .refusedStream, .reset, .timeout, .status(500), .status(502), .status(503), .status(504),
        .status(429), .status(404),
    ]

    /// The one rule that money depends on: once a byte was sent, a method with effects goes out again under no failure
    /// and no setting, unless the client gave a key; while nothing was done, it does.
    @Test(arguments: Method.allCases) func noSecondPost(_ method: Method) {
        for failure in Self.failures {
            for listed in [nil, Set(Method.allCases.map { "\($0.text)" })] {
                let retries = Self.everything(methods: listed)
                let without = decide(Situation(failure: failure, method: method), retries)
                let mayRepeat = failure.didNothing || method.isIdempotent
                #expect(without == (mayRepeat ? .retry(after: 0) : .giveUp(.unsafe)), "\(failure)")
                let with = decide(Situation(failure: failure, method: method, hasIdempotencyKey: true), retries)
                #expect(with == .retry(after: 0), "\(failure) with a key")
            }
        }
    }

    /// `methods` narrows; it never widens.
    @Test func methodsNarrow() {
        let retries = Self.everything(methods: ["GET", "POST"])
        #expect(decide(Situation(failure: .reset, method: .get), retries) == .retry(after: 0))
        #expect(decide(Situation(failure: .reset, method: .put), retries) == .giveUp(.unsafe))
        #expect(decide(Situation(failure: .reset, method: .post), retries) == .giveUp(.unsafe))
        #expect(
            decide(Situation(failure: .reset, method: .post, hasIdempotencyKey: true), retries) == .retry(after: 0))
        #expect(decide(Situation(failure: .connectFailure, method: .put), retries) == .retry(after: 0))
    }

    /// Without any `retries:` a connection that failed is replaced once, for any method, and nothing else.
    @Test func theDefault() {
        let retries = CompiledRetries(RetriesConfiguration())
        for method in [Method.get, .post, .other] {
            #expect(decide(Situation(failure: .connectFailure, method: method), retries) == .retry(after: 0))
            let again = Situation(failure: .connectFailure, method: method, retriesMade: 1)
            #expect(decide(again, retries) == .giveUp(.attemptsUsed))
        }
        for failure in Self.failures where failure != .connectFailure {
            #expect(decide(Situation(failure: failure, method: .get), retries) == .giveUp(.notNamed), "\(failure)")
        }
    }

    static let naming: [(RetriesConfiguration.Condition, [TryFailure])] = [
        (.connectFailure, [.connectFailure]), (.refusedStream, [.refusedStream]), (.reset, [.reset]),
        (.timeout, [.timeout]), (.gatewayError, [.status(502), .status(503), .status(504)]),
        (.serverError, [.status(500), .status(502), .status(503), .status(504), .status(599), .status(999)]),
        (.callCancelled, [.call(1)]), (.callDeadlineExceeded, [.call(4)]), (.callResourceExhausted, [.call(8)]),
        (.callInternal, [.call(13)]), (.callUnavailable, [.call(14)]),
    ]

    @Test(arguments: naming) func eachConditionNamesItsOwn(_ one: RetriesConfiguration.Condition, _ named: [TryFailure])
    {
        var configuration = RetriesConfiguration()
        configuration.conditions = [one]
        let retries = CompiledRetries(configuration)
        let calls = (0...16).map { TryFailure.call($0) }
        for failure in Self.failures + calls + [.status(200), .status(399), .status(599), .status(600), .status(999)] {
            let expected = named.contains(failure) || (one == .serverError && failure == .status(600))
            #expect(retries.names(failure) == expected, "\(failure)")
        }
    }

    /// A POST that is a call of gRPC goes out again after a status that is named; what its service asks for is waited.
    @Test func callsAreRepeatedWhenNamed() {
        let retries = Self.everything()
        for (status, expected) in [(UInt8(14), RetryPolicy.Decision.retry(after: 0)), (5, .giveUp(.notNamed))] {
            #expect(decide(Situation(failure: .call(status), method: .post), retries) == expected)
        }
        let narrow = Self.everything(methods: ["GET"])
        #expect(decide(Situation(failure: .call(14), method: .post), narrow) == .giveUp(.unsafe))
        let gone = Situation(failure: .call(14), method: .post, bodyIsKept: false)
        #expect(decide(gone, retries) == .giveUp(.bodyGone))
        for (wait, expected) in [
            (Int64(1_000_000), RetryPolicy.Decision.retry(after: 1_000_000)), (.max, .giveUp(.askedToWait)),
        ] {
            #expect(decide(Situation(failure: .call(14), method: .post, retryAfter: wait), retries) == expected)
        }
    }

    @Test func statusesAreExact() {
        var configuration = RetriesConfiguration()
        configuration.conditions = []
        configuration.statuses = [400, 463, 464, 599]
        let retries = CompiledRetries(configuration)
        let named = (0...999).filter { retries.names(status: $0) }
        #expect(named == [400, 463, 464, 599])
    }

    @Test func reasonsInTheirOrder() {
        let failure = TryFailure.reset
        #expect(
            decide(Situation(failure: failure, method: .get, responseBegun: true)) == .giveUp(.responseBegun))
        #expect(decide(Situation(failure: failure, method: .get, retriesMade: 10)) == .giveUp(.attemptsUsed))
        #expect(decide(Situation(failure: failure, method: .get, bodyIsKept: false)) == .giveUp(.bodyGone))
        #expect(decide(Situation(failure: failure, method: .get, remaining: 0)) == .giveUp(.deadline))
        // The wait that is drawn is 7 ns: one that ends at the deadline is too late.
        #expect(decide(Situation(failure: failure, method: .get, remaining: 7), random: 7) == .giveUp(.deadline))
        #expect(decide(Situation(failure: failure, method: .get, remaining: 8), random: 7) == .retry(after: 7))
        let budget = RetryBudget(service: ServiceState(name: "s"), floor: 0)
        #expect(decide(Situation(failure: failure, method: .get), budget: budget) == .giveUp(.budget))
    }

    /// A decision that gives up takes no place.
    @Test func onlyRetriesTakeAPlace() {
        let budget = RetryBudget(service: ServiceState(name: "s"), floor: 3)
        for failure in Self.failures {
            _ = decide(Situation(failure: failure, method: .post, bodyIsKept: false), budget: budget)
            _ = decide(Situation(failure: failure, method: .get, remaining: 0), budget: budget)
        }
        #expect(budget.service.retries.load(ordering: .relaxed) == 0)
        #expect(decide(Situation(failure: .reset, method: .get), budget: budget) == .retry(after: 0))
        #expect(budget.service.retries.load(ordering: .relaxed) == 1)
    }

    /// seconds asked for, status, whether there is another endpoint, what comes of it
    static let waits: [(Int64, Int, Bool, RetryPolicy.Decision)] = [
        (0, 503, false, .retry(after: 5)), (0, 429, true, .retry(after: 5)),
        (1, 503, true, .retry(after: 5)), (1, 503, false, .giveUp(.askedToWait)),
        (1, 429, true, .giveUp(.askedToWait)), (1, 500, true, .retry(after: 5)),
    ]

    @Test(arguments: waits)
    func retryAfterIsHeeded(_ seconds: Int64, _ status: Int, _ hasOther: Bool, _ expected: RetryPolicy.Decision) {
        let situation = Situation(
            failure: .status(status), method: .get, hasOtherEndpoint: hasOther, retryAfter: seconds * 1_000_000_000)
        #expect(decide(situation, random: 5) == expected)
    }

    /// A back-off that is longer than what is asked for leaves room to do as asked.
    @Test func retryAfterWithinTheBackoffIsWaitedFor() {
        var configuration = RetriesConfiguration()
        configuration.conditions = [.serverError]
        configuration.backoffMax = .seconds(5)
        let retries = CompiledRetries(configuration)
        let situation = Situation(
            failure: .status(503), method: .get, hasOtherEndpoint: false, retryAfter: 2_000_000_000)
        #expect(decide(situation, retries, random: 5) == .retry(after: 2_000_000_000))
    }

    @Test(arguments: [
        ("", Deadline.never), ("0", 0), ("1", 1_000_000_000), ("120", 120_000_000_000), ("-1", Deadline.never),
        ("1.5", Deadline.never), ("Wed, 21 Oct 2015 07:28:00 GMT", Deadline.never), ("9999999999", Deadline.never),
    ])
    func retryAfterIsRead(_ text: String, _ expected: Int64) {
        let fields = HeaderBlock()
        #expect(RetryPolicy.retryAfter(fields) == -1)
        let value = Array(text.utf8)
        fields.append(.retryAfter, value.span)
        #expect(RetryPolicy.retryAfter(fields) == expected)
    }

    @Test func idempotencyKeysAreFound() {
        let fields = HeaderBlock()
        #expect(!RetryPolicy.hasIdempotencyKey(fields))
        fields.append(.idempotencyKey, "")
        #expect(!RetryPolicy.hasIdempotencyKey(fields))
        fields.set(.idempotencyKey, "\"8e03978e\"")
        #expect(RetryPolicy.hasIdempotencyKey(fields))
    }

    @Test func bodiesAreKeptOnlyForARetryThatMayCome() {
        let retries = Self.everything()
        #expect(retries.keepsBody(of: .put, hasIdempotencyKey: false))
        #expect(!retries.keepsBody(of: .post, hasIdempotencyKey: false))
        #expect(retries.keepsBody(of: .post, hasIdempotencyKey: true))
        #expect(!Self.everything(attempts: 0).keepsBody(of: .put, hasIdempotencyKey: true))
        #expect(!Self.everything(methods: ["GET"]).keepsBody(of: .put, hasIdempotencyKey: true))
    }
}

@Suite struct BackoffTests {
    @Test func boundsDoubleUpToTheCap() {
        let backoff = Backoff(base: 25, cap: 250)
        #expect((0..<7).map { backoff.bound($0) } == [25, 50, 100, 200, 250, 250, 250])
        #expect(backoff.bound(.max) == 250 && backoff.bound(-1) == 25)
        #expect(Backoff(base: 300, cap: 250).bound(0) == 250)
        let year: Int64 = 366 * 86_400 * 1_000_000_000
        #expect(Backoff(base: 1, cap: year).bound(1_000) == year)
    }

    /// Full jitter: nothing and the bound itself both come up, and nothing beyond.
    @Test func waitsCoverTheWholeRange() {
        let backoff = Backoff(base: 4, cap: 8)
        for (retry, bound) in [(0, 4), (1, 8), (5, 8)] {
            let waits = Set((0..<100).map { backoff.wait(retry, random: $0) })
            #expect(waits == Set(0...Int64(bound)))
        }
        #expect((0...4).contains(backoff.wait(0, random: .max)))
    }
}
