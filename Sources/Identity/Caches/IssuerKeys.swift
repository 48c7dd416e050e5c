/// The keys of one issuer over time: fetched at the start, fetched again before they are too old, asked for when a
/// token names a key that is not there, and kept while the issuer cannot be reached.
///
/// 1. The first `tick` fetches. Until keys have come, `lookUp` says `wait` while a fetch is under way and `unavailable`
///    (503, not 401: it is not the token's fault) while none is.
/// 2. Keys are refreshed at four fifths of the time they are good for: `max-age` within bounds, or the source's own.
/// 3. A key that is not there is fetched for once for all who ask, at most once in `unknownKeyInterval`, counted from
///    the beginning of any fetch. A name that was not in the set that came is remembered for a while and
///    causes no further fetch. So random names cost one fetch in the interval, whatever their number.
/// 4. A fetch that fails changes no keys; it is tried again after a pause that doubles. Keys are never given up because
///    the issuer is away: a gateway that locks everybody out because another service is down is the greater harm. What
///    the issuer has withdrawn goes with the next fetch that succeeds.
package struct IssuerKeys {
    /// What is under way.
    private enum State {
        /// No fetch under way; the next one is due at this time. Can transition to: fetching.
        case idle(due: Int64)
        /// A fetch is under way. Can transition to: idle, fetching (from the discovery document to the key set).
        case fetching(number: Int, deadline: Int64, isDiscovery: Bool)
    }

    struct Order: Hashable {
        let number: Int
        let address: String
        let deadline: Int64
    }

    /// What to do with a token whose key is not in the set that was asked.
    package enum Answer: Sendable {
        /// A newer set has it: verify with this one.
        case keys(KeySet)
        /// Keys are being fetched: ask again when `received` says something.
        case wait
        /// There is no such key. 401.
        case unknown
        /// No keys have ever come, and none are coming just now. 503.
        case unavailable
    }

    /// What became of an answer.
    package enum Received: Sendable {
        /// New keys: hand them out, and let who waits ask again.
        case keys(KeySet)
        /// The discovery document came; the key set is being fetched.
        case continuing
        /// Nothing changed; who waits is to ask again and gets `unknown` or `unavailable`.
        case failed(KeyFetchFault)
        /// The answer of a fetch that was given up. Nobody waits for it.
        case stale
    }

    package let source: KeySource
    /// The newest keys; nil until the first have come.
    package private(set) var keys: KeySet?
    /// The reason of the last failure; nil after a success.
    package private(set) var lastFault: KeyFetchFault?
    private var state: State
    /// When the last fetch began, for the interval between those for unknown keys.
    private var lastBegun: Int64?
    private var failures = 0
    private var numbers = 0
    private var unknown = UnknownKeys()

    package init(_ source: KeySource) {
        self.source = source
        state = .idle(due: .min)
    }

    package var nextDeadline: Int64? {
        switch state {
        case .idle(let due): due
        case .fetching(_, let deadline, _): deadline
        }
    }

    package var isFetching: Bool {
        switch state {
        case .idle: false
        case .fetching: true
        }
    }

    mutating func tick(at now: Int64, random: () -> Double) -> Order? {
        switch state {
        case .idle(let due):
            return due <= now ? begin(at: now) : nil
        case .fetching(_, let deadline, _):
            // A driver that never answers must not keep everybody waiting.
            if deadline <= now { fail(.timedOut, at: now, random: random) }
            return nil
        }
    }

    mutating func lookUp(_ identifier: [UInt8]?, at now: Int64) -> (Answer, Order?) {
        if let keys, keys.hasKey(named: identifier) { return (.keys(keys), nil) }
        switch state {
        case .fetching:
            // The fetch under way began before the key was asked for, and may not have it; then it is asked for again.
            if keys != nil, let identifier, unknown.contains(identifier, at: now) { return (.unknown, nil) }
            return (.wait, nil)
        case .idle(let due):
            guard keys != nil else {
                // Failures have a pause of their own, which requests do not shorten.
                return due <= now ? (.wait, begin(at: now)) : (.unavailable, nil)
            }
            if let identifier, unknown.contains(identifier, at: now) { return (.unknown, nil) }
            if let lastBegun, now - lastBegun < source.unknownKeyInterval { return (.unknown, nil) }
            if let identifier { unknown.ask(identifier) }
            return (.wait, begin(at: now))
        }
    }

    mutating func received(
        _ answer: KeyAnswer, number: Int, at now: Int64, random: () -> Double
    ) -> (Received, Order?) {
        guard case .fetching(number, let deadline, let isDiscovery) = state else { return (.stale, nil) }
        guard case .response(let status, let body, let maxAge) = answer else {
            if case .failed(let fault) = answer { return (fail(fault, at: now, random: random), nil) }
            return (.stale, nil)
        }
        guard status == 200 else { return (fail(.badStatus(status), at: now, random: random), nil) }
        guard body.count <= source.answerBytes else { return (fail(.tooLarge, at: now, random: random), nil) }

        if isDiscovery, case .discovery(_, let issuer) = source.location {
            do throws(DiscoveryDocument.Fault) {
                let document = try DiscoveryDocument(body, issuer: issuer)
                numbers += 1
                // Both fetches together have the one deadline.
                state = .fetching(number: numbers, deadline: deadline, isDiscovery: false)
                return (.continuing, Order(number: numbers, address: document.keySet, deadline: deadline))
            } catch {
                return (fail(.badDiscovery(error), at: now, random: random), nil)
            }
        }
        do throws(KeySet.Fault) {
            var limits = KeySet.Limits()
            limits.bytes = source.answerBytes
            let fresh = try KeySet.parse(body, origin: .published, limits: limits).replacing(keys)
            keys = fresh
            failures = 0
            lastFault = nil
            unknown.settle(fresh, until: now &+ source.unknownKeyMemory)
            state = .idle(due: now &+ lifetime(maxAge) / 5 * 4)
            return (.keys(fresh), nil)
        } catch {
            return (fail(.badKeySet(error), at: now, random: random), nil)
        }
    }

    private mutating func begin(at now: Int64) -> Order {
        numbers += 1
        lastBegun = now
        let deadline = now &+ source.timeout
        switch source.location {
        case .keySet(let address):
            state = .fetching(number: numbers, deadline: deadline, isDiscovery: false)
            return Order(number: numbers, address: address, deadline: deadline)
        case .discovery(let address, _):
            state = .fetching(number: numbers, deadline: deadline, isDiscovery: true)
            return Order(number: numbers, address: address, deadline: deadline)
        }
    }

    @discardableResult
    private mutating func fail(_ fault: KeyFetchFault, at now: Int64, random: () -> Double) -> Received {
        lastFault = fault
        // The names that were asked for were not looked up: they may be asked for again.
        unknown.forgetAsked()
        let doubled = source.pause << Int64(min(failures, 20))
        failures += 1
        let pause = min(max(doubled, source.pause), source.longestPause)
        let jitter = Int64(Double(pause) * 0.5 * min(max(random(), 0), 1))
        state = .idle(due: now &+ pause &- jitter)
        return .failed(fault)
    }

    private func lifetime(_ maxAge: Int64?) -> Int64 {
        guard let maxAge else { return source.refresh }
        let (nanoseconds, overflow) = maxAge.multipliedReportingOverflow(by: KeySource.second)
        return min(max(overflow ? source.longest : nanoseconds, source.shortest), source.longest)
    }
}
