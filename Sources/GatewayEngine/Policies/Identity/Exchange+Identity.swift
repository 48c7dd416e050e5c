internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import Reactor

/// Who asks, and whether they may.
///
/// 1. Paths that are excluded, and routes without `auth`, go on.
/// 2. The kinds of credentials that the policy names are looked for, in its order: the first that the request has
///    decides, and a bad one is never made good by another. None: 401 without an error, or, where identity is optional,
///    on as nobody. Each kind has a file of its own.
/// 3. Whoever it is becomes a consumer, where one is configured: by its key, its user name, or its subject.
/// 4. What is known becomes headers. What a client sent under those names went before anything else (`IdentityFields`).
/// 5. The route's rules are asked: consumers, scopes, roles, claims (`authorise`).
extension Exchange {
    /// What a kind of credentials has said.
    enum CredentialOutcome {
        /// The request has none of the kind.
        case absent
        case passed
        /// It was answered, or waits.
        case stopped
    }

    /// False: the request was answered, or waits.
    func authenticate(_ plan: RoutePlan) -> Bool {
        guard caller == .unasked else {
            // It waited for what it knows now.
            if plan.auth >= 0 { hideKeys(snapshot.auth.policies[Int(plan.auth)]) }
            return true
        }
        guard plan.auth >= 0 else {
            remainNobody()
            return true
        }
        let auth = snapshot.auth.policies[Int(plan.auth)]
        if let excluded = auth.excluded,
            excluded.find(request, path: matchedPath(), scratch: worker.policyScratch) != nil
        {
            isExcluded = true
            hideKeys(auth)
            remainNobody()
            return true
        }
        // By index, as everywhere on this path: no iterator.
        for index in 0..<auth.kinds.count {
            let outcome: CredentialOutcome =
                switch auth.kinds[index] {
                case .jwt: authenticateByToken(auth)
                case .introspection: authenticateByIntrospection(auth)
                case .apiKey: authenticateByKey(auth)
                case .basic: authenticateByPassword(auth)
                case .clientCertificate: authenticateByCertificate(auth)
                case .forward: authenticateByForward(auth)
                }
            switch outcome {
            case .absent: continue
            case .passed:
                hideKeys(auth)
                return true
            case .stopped: return false
            }
        }
        if auth.isOptional {
            remainNobody()
            return true
        }
        worker.metrics.tokenChecked(.missing)
        challenge = auth.challenges.missing
        refuse(.unauthorized)
        return false
    }

    // MARK: Who it is

    /// Nobody that is known: the consumer `anonymous`, where there is one.
    func remainNobody(_ state: Caller = .nobody) {
        caller = state
        become(snapshot.auth.anonymous)
    }

    /// The caller is this consumer; -1: known, but none.
    func become(_ place: Int32) {
        guard place >= 0 else { return }
        consumer = place
        let known = snapshot.auth.consumers.consumers[Int(place)]
        record.consumer = place
        record.consumerSeries = known.series
        let fields = request.fields
        let names = ConsumerFieldNames.shared
        fields.append(name: names.name.span, value: known.name.span)
        if !known.groups.isEmpty { fields.append(name: names.groups.span, value: known.groups.span) }
    }

    /// What the log and the consumers know the caller by.
    func become(subject: [UInt8]) {
        caller = .known
        guard !subject.isEmpty else { return }
        let fields = request.fields
        // For the log, what is longer than anybody's name is cut.
        record.subject = fields.store(subject.span.extracting(first: AccessRecord.longestSubject))
        become(snapshot.auth.consumers.place(ofSubject: subject))
    }

    /// What a token says.
    func accept(_ token: VerifiedToken, _ auth: CompiledAuth) {
        identity = token
        become(subject: token.subject)
        if !auth.forwardsToken { auth.places.remove(from: request, scratch: worker.pathBuffer) }
        let fields = request.fields
        for index in auth.headers.indices {
            let (name, value) = (auth.headers[index], token.headerTexts[index])
            if !value.isEmpty { fields.append(name: name.span, value: value.span) }
        }
    }

    /// Keys and passwords are this gateway's: services do not get them, whoever has decided.
    private func hideKeys(_ auth: CompiledAuth) {
        if auth.forwardsKeys { return }
        if let places = auth.keyPlaces { places.remove(from: request, scratch: worker.pathBuffer) }
        if auth.takesPasswords { removeBasic() }
    }

    // MARK: Refusals

    func refuse(_ fault: TokenFault, _ auth: CompiledAuth) {
        worker.metrics.tokenChecked(.refused(fault))
        record.tokenFault = fault
        if fault == .noKeys { return refuse(.keysUnavailable) }
        challenge = auth.challenges.invalid(fault)
        refuse(.invalidToken)
    }

    func refuse(_ fault: CredentialFault, _ kind: CredentialCheck.Kind, _ auth: CompiledAuth) {
        worker.metrics.credentialChecked(CredentialCheck(kind, .refused))
        record.credentialFault = fault
        challenge = auth.challenges.missing
        refuse(.invalidCredentials)
    }

    /// It is not the caller's fault.
    func refuseUnjudged(_ fault: CredentialFault, _ kind: CredentialCheck.Kind) {
        worker.metrics.credentialChecked(CredentialCheck(kind, .unavailable))
        record.credentialFault = fault
        refuse(.authUnavailable)
    }

    // MARK: Whether they may

    /// False: the request was answered.
    func authorise(_ plan: RoutePlan) -> Bool {
        guard plan.auth >= 0, !isExcluded else { return true }
        let auth = snapshot.auth.policies[Int(plan.auth)]
        if auth.rule.isEmpty && auth.allowed == nil { return true }
        if let allowed = auth.allowed {
            guard consumer >= 0, allowed[Int(consumer)] else { return refuse(.consumer, auth) }
        }
        if auth.rule.isEmpty { return true }
        let refusal: AuthorizationRule.Refusal?
        if let identity {
            refusal = auth.rule.refusal(for: identity)
        } else {
            refusal = auth.rule.refusalWithoutClaims
        }
        guard let refusal else { return true }
        return refuse(refusal, auth)
    }

    /// Always false.
    private func refuse(_ refusal: AuthorizationRule.Refusal, _ auth: CompiledAuth) -> Bool {
        switch caller {
        case .unasked, .nobody:
            // Optional identity, and a route that asks for more than none.
            challenge = auth.challenges.missing
            refuse(.unauthorized)
        case .unknowable:
            refuse(.authUnavailable)
        case .known:
            record.authorizationRefusal = refusal
            challenge = auth.challenges.insufficient
            refuse(refusal == .insufficientScope ? .insufficientScope : .forbidden)
        }
        return false
    }
}

/// What services are told of consumers, made once.
struct ConsumerFieldNames: Sendable {
    static let shared = ConsumerFieldNames()

    let name = Array("X-Consumer-Name".utf8)
    let groups = Array("X-Consumer-Groups".utf8)
}

extension AccessRecord {
    static let longestSubject = 128
}
