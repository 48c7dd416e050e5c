internal import GatewayConfiguration
internal import Identity
internal import Reactor
internal import Synchronization

/// The published keys of one issuer, for all loops and over all snapshots that name the same place.
///
/// The machine (`IssuerKeys`) decides under a short lock; what it decides is done outside of it: fetches on the first
/// worker's loop (`KeyDriver`), the rest of a waiting request on its own. A token that is remembered never comes here.
final class KeyFeed: Sendable {
    /// What a loop is told that asks for a key.
    enum Answer {
        case keys(KeySet)
        /// `resume` will be called, at the latest when the fetch has run out of time.
        case wait
        case unknown
        case unavailable
    }

    private struct State {
        var cache: KeySetCache
        var driver: KeyDriver?
        var waiting: [@Sendable () -> Void] = []
    }

    /// What makes two feeds the same one.
    struct Identity: Hashable {
        var source: KeySourceConfiguration
        /// Between two fetches for the sake of unknown keys.
        var refetchInterval: Duration
    }

    let source: KeySourceConfiguration
    /// For logs and metrics: the address as it was written.
    let name: String
    /// For fetches over https; nil: the system's certificates cannot be had.
    let tls: TLSContext?
    private let state: Mutex<State>

    /// nil for keys that are written in the configuration.
    init?(_ identity: Identity, tls: TLSContext?) {
        let source = identity.source
        let location: KeySource.Location
        switch source {
        case .keySet(let target):
            location = .keySet(target.text)
            name = target.text
        case .discovery(let issuer):
            location = .discovery(DiscoveryDocument.address(ofIssuer: issuer.text), issuer: issuer.text)
            name = issuer.text
        case .written: return nil
        }
        self.source = source
        self.tls = tls
        var rules = KeySource(location)
        rules.unknownKeyInterval = identity.refetchInterval.nanoseconds
        state = Mutex(State(cache: KeySetCache([rules])))
    }

    /// How many keys there are; nil before the first have come.
    var keyCount: Int? { state.withLock { $0.cache.issuers[0].keys?.keys.count } }

    var nextDeadline: Int64? { state.withLock { $0.cache.nextDeadline } }

    /// What the last fetch failed of; nil where it did not.
    var lastFault: KeyFetchFault? { state.withLock { $0.cache.issuers[0].lastFault } }

    /// Calls back, on any thread, when the first fetch has come to an end, good or bad; at once, where it has.
    func whenFirstFetched(_ body: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            let issuer = state.cache.issuers[0]
            if issuer.keys != nil || issuer.lastFault != nil { return true }
            state.waiting.append(body)
            return false
        }
        if isOver { body() }
    }

    /// Who fetches from now on; nil: nobody, and nobody waits any more.
    func attach(_ driver: KeyDriver?) {
        let waiting = state.withLock { state in
            state.driver = driver
            return driver == nil ? Self.takeWaiting(&state) : []
        }
        for resume in waiting { resume() }
    }

    /// Asks for a key, from any loop. - Parameter resume: called on any thread when it is worth asking again.
    func lookUp(_ identifier: [UInt8]?, now: Int64, resume: @escaping @Sendable () -> Void) -> Answer {
        let (answer, fetch, driver) = state.withLock { state in
            let (answer, fetch) = state.cache.lookUp(identifier, issuer: 0, at: now)
            if case .wait = answer, state.driver != nil { state.waiting.append(resume) }
            return (answer, fetch, state.driver)
        }
        switch answer {
        case .keys(let keys): return .keys(keys)
        case .unknown: return .unknown
        case .unavailable: return .unavailable
        case .wait:
            guard let driver else { return .unavailable }
            if let fetch { driver.ask(fetch, for: self) }
            return .wait
        }
    }

    /// What is due, for the driver. A fetch that ran out of time ends here.
    func tick(now: Int64, random: Double) -> (fetches: [KeySetCache.Fetch], fault: KeyFetchFault?) {
        let (fetches, fault, waiting) = state.withLock { state in
            let wasFetching = state.cache.issuers[0].isFetching
            let fetches = state.cache.tick(at: now) { random }
            guard wasFetching, !state.cache.issuers[0].isFetching else {
                return (fetches, nil as KeyFetchFault?, [@Sendable () -> Void]())
            }
            return (fetches, state.cache.issuers[0].lastFault, Self.takeWaiting(&state))
        }
        for resume in waiting { resume() }
        return (fetches, fault)
    }

    /// An answer has come, or none will.
    func received(
        _ answer: KeyAnswer, number: Int, now: Int64, random: Double
    ) -> (result: IssuerKeys.Received, fetch: KeySetCache.Fetch?) {
        let (result, fetch, waiting) = state.withLock { state in
            let (result, fetch) = state.cache.received(answer, issuer: 0, number: number, at: now) { random }
            switch result {
            case .keys, .failed: return (result, fetch, Self.takeWaiting(&state))
            case .continuing, .stale: return (result, fetch, [@Sendable () -> Void]())
            }
        }
        for resume in waiting { resume() }
        return (result, fetch)
    }

    private static func takeWaiting(_ state: inout State) -> [@Sendable () -> Void] {
        defer { state.waiting = [] }
        return state.waiting
    }
}
