internal import HTTPWire
internal import Identity
internal import Reactor

/// Who asks, and whether they may.
///
/// 1. Paths that are excluded, and routes without `auth`, go on.
/// 2. The token is looked for. None: 401 without an error, or, where identity is optional, on as nobody.
/// 3. One that was verified before is recognised by its whole text (`VerifiedTokenCache`): no cryptography, no copy, no
///    allocation.
/// 4. Any other is taken apart, its key looked up, which may have to be waited for, and verified: a signature elsewhere
///    (`VerificationThreads`), an HMAC at once.
/// 5. Its claims become headers. What a client sent under those names went before anything else (`IdentityFields`).
extension Exchange {
    /// False: the request was answered, or waits.
    func authenticate(_ plan: RoutePlan) -> Bool {
        guard plan.auth >= 0, identity == nil else { return true }
        let auth = snapshot.auth.policies[Int(plan.auth)]
        if let excluded = auth.excluded,
            excluded.find(request, path: matchedPath(), scratch: worker.policyScratch) != nil
        {
            isExcluded = true
            return true
        }
        let range: ByteRange
        switch auth.places.find(request) {
        case .none:
            if auth.isOptional { return true }
            worker.metrics.tokenChecked(.missing)
            challenge = auth.challenges.missing
            refuse(.unauthorized)
            return false
        case .several:
            refuse(.several, auth)
            return false
        case .token(let found): range = found
        }
        let fields = request.fields
        // Before anything reads it: a huge one costs this comparison.
        if Int(range.count) > auth.verifier.limits.token {
            refuse(.tooLarge, auth)
            return false
        }
        let second = worker.loop.wallNow / 1_000_000_000
        if let known = worker.tokens.find(fields.bytes(range), policy: auth.number, at: second) {
            worker.metrics.tokenChecked(.remembered)
            accept(known, auth)
            return true
        }
        return verify(range, auth, at: second)
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
        worker.tokens.insert(token, policy: auth.number, at: worker.loop.wallNow / 1_000_000_000)
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
    private func isWaitingForIdentity(_ number: UInt64) -> Bool {
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

    private func accept(_ token: VerifiedToken, _ auth: CompiledAuth) {
        identity = token
        let fields = request.fields
        let subject = token.subject
        if !subject.isEmpty { record.subject = fields.store(subject.span) }
        if !auth.forwardsToken { auth.places.remove(from: request, scratch: worker.pathBuffer) }
        for index in auth.headers.indices {
            let (name, value) = (auth.headers[index], token.headerTexts[index])
            if !value.isEmpty { fields.append(name: name.span, value: value.span) }
        }
    }

    private func refuse(_ fault: TokenFault, _ auth: CompiledAuth) {
        worker.metrics.tokenChecked(.refused(fault))
        record.tokenFault = fault
        if fault == .noKeys { return refuse(.keysUnavailable) }
        challenge = auth.challenges.invalid(fault)
        refuse(.invalidToken)
    }

    /// False: the request was answered.
    func authorise(_ plan: RoutePlan) -> Bool {
        guard plan.auth >= 0, !isExcluded else { return true }
        let auth = snapshot.auth.policies[Int(plan.auth)]
        if auth.rule.isEmpty { return true }
        guard let identity else {
            // Optional identity, and a route that asks for more than none.
            challenge = auth.challenges.missing
            refuse(.unauthorized)
            return false
        }
        guard let refusal = auth.rule.refusal(for: identity) else { return true }
        record.authorizationRefusal = refusal
        challenge = auth.challenges.insufficient
        refuse(refusal == .insufficientScope ? .insufficientScope : .forbidden)
        return false
    }
}

/// A request that waits for keys, or for its token to be verified. The exchange is touched on its own loop only.
private struct IdentityWaiter: @unchecked Sendable {
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
