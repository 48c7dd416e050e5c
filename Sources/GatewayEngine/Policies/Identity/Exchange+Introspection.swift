internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import Reactor

/// Tokens that only whoever issued them can judge (`introspection`, RFC 7662).
///
/// 1. One that was found good before is recognised by its whole text, as signed ones are.
/// 2. What another loop knows is taken over; where somebody asks already, the request waits for that answer.
/// 3. Else it asks (`AuthorityPools.ask`), and waits.
extension Exchange {
    func authenticateByIntrospection(_ auth: CompiledAuth) -> CredentialOutcome {
        guard let introspection = auth.introspection else { return .absent }
        switch findToken(auth, isSigned: false) {
        case .none: return .absent
        case .refused: return .stopped
        case .token(let range): return introspect(range, auth, introspection) ? .passed : .stopped
        }
    }

    private func introspect(_ range: ByteRange, _ auth: CompiledAuth, _ introspection: CompiledIntrospection) -> Bool {
        let fields = request.fields
        let second = worker.loop.wallSecond
        if let known = worker.tokens.find(fields.bytes(range), policy: auth.number, at: second) {
            worker.metrics.tokenChecked(.remembered)
            accept(known, auth)
            return true
        }
        let digest = SHA256Digest(of: fields.bytes(range))
        let text = Bytes.copy(fields.bytes(range))
        identityWait &+= 1
        let waiter = IdentityWaiter(exchange: self, number: identityWait)
        let found = introspection.authority.lookUp(digest, at: second) { waiter.finish($0, text, auth) }
        switch found {
        case .active(let claims, let until):
            return judge(claims, text, until, auth, introspection)
        case .inactive:
            worker.metrics.credentialChecked(CredentialCheck(.introspection, .refused))
            refuse(.inactive, auth)
            return false
        case .ask:
            worker.authorities.ask(introspection, about: text, digest)
            return false
        case .wait: return false
        }
    }

    /// False: it was refused. What was found out holds, even when the request that asked is over.
    private func judge(
        _ claims: ClaimSet, _ text: [UInt8], _ until: Int64, _ auth: CompiledAuth,
        _ introspection: CompiledIntrospection
    ) -> Bool {
        let second = worker.loop.wallSecond
        do throws(TokenFault) {
            let token = try introspection.rules.judge(claims, text: text, until: until, at: second)
            worker.tokens.insert(token, policy: auth.number, at: second)
            worker.metrics.credentialChecked(CredentialCheck(.introspection, .accepted))
            accept(token, auth)
            return true
        } catch {
            worker.metrics.credentialChecked(CredentialCheck(.introspection, .refused))
            refuse(error, auth)
            return false
        }
    }

    fileprivate func tokenWasJudged(
        _ verdict: CallerAuthority.Verdict, _ text: [UInt8], _ auth: CompiledAuth, _ number: UInt64
    ) {
        guard isWaitingForIdentity(number), let introspection = auth.introspection else { return }
        switch verdict {
        case .active(let claims, let until):
            if judge(claims, text, until, auth, introspection) { resumePolicies() }
        case .inactive:
            worker.metrics.credentialChecked(CredentialCheck(.introspection, .refused))
            refuse(.inactive, auth)
        case .unavailable(let fault):
            refuseUnjudged(fault, .introspection)
        }
    }
}

extension IdentityWaiter {
    fileprivate func finish(_ verdict: CallerAuthority.Verdict, _ text: [UInt8], _ auth: CompiledAuth) {
        exchange.worker.loop.execute { exchange.tokenWasJudged(verdict, text, auth, number) }
    }
}
