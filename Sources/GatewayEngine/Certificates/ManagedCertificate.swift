internal import GatewayConfiguration
internal import Reactor
internal import Synchronization

/// A certificate that the gateway gets and renews by itself: what all workers show to clients, and what operators see of
/// it. One object for one configuration of it, over all snapshots and listeners.
///
/// The driver on the first worker's loop changes it; listeners look at `version`, and make their context anew when it has
/// moved. So nothing of it costs anything but at a handshake, and there one load.
package final class ManagedCertificate: Sendable {
    /// What operators are told.
    struct Report: Sendable {
        var names: [String]
        /// Seconds since 1970; nil: there is no certificate yet.
        var validity: Range<Int64>?
        var isOrdering: Bool
        var lastFault: ACMEFault?
        /// When the next order is due, in seconds since 1970.
        var nextOrder: Int64
        var failures: Int
    }

    private struct State {
        var identity: TLSIdentity?
        var challenges: [ACMEChallenge] = []
        var tls: TLSContext?
        var isOrdering = false
        var lastFault: ACMEFault?
        var plan: RenewalPlan
    }

    let configuration: ACMEConfiguration
    let storage: CertificateStorage
    /// Goes up when what clients are shown changes.
    let version = Atomic<Int>(1)
    /// Orders, by how they ended.
    let succeeded = Atomic<UInt64>(0)
    let failed = Atomic<UInt64>(0)
    private let state: Mutex<State>

    /// - Parameters:
    ///   - identity: what was kept of an earlier run.
    ///   - now: seconds since 1970.
    init(
        _ configuration: ACMEConfiguration, storage: CertificateStorage, identity: TLSIdentity?, now: Int64,
        random: Double
    ) {
        self.configuration = configuration
        self.storage = storage
        let plan = RenewalPlan(validity: identity?.validity, now: now, random: random)
        state = Mutex(State(identity: identity, plan: plan))
    }

    /// For connections to the authority; nil: whoever vouches for it cannot be had.
    var tls: TLSContext? { state.withLock { $0.tls } }
    func setTLS(_ tls: TLSContext?) { state.withLock { $0.tls = tls } }

    // MARK: What clients are shown

    /// The certificate, and the answers to challenges, by name.
    var shown: (identity: TLSIdentity?, challenges: [String: TLSIdentity]) {
        let (identity, challenges) = state.withLock { ($0.identity, $0.challenges) }
        guard configuration.challenge == .tlsALPN else { return (identity, [:]) }
        var answers: [String: TLSIdentity] = [:]
        for challenge in challenges { answers[challenge.domain] = ChallengeAnswers.identity(for: challenge) }
        return (identity, answers)
    }

    /// The answer to a challenge by http.
    func answer(to token: String) -> [UInt8]? {
        guard configuration.challenge == .http else { return nil }
        return state.withLock { state in
            state.challenges.first { $0.token == token }.map { Array($0.keyAuthorization.utf8) }
        }
    }

    // MARK: What the driver does

    var nextOrder: Int64 { state.withLock { $0.plan.next } }

    /// When the authority is asked the next time when to renew.
    var nextQuestion: Int64? { state.withLock { $0.identity == nil ? nil : $0.plan.nextQuestion } }

    /// By what the authority knows the certificate (RFC 9773); nil: there is none, or it does not say who its issuer is.
    var renewalName: String? {
        state.withLock { $0.identity }.flatMap {
            ACMERenewalName.text(keyID: $0.authorityKeyID, serial: $0.serialNumber)
        }
    }

    /// - Returns: whether that is news.
    func told(_ window: Range<Int64>?, retryAfter: Int64?, now: Int64) -> Bool {
        state.withLock { state in
            let isNews = state.plan.window != window
            state.plan.told(window, retryAfter: retryAfter, now: now)
            return isNews
        }
    }

    func notTold(retryAfter: Int64?, now: Int64) {
        state.withLock { $0.plan.notTold(retryAfter: retryAfter, now: now) }
    }

    func beginOrder() { state.withLock { $0.isOrdering = true } }

    func present(_ challenges: [ACMEChallenge]) {
        state.withLock { $0.challenges = challenges }
        if configuration.challenge == .tlsALPN { version.add(1, ordering: .releasing) }
    }

    func install(_ identity: TLSIdentity, now: Int64, random: Double) {
        state.withLock { state in
            state.identity = identity
            state.challenges = []
            state.isOrdering = false
            state.lastFault = nil
            state.plan.succeeded(validity: identity.validity, now: now, random: random)
        }
        version.add(1, ordering: .releasing)
        succeeded.add(1, ordering: .relaxed)
    }

    func orderFailed(_ fault: ACMEFault, now: Int64, random: Double) {
        endOrder { state in
            state.lastFault = fault
            state.plan.failed(fault, now: now, random: random)
        }
        failed.add(1, ordering: .relaxed)
    }

    /// The order was broken off by us.
    func orderStopped() { endOrder { _ in } }

    /// The certificate is shown, but would not outlive the program.
    func noteKeeping(_ fault: ACMEFault) { state.withLock { $0.lastFault = fault } }

    private func endOrder(_ body: (inout sending State) -> Void) {
        let hadChallenges = state.withLock { state in
            defer { state.challenges = [] }
            state.isOrdering = false
            body(&state)
            return !state.challenges.isEmpty
        }
        if hadChallenges, configuration.challenge == .tlsALPN { version.add(1, ordering: .releasing) }
    }

    var report: Report {
        state.withLock { state in
            Report(
                names: configuration.domains, validity: state.identity?.validity, isOrdering: state.isOrdering,
                lastFault: state.lastFault, nextOrder: state.plan.next, failures: state.plan.failures)
        }
    }
}

extension TLSIdentity {
    /// From when and until when it is good, in seconds since 1970.
    var validity: Range<Int64> { notBefore..<max(notBefore, notAfter) }
}
