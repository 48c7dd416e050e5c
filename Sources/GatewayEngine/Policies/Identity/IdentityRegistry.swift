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
    }

    private struct State {
        var feeds: [KeySourceConfiguration: KeyFeed] = [:]
        var numbers: [Verification: Int] = [:]
        var lastNumber = 0
        /// One for all issuers, with the system's certificates; made here, since that reads files.
        var tls: TLSContext?
    }

    /// For signatures of new tokens.
    let threads = VerificationThreads(count: SystemLimits.processors / 2)
    private let state = Mutex(State())

    init() {}

    /// nil for keys that are written in the configuration.
    func feed(_ source: KeySourceConfiguration) -> KeyFeed? {
        if case .written = source { return nil }
        return state.withLock { state in
            if let known = state.feeds[source] { return known }
            if state.tls == nil { state.tls = Self.makeTLS() }
            let made = KeyFeed(source, tls: state.tls)
            if let made { state.feeds[source] = made }
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
            state.numbers = state.numbers.filter { numbers.contains($0.value) }
        }
    }
}
