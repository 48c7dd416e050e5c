internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// From the complete head to the answer: the path of a request, in one function.
extension Exchange {
    func begin(_ framing: BodyFraming, at slot: ListenerSlot) {
        phase = .waiting
        capture(slot)
        // Held once for the whole way: each access by itself would count references up and down.
        let (snapshot, request) = (self.snapshot, self.request)
        let fields = request.fields
        // As it came, before anything is added.
        let headSize = fields.byteCount
        self.framing = framing
        // What another request has left there is not this one's.
        if framing.isChunked { requestTrailers.removeAll() }
        if request.minorVersion == 0 { record.version = .http10 }
        originalAuthority = request.authority
        if request.fields.contains(.contentType) { noteCall() }

        // (1) Every request has an id and a place in a trace, refused ones too.
        record.requestID = RequestID.ensure(in: request, &worker.identifiers)
        record.traceID = TraceContext.propagate(in: request, &worker.identifiers)

        if self.listener == ListenerBinding.adminIndex { return answerAdmin() }

        if let client, client.isTrusted {
            note(ClientAddress.find(fields, peer: client.address, trusted: snapshot.trustedProxies))
        }

        // A method is what the request line says: no service may be told another one than the routes have seen.
        MethodOverride.remove(from: fields)

        // (2) Fields that would be read as others behind us, those that only this gateway may set, and those that concern
        // this connection only.
        snapshot.auth.fields.strip(fields)
        do {
            try FieldRules.applyUnderscores(fields, snapshot.settings.underscores)
        } catch {
            return refuse(.badRequest, message: error.explanation)
        }
        // Only this gateway says who a client's certificate is for.
        fields.remove(.xForwardedClientCert)
        if fields.sawUnderscore {
            let name = ForwardedFields.clientCertificate
            fields.removeAll(named: name.span, foldingUnderscores: true)
        }
        if fields.contains(.upgrade), ForwardedFields.asksForTunnel(fields) {
            // Only WebSocket, and only as its handshake has it (RFC 6455 §4.1); routes may forbid that too.
            guard ForwardedFields.namesWebSocket(fields), request.method == .get, request.minorVersion == 1,
                framing == .none
            else { return refuse(.upgradeNotSupported) }
            wantsTunnel = true
        }
        if request.isExtendedConnect && request.asksForWebSocket {
            becomeHandshake()
        } else if request.method == .connect {
            return refuse(.notImplemented)
        }
        if fields.contains(.expect), !request.expectsContinue {
            // An HTTP/1.0 client's expectation has no meaning (RFC 9110 §10.1.1).
            if request.minorVersion == 1 { return refuse(.expectationFailed) }
            fields.remove(.expect)
        }
        // `OPTIONS *` asks about the server as a whole, and that is this one (RFC 9110 §9.3.7).
        if request.isAsterisk { return answerServerOptions() }
        FieldRules.stripHopByHop(fields)

        // (3) One truth about the path, the stage taken off.
        let listener = snapshot.listeners[self.listener]
        guard let features = normalisePath() else { return }
        publicPath = path
        if snapshot.answersChallenges, answerChallenge() { return }
        if let port = listener.httpsPort, client?.cameByTLS != true { return redirectToHTTPS(port) }
        guard removeStage(listener) else { return refuse(.stageNotFound) }

        // (4) The route.
        if request.method == .trace { return refuse(.methodNotAllowed) }
        let preflight = matchPreflight()
        isPreflight = preflight != nil
        let outcome = preflight.map { .route(index: $0) } ?? matchRoute(in: snapshot)
        guard case .route(let index) = outcome else {
            if let refusal = listener.pathPolicy.refusal(of: features) { return refuse(path: refusal) }
            if outcome == .methodNotAllowed { return refuseMethod() }
            return refuse(.notFound)
        }
        routeIndex = index
        record.route = Int32(truncatingIfNeeded: index)
        let plan = snapshot.plans[index]
        record.routeSeries = plan.series
        let policy = snapshot.routes.routes[index].pathPolicy ?? listener.pathPolicy
        if let refusal = policy.refusal(of: features) { return refuse(path: refusal) }

        if wantsTunnel {
            guard plan.webSocket else { return refuse(.upgradeNotSupported) }
            closing = .no
            frames = FrameTracker()
        }

        // (5) Limits on what the request says of itself.
        if plan.requestLine >= 0, Self.lineLength(request) > plan.requestLine { return refuse(.uriTooLong) }
        if plan.requestHead >= 0, headSize > plan.requestHead { return refuse(.requestHeadersTooLarge) }
        bodyLimit = plan.requestBody >= 0 ? plan.requestBody : snapshot.settings.requestBody
        if case .length(let length) = framing, length > bodyLimit { return refuse(.bodyTooLarge) }
        compression = plan.compression
        streamIdle = plan.streamIdle >= 0 ? plan.streamIdle : snapshot.settings.streamIdle
        if web != nil {
            if plan.grpcWeb { beginWebCall() } else { web = nil }
        }

        // (6) The policies, and then the answer.
        policyStep = .preflight
        runPolicies()
    }

    /// Bytes of the request line as HTTP/1.1 has it: method, target, version, and the blanks between.
    static func lineLength(_ request: RequestHead) -> Int {
        Int(request.methodText.count) + Int(request.target.count) + " HTTP/1.1".utf8.count + 1
    }

    func answer(_ plan: RoutePlan) {
        if request.isExtendedConnect && !plan.way.isService { return refuse(.upgradeNotSupported) }
        switch plan.way {
        case .service(let service):
            proxy(service, plan)
        case .serviceFromPath(let parameter):
            let found = snapshot.routes.service(parameter: parameter, path: matchedPath(), worker.scratch)
            if let found { proxy(found, plan) } else { refuse(.serviceNotFound) }
        case .split(let split):
            proxy(chooseSide(split), plan)
        case .redirect(let redirect):
            answer(redirect)
        case .respond(let fixed):
            answer(fixed)
        case .aggregate(let aggregate):
            self.aggregate(aggregate, plan)
        case .handler(let handler):
            handle(handler, plan)
        }
    }

    /// The client behind a trusted proxy, for the record.
    private func note(_ client: SocketAddress) {
        record.clientHigh = client.high
        record.clientLow = client.low
        record.clientPort = client.port
    }

    /// Puts the normal form of the path into the arena; nil when the path cannot be one,
    /// which has been answered then.
    private func normalisePath() -> PathFeatures? {
        let fields = request.fields
        let buffer = worker.pathBuffer
        buffer.removeAll()
        switch PathNormalizer.normalize(fields.bytes(request.path), into: buffer) {
        case .unchanged(let features):
            path = request.path
            return features
        case .rewritten(let range, let features):
            path = fields.store(buffer.slice(range))
            return features
        case .rejected(let rejection):
            refuse(path: rejection)
            return nil
        }
    }

    private func removeStage(_ listener: CompiledListener) -> Bool {
        switch listener.stages.match(matchedPath()) {
        case .unstaged: return true
        case .stage(_, let rest):
            path = ByteRange(start: path.start + rest.start, count: rest.count)
            return true
        case .notFound: return false
        }
    }

    private func matchRoute(in snapshot: Snapshot) -> MatchOutcome {
        let request = self.request
        let fields = request.fields
        let input = RouteInput(
            listener: listener, method: request.method, methodText: fields.bytes(request.methodText),
            host: fields.bytes(request.authority), path: matchedPath(), query: fields.bytes(request.query),
            fields: fields)
        return snapshot.routes.match(input, scratch: worker.scratch)
    }
}

/// Fields by which some frameworks take another method than the request line's.
private enum MethodOverride {
    private static let first: StaticString = "x-http-method"
    private static let second: StaticString = "x-method-override"

    static func remove(from fields: HeaderBlock) {
        fields.remove(.xHTTPMethodOverride)
        // Constants, once compiled; and most requests have no name of these lengths.
        let lengths =
            HeaderBlock.lengthBit(first.utf8CodeUnitCount) | HeaderBlock.lengthBit(second.utf8CodeUnitCount)
        guard fields.mayHoldOther(ofLengths: lengths) else { return }
        for name in [first, second] {
            // Constant data of the program.
            let bytes = unsafe Span(_unsafeStart: name.utf8Start, count: name.utf8CodeUnitCount)
            fields.removeAll(named: bytes, foldingUnderscores: true)
        }
    }
}
