internal import HTTPWire
internal import Identity
internal import Reactor

/// Signed tokens (`jwt`).
///
/// 1. One that was verified before is recognised by its whole text (`VerifiedTokenCache`): no cryptography, no copy, no
///    allocation.
/// 2. Any other is taken apart, its key looked up, which may have to be waited for, and verified: a signature elsewhere
///    (`VerificationThreads`), an HMAC at once.
extension Exchange {
    func authenticateByToken(_ auth: CompiledAuth) -> CredentialOutcome {
        switch findToken(auth, isSigned: true) {
        case .none: return .absent
        case .refused: return .stopped
        case .token(let range):
            let fields = request.fields
            let second = worker.loop.wallSecond
            if let known = worker.tokens.find(fields.bytes(range), policy: auth.number, at: second) {
                worker.metrics.tokenChecked(.remembered)
                accept(known, auth)
                return .passed
            }
            return verify(range, auth, at: second) ? .passed : .stopped
        }
    }

    /// The token of the request; where tokens are told apart, only one that has the form of a signed one, or has not.
    func findToken(_ auth: CompiledAuth, isSigned: Bool) -> FoundToken {
        switch auth.places.find(request) {
        case .none: return .none
        case .several:
            refuse(.several, auth)
            return .refused
        case .token(let range):
            let fields = request.fields
            // Before anything reads it: a huge one costs this comparison.
            if Int(range.count) > auth.verifier.limits.token {
                refuse(.tooLarge, auth)
                return .refused
            }
            if auth.tellsTokensApart, CompactToken.hasForm(fields.bytes(range)) != isSigned { return .none }
            return .token(range)
        }
    }

    enum FoundToken {
        case none
        case token(ByteRange)
        case refused
    }

    /// A token that is new here.
    private func verify(_ range: ByteRange, _ auth: CompiledAuth, at second: Int64) -> Bool {
        let fields = request.fields
        do throws(TokenFault) {
            let token = try auth.verifier.inspect(fields.bytes(range))
            guard let keys = try keys(for: token, auth) else { return false }
            if token.header.algorithm.family != .hmac, verifyElsewhere(token, keys, auth, at: second) { return false }
            let verified = try auth.verifier.verify(token, keys: keys, at: second)
            remember(verified, auth)
            accept(verified, auth)
            return true
        } catch {
            refuse(error, auth)
            return false
        }
    }

    private func remember(_ token: VerifiedToken, _ auth: CompiledAuth) {
        worker.tokens.insert(token, policy: auth.number, at: worker.loop.wallSecond)
        worker.metrics.tokenChecked(.verified)
    }

    /// False: the threads have too much to do.
    private func verifyElsewhere(
        _ token: TokenVerifier.Inspected, _ keys: KeySet, _ auth: CompiledAuth, at second: Int64
    ) -> Bool {
        identityWait &+= 1
        let waiter = IdentityWaiter(exchange: self, number: identityWait)
        return auth.threads.run {
            do throws(TokenFault) {
                let verified = try auth.verifier.verify(token, keys: keys, at: second)
                waiter.finish(.success(verified), auth)
            } catch {
                waiter.finish(.failure(error), auth)
            }
        }
    }

    fileprivate func tokenWasVerified(
        _ result: Result<VerifiedToken, TokenFault>, _ auth: CompiledAuth, _ number: UInt64
    ) {
        // What was found out holds, even when the request that asked is over.
        if case .success(let token) = result { remember(token, auth) }
        guard isWaitingForIdentity(number) else { return }
        switch result {
        case .failure(let fault): refuse(fault, auth)
        case .success(let token):
            accept(token, auth)
            resumePolicies()
        }
    }

    /// The request may be over, and this object serve another one.
    func isWaitingForIdentity(_ number: UInt64) -> Bool {
        number == identityWait && phase == .waiting && policyStep == .authenticate
    }

    /// The keys that may have signed it; nil: they are waited for.
    private func keys(
        for token: TokenVerifier.Inspected, _ auth: CompiledAuth
    ) throws(TokenFault) -> KeySet? {
        switch auth.keys[token.issuer] {
        case .written(let keys): return keys
        case .fetched(let feed):
            identityWait &+= 1
            let waiter = IdentityWaiter(exchange: self, number: identityWait)
            let answer = feed.lookUp(token.header.identifier, now: worker.loop.now) { waiter.resume() }
            switch answer {
            case .keys(let keys): return keys
            case .wait: return nil
            case .unknown: throw .unknownKey
            case .unavailable: throw .noKeys
            }
        }
    }

    fileprivate func keysMayHaveCome(_ number: UInt64) {
        if isWaitingForIdentity(number) { resumePolicies() }
    }
}

/// A request that waits for what somebody else finds out about its caller. The exchange is touched on its own loop only.
struct IdentityWaiter: @unchecked Sendable {
    let exchange: Exchange
    let number: UInt64

    /// From any thread.
    func resume() {
        exchange.worker.loop.execute { exchange.keysMayHaveCome(number) }
    }

    func finish(_ result: Result<VerifiedToken, TokenFault>, _ auth: CompiledAuth) {
        exchange.worker.loop.execute { exchange.tokenWasVerified(result, auth, number) }
    }
}

/// What became of a request's token, for the metrics.
enum TokenCheck {
    case missing
    case remembered
    case verified
    case refused(TokenFault)

    static let count = 3 + TokenFault.allCases.count

    var slot: Int {
        switch self {
        case .missing: 0
        case .remembered: 1
        case .verified: 2
        case .refused(let fault): 3 + (TokenFault.allCases.firstIndex(of: fault) ?? 0)
        }
    }

    /// By slot.
    static let labels: [String] = ["missing", "remembered", "verified"] + TokenFault.allCases.map(\.code)
}
