internal import GatewayConfiguration
internal import Reactor
internal import Synchronization

/// What outlives a snapshot of all that concerns identity: the keys of issuers, and the numbers under which verified
/// tokens are remembered.
final class IdentityRegistry: Sendable {
    /// All that decides whether a token passes, and what is worked out of it. Equal ones share remembered tokens, over
    /// reloads too; whatever changes makes another number, under which no token is remembered yet.
    struct Verification: Hashable {
        var issuers: [TokenIssuerConfiguration]
        var skew: Duration
        var headers: [AuthConfiguration.ClaimHeader]
        /// Who is asked about tokens, and what is asked of the answer.
        var authority: AuthorityConfiguration?
        var cacheTime: Duration?
        var issuer: String?
        var audiences: [String]?
    }

    private struct State {
        var feeds: [KeyFeed.Identity: KeyFeed] = [:]
        var authorities: [CallerAuthority.Identity: CallerAuthority] = [:]
        var numbers: [Verification: Int] = [:]
        var lastNumber = 0
        /// One for all issuers, with the system's certificates; made here, since that reads files.
        var tls: TLSContext?
    }

    /// For signatures of new tokens.
    let threads = VerificationThreads(count: SystemLimits.processors / 2)
    /// For passwords that are new. The queue is what the last one in it waits for: some seconds.
    let passwordThreads = VerificationThreads(count: SystemLimits.processors / 4, longestQueue: 64)
    private let state = Mutex(State())

    init() {}

    /// nil for keys that are written in the configuration.
    func feed(_ identity: KeyFeed.Identity) -> KeyFeed? {
        if case .written = identity.source { return nil }
        return state.withLock { state in
            if let known = state.feeds[identity] { return known }
            if state.tls == nil { state.tls = Self.makeTLS() }
            let made = KeyFeed(identity, tls: state.tls)
            if let made { state.feeds[identity] = made }
            return made
        }
    }

    /// The same one for all that ask it the same way, over reloads too: with what it has answered.
    func authority(_ identity: CallerAuthority.Identity) -> CallerAuthority {
        state.withLock { state in
            if let known = state.authorities[identity] { return known }
            if state.tls == nil { state.tls = Self.makeTLS() }
            let made = CallerAuthority(identity, tls: state.tls)
            state.authorities[identity] = made
            return made
        }
    }

    func number(of verification: Verification) -> Int {
        state.withLock { state in
            if let known = state.numbers[verification] { return known }
            state.lastNumber += 1
            state.numbers[verification] = state.lastNumber
            return state.lastNumber
        }
    }

    private static func makeTLS() -> TLSContext? {
        try? TLSContext(client: TLSContext.ClientOptions())
    }

    /// For the metrics, by name.
    var known: [KeyFeed] { state.withLock { Array($0.feeds.values) }.sorted { $0.name < $1.name } }

    /// Forgets what the newest configuration does not use. Numbers are never given again.
    func keepOnly(_ plans: AuthPlans) {
        let numbers = Set(plans.policies.map(\.number))
        state.withLock { state in
            state.feeds = state.feeds.filter { feed in plans.feeds.contains { $0 === feed.value } }
            state.authorities = state.authorities.filter { authority in
                plans.authorities.contains { $0 === authority.value }
            }
            state.numbers = state.numbers.filter { numbers.contains($0.value) }
        }
    }
}
