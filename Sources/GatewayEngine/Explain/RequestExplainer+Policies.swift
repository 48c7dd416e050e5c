internal import GatewayConfiguration
internal import HTTPWire
internal import Identity

/// What the policies between route and answer would do, as far as a head alone tells: by the same compiled policies that
/// requests meet. What only a connection shows (an address, a certificate), and what somebody else decides, is said so.
extension RequestExplainer {
    // MARK: CORS

    /// As `Exchange.matchPreflight`.
    func preflight(_ head: RequestHead, _ input: borrowing RouteInput) -> Int? {
        let fields = head.fields
        guard head.method == .options, !snapshot.crossOrigin.isEmpty, fields.contains(.origin) else { return nil }
        let index = fields.firstIndex(of: .accessControlRequestMethod)
        guard index >= 0 else { return nil }
        let asked = fields.value(index)
        let question = RouteInput(
            listener: input.listener, method: Method.lookup(asked), methodText: asked, host: input.host,
            path: input.path, query: input.query, fields: fields)
        guard case .route(let route) = snapshot.routes.match(question, scratch: scratch),
            snapshot.plans[route].crossOrigin >= 0
        else { return nil }
        return route
    }

    func noteCrossOrigin(
        _ head: RequestHead, _ plan: RoutePlan, isPreflight: Bool, _ result: inout RequestExplanation
    ) {
        let fields = head.fields
        let index = fields.firstIndex(of: .origin)
        guard index >= 0, let rule = snapshot.crossOrigin.rule(plan.crossOrigin) else { return }
        let origin = fields.value(index)
        result.crossOrigin =
            rule.allows(origin)
            ? .allowed(origin: origin.text, isPreflight: isPreflight)
            : .notAllowed(origin: origin.text, isPreflight: isPreflight)
    }

    // MARK: Who asks

    /// As `Exchange.authenticate`. Returns the token whose claims the rules are asked of.
    func noteCaller(
        _ head: RequestHead, _ plan: RoutePlan, path: Span<UInt8>, _ result: inout RequestExplanation
    ) -> VerifiedToken? {
        let table = snapshot.auth.consumers
        func remainNobody(_ decision: RequestExplanation.CallerDecision) {
            result.caller = decision
            result.consumer = table.anonymous < 0 ? nil : Int(table.anonymous)
        }
        guard plan.auth >= 0 else {
            remainNobody(.open)
            return nil
        }
        let auth = snapshot.auth.policies[Int(plan.auth)]
        if let excluded = auth.excluded, excluded.find(head, path: path, scratch: policyScratch) != nil {
            remainNobody(.excluded)
            return nil
        }
        for kind in auth.kinds {
            guard let found = judge(kind, head, auth) else { continue }
            result.caller = found.decision
            var place: Int32 = -1
            switch found.who {
            case .place(let known): place = known
            case .subject(let subject): place = table.place(ofSubject: subject)
            case .unknown: break
            }
            result.consumer = place < 0 ? nil : Int(place)
            return found.token
        }
        if auth.isOptional { remainNobody(.nobody) } else { result.caller = .missing }
        return nil
    }

    private struct Judgement {
        enum Who {
            case unknown
            case place(Int32)
            case subject([UInt8])
        }

        var decision: RequestExplanation.CallerDecision
        var who = Who.unknown
        var token: VerifiedToken?
    }

    /// nil: the request has no credentials of this kind, or none that a head shows.
    private func judge(_ kind: CredentialKind, _ head: RequestHead, _ auth: CompiledAuth) -> Judgement? {
        switch kind {
        case .jwt, .introspection: token(kind, head, auth)
        case .apiKey: key(head, auth)
        case .basic: password(head, auth)
        case .forward: auth.forward.map { Judgement(decision: .asks(.forward, url: $0.authority.target.text)) }
        case .clientCertificate: nil
        }
    }

    private func refusal(_ kind: CredentialKind, _ fault: TokenFault) -> Judgement {
        Judgement(decision: .refused(kind, status: 401, code: "invalid_token", reason: fault.code))
    }

    private func refusal(_ kind: CredentialKind, _ fault: CredentialFault) -> Judgement {
        Judgement(decision: .refused(kind, status: 401, code: "invalid_credentials", reason: fault.code))
    }

    private func token(_ kind: CredentialKind, _ head: RequestHead, _ auth: CompiledAuth) -> Judgement? {
        let fields = head.fields
        let range: ByteRange
        switch auth.places.find(head) {
        case .none: return nil
        case .several: return refusal(kind, .several)
        case .token(let found): range = found
        }
        if Int(range.count) > auth.verifier.limits.token { return refusal(kind, .tooLarge) }
        if auth.tellsTokensApart, CompactToken.hasForm(fields.bytes(range)) != (kind == .jwt) { return nil }
        if kind == .introspection {
            return auth.introspection.map {
                Judgement(decision: .asks(.introspection, url: $0.authority.target.text))
            }
        }
        do throws(TokenFault) {
            let inspected = try auth.verifier.inspect(fields.bytes(range))
            switch auth.keys[inspected.issuer] {
            case .fetched(let feed): return Judgement(decision: .fetchesKeys(url: feed.name))
            case .written(let keys):
                let second = OperationLog.wallClock() / 1_000_000_000
                let token = try auth.verifier.verify(inspected, keys: keys, at: second)
                return Judgement(
                    decision: .known(.jwt, subject: String(decoding: token.subject, as: UTF8.self)),
                    who: .subject(token.subject), token: token)
            }
        } catch { return refusal(kind, error) }
    }

    private func key(_ head: RequestHead, _ auth: CompiledAuth) -> Judgement? {
        let fields = head.fields
        switch auth.keyPlaces?.find(head) {
        case nil, .some(.none): return nil
        case .several: return refusal(.apiKey, .keySeveral)
        case .token(let range):
            guard let place = snapshot.auth.consumers.keys.consumer(of: fields.bytes(range)) else {
                return refusal(.apiKey, .keyUnknown)
            }
            return Judgement(
                decision: .known(.apiKey, subject: nil), who: .place(Int32(truncatingIfNeeded: place)))
        }
    }

    private func password(_ head: RequestHead, _ auth: CompiledAuth) -> Judgement? {
        let fields = head.fields
        guard let range = BasicScheme.find(fields) else { return nil }
        guard let credentials = BasicCredentials(fields.bytes(range)) else { return refusal(.basic, .basicMalformed) }
        let table = snapshot.auth.consumers
        let place = table.place(ofUser: credentials.user)
        guard place >= 0, let stored = table.consumers[Int(place)].password, stored.matches(credentials.password)
        else { return refusal(.basic, .passwordWrong) }
        return Judgement(
            decision: .known(.basic, subject: String(decoding: credentials.user, as: UTF8.self)), who: .place(place))
    }

    // MARK: Whether they may

    /// As `Exchange.authorise`, for callers that are known here.
    func noteRules(_ token: VerifiedToken?, _ plan: RoutePlan, _ result: inout RequestExplanation) {
        guard plan.auth >= 0 else { return }
        let auth = snapshot.auth.policies[Int(plan.auth)]
        switch result.caller {
        case .known: break
        case .nobody:
            // Optional identity, and a route that asks for more than none.
            let isListed = auth.allowed.map { allowed in result.consumer.map { allowed[$0] } ?? false } ?? true
            if !isListed || auth.rule.refusalWithoutClaims != nil { result.caller = .missing }
            return
        case .open, .excluded, .missing, .refused, .asks, .fetchesKeys: return
        }
        if let allowed = auth.allowed, !(result.consumer.map { allowed[$0] } ?? false) {
            result.forbidden = AuthorizationRule.Refusal.consumer.code
        } else {
            let refusal = token.map { auth.rule.refusal(for: $0) } ?? auth.rule.refusalWithoutClaims
            result.forbidden = refusal?.code
        }
    }
}
