package import GatewayConfiguration
internal import HTTPWire
internal import Identity

/// Takes a request through the steps of `Exchange.begin` without a connection on either side, and notes what each of them
/// did. Every step is the data plane's own code: the scanner, the field rules, the normaliser, the stages, the table, the
/// target builder. Only their order is said twice, and a test holds both to each other over real sockets.
package struct RequestExplainer {
    package let snapshot: Snapshot
    let scratch = MatchScratch()
    let policyScratch = MatchScratch()
    let buffer = WireBuffer(capacity: 1_024)

    package init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
    }

    /// Compiles a configuration and explains by it.
    package init(_ configuration: GatewayConfiguration) throws(RouteTableError) {
        let metrics = Metrics(build: Metrics.Build(version: "", swiftVersion: ""), start: 0)
        self.init(
            try Snapshot(configuration, metrics: metrics, registry: ServiceRegistry(), program: nil, loadsTLS: false))
    }

    /// - Parameters:
    ///   - head: a request's head as it comes over the wire, with its empty line.
    ///   - listener: the index in the configuration.
    package func explain(head bytes: [UInt8], listener: Int) -> RequestExplanation {
        var result = RequestExplanation(listener: listener)
        let head = RequestHead()
        do {
            var scanner = RequestScanner()
            let limits = snapshot.settings.head
            guard case .complete = try scanner.scan(bytes.span, from: 0, into: head, limits: limits) else {
                result.verdict = .refused(.badRequest, reason: "The head has no end.", allow: [])
                return result
            }
            let framing = try Framing.ofRequest(head)
            result.headSize = head.fields.byteCount
            read(head, into: &result)
            // As for every request: routing sees the id and the trace.
            var identifiers = IdentifierSource()
            _ = RequestID.ensure(in: head, &identifiers)
            _ = TraceContext.propagate(in: head, &identifiers)
            snapshot.auth.fields.strip(head.fields)
            try FieldRules.applyUnderscores(head.fields, snapshot.settings.underscores)
            result.verdict = decide(head, framing, &result)
        } catch {
            result.verdict = .refused(GatewayError(request: error), reason: error.explanation.description, allow: [])
        }
        return result
    }

    /// What can be told of a head before anything is decided.
    private func read(_ head: RequestHead, into result: inout RequestExplanation) {
        let fields = head.fields
        result.host = fields.bytes(head.authority).text
        result.receivedPath = fields.bytes(head.path).text
        if head.hasQuery { result.query = fields.bytes(head.query).text }
    }

    private func decide(
        _ head: RequestHead, _ framing: BodyFraming, _ result: inout RequestExplanation
    ) -> RequestExplanation.Verdict {
        let fields = head.fields
        let wantsTunnel = fields.contains(.upgrade) && ForwardedFields.asksForTunnel(fields)
        if wantsTunnel {
            guard ForwardedFields.namesWebSocket(fields), head.method == .get, head.minorVersion == 1, framing == .none
            else { return refusal(.upgradeNotSupported) }
        }
        if head.method == .connect { return refusal(.notImplemented) }
        if fields.contains(.expect), !head.expectsContinue {
            if head.minorVersion == 1 { return refusal(.expectationFailed) }
            fields.remove(.expect)
        }
        if head.isAsterisk { return .answered(status: 204, bodySize: 0) }
        FieldRules.stripHopByHop(fields)
        note(fields, &result)

        let listener = snapshot.listeners[result.listener]
        guard let path = normalise(head, &result) else { return refusal(.pathRejected, pathReason(head)) }
        if let port = listener.httpsPort {
            guard LocationBuilder.httpsOrigin(fields.bytes(head.authority), port: port, into: buffer) else {
                return refusal(.badRequest)
            }
            buffer.append(path.span)
            if head.hasQuery {
                buffer.append(byte: UInt8(ascii: "?"))
                buffer.append(fields.bytes(head.query))
            }
            return .redirected(status: 308, location: buffer.span.text)
        }
        guard let rest = removeStage(listener, path, &result) else { return refusal(.stageNotFound) }
        if head.method == .trace { return refusal(.methodNotAllowed) }

        result.matchedPath = String(decoding: rest, as: UTF8.self)
        let input = RouteInput(
            listener: result.listener, method: head.method, methodText: fields.bytes(head.methodText),
            host: fields.bytes(head.authority), path: rest.span, query: fields.bytes(head.query), fields: fields)
        if let route = preflight(head, input) {
            result.route = route
            noteCrossOrigin(head, snapshot.plans[route], isPreflight: true, &result)
            return .answered(status: 204, bodySize: 0)
        }
        let explanation = snapshot.routes.explain(input, scratch: scratch)
        result.candidates = explanation.candidates
        guard case .route(let index) = explanation.outcome else {
            if let reason = listener.pathPolicy.refusal(of: result.features) { return refusal(reason) }
            let isMethod = explanation.outcome == .methodNotAllowed
            return .refused(
                isMethod ? .methodNotAllowed : .notFound, reason: nil, allow: explanation.allowedMethods)
        }
        result.route = index
        result.parameters = explanation.parameters
        let route = snapshot.routes.routes[index]
        if let reason = (route.pathPolicy ?? listener.pathPolicy).refusal(of: result.features) {
            return refusal(reason)
        }
        let plan = snapshot.plans[index]
        if wantsTunnel && !plan.webSocket { return refusal(.upgradeNotSupported) }
        if plan.requestLine >= 0, Exchange.lineLength(head) > plan.requestLine { return refusal(.uriTooLong) }
        if plan.requestHead >= 0, result.headSize > plan.requestHead { return refusal(.requestHeadersTooLarge) }
        let limit = plan.requestBody >= 0 ? plan.requestBody : snapshot.settings.requestBody
        if case .length(let length) = framing, length > limit { return refusal(.bodyTooLarge) }
        noteCall(head, plan, &result)
        noteCrossOrigin(head, plan, isPreflight: false, &result)
        let token = noteCaller(head, plan, path: rest.span, &result)
        noteRules(token, plan, &result)
        if let set = snapshot.limits.find(
            plan.limits, consumer: Int32(truncatingIfNeeded: result.consumer ?? -1), head, path: rest.span,
            scratch: policyScratch)
        {
            result.limits = set.limits.map(\.configuration)
            result.limitSource = set.source
        }
        if case .redirect = plan.way {
        } else {
            result.validation =
                snapshot.validations.find(plan.validation, head, path: rest.span, scratch: policyScratch)?.configuration
        }
        return answer(head, plan, route, rest, path, token, &result)
    }

    private func answer(
        _ head: RequestHead, _ plan: RoutePlan, _ route: CompiledRoute, _ rest: [UInt8], _ publicPath: [UInt8],
        _ token: VerifiedToken?, _ result: inout RequestExplanation
    ) -> RequestExplanation.Verdict {
        let fields = head.fields
        switch plan.way {
        case .service(let service):
            return proxy(head, route, [(service, 1)], rest, publicPath, &result)
        case .serviceFromPath(let parameter):
            guard let service = snapshot.routes.service(parameter: parameter, path: rest.span, scratch) else {
                return refusal(.serviceNotFound)
            }
            return proxy(head, route, [(service, 1)], rest, publicPath, &result)
        case .split(let split):
            note(split.rule, head, rest, token, &result)
            let weights = split.rule.configuration.sides.map(\.weight)
            return proxy(head, route, Array(zip(split.rule.services, weights)), rest, publicPath, &result)
        case .redirect(let redirect):
            buffer.removeAll()
            let isTLS = snapshot.listeners[result.listener].configuration.tls != nil
            let listenerScheme: StaticString = isTLS ? "https" : "http"
            let outcome = LocationBuilder.build(
                route, redirect, scheme: listenerScheme, authority: fields.bytes(head.authority),
                publicPath: publicPath.span, path: rest.span, query: fields.bytes(head.query),
                hasQuery: head.hasQuery, scratch: scratch, into: buffer)
            guard case .built(let range, _) = outcome else { return refusal(.pathRejected) }
            return .redirected(status: redirect.configuration.status, location: buffer.slice(range).text)
        case .respond(let response):
            return .answered(status: response.configuration.status, bodySize: response.body.count)
        case .aggregate(let aggregate):
            reshape(head, route, rest, &result)
            return .aggregated(aggregate)
        case .handler(let handler):
            reshape(head, route, rest, &result)
            return .handled(handler.name)
        }
    }

    private func proxy(
        _ head: RequestHead, _ route: CompiledRoute, _ services: [(index: Int, weight: Int)], _ path: [UInt8],
        _ publicPath: [UInt8], _ result: inout RequestExplanation
    ) -> RequestExplanation.Verdict {
        let fields = head.fields
        reshape(head, route, path, &result)
        buffer.removeAll()
        let outcome = TargetBuilder.build(
            route.target, path: path.span, query: fields.bytes(head.query), hasQuery: head.hasQuery,
            scratch: scratch, into: buffer)
        guard case .built(let range, let removed) = outcome else {
            return refusal(.pathRejected, "A parameter's value is a dot segment, which would lead somewhere else.")
        }
        let target = buffer.slice(range).text
        // With nothing left behind the stage, the path is a slash that the stage has too.
        let isWholeStage = publicPath != path && publicPath.last != UInt8(ascii: "/") && path.count == 1
        let stage = isWholeStage ? publicPath.count : publicPath.count - path.count
        result.removedPrefix = String(decoding: publicPath.prefix(stage + removed), as: UTF8.self)
        switch snapshot.plans[route.index].host {
        case .target: break
        case .preserve: result.upstreamHost = result.host
        case .literal(let bytes): result.upstreamHost = String(decoding: bytes, as: UTF8.self)
        }
        let configured = snapshot.configuration.services.count
        return .proxied(
            services.map { index, weight in
                let service = snapshot.services[index]
                return RequestExplanation.Destination(
                    source: index < configured ? .configured(index) : .upstream, service: service.name, weight: weight,
                    endpoints: service.endpoints.map(\.configuration), target: target)
            })
    }

    // MARK: Steps

    /// As `Exchange.noteCall` and `beginWebCall`: what follows sees a call of gRPC.
    private func noteCall(_ head: RequestHead, _ plan: RoutePlan, _ result: inout RequestExplanation) {
        let fields = head.fields
        let index = fields.firstIndex(of: .contentType)
        guard index >= 0, let form = CallForm(fields.value(index)) else { return }
        var call: WebCall
        switch form {
        case .plain:
            result.call = .plain
            return
        case .web: call = WebCall(isText: false)
        case .webText: call = WebCall(isText: true)
        }
        guard plan.grpcWeb else {
            result.call = .webUntouched
            return
        }
        call.translate(fields, scratch: buffer)
        result.call = .webTranslated(requestIsText: call.isTextRequest, answerIsText: call.wantsText)
    }

    /// As `Exchange.transformRequest`: the target shows what becomes of the query.
    private func reshape(
        _ head: RequestHead, _ route: CompiledRoute, _ path: [UInt8], _ result: inout RequestExplanation
    ) {
        let found = snapshot.transformations.find(
            snapshot.plans[route.index].transformation, head, path: path.span, scratch: MatchScratch())
        guard let found else { return }
        result.transformation = found.configuration
        let stored = head.fields.store(path.span)
        found.request?.query?.apply(to: head, path: stored, scratch: buffer)
    }

    /// Which side of a split gets the request, by the configuration's weights. Who the client is stands in no head: a key
    /// of it tells that the client stays on its side, not on which.
    private func note(
        _ split: CompiledSplit, _ head: RequestHead, _ path: [UInt8], _ token: VerifiedToken?,
        _ result: inout RequestExplanation
    ) {
        let fields = head.fields
        let consumer = result.consumer.map { snapshot.auth.consumers.consumers[$0].name } ?? []
        let request = SplitRequest(
            fields: fields, query: fields.bytes(head.query), path: path.span, clientHigh: 0, clientLow: 0,
            caller: KnownCaller(consumer: consumer, identity: token))
        let key = split.configuration.key
        var decision = RequestExplanation.SplitDecision(key: key?.text, side: nil, cause: .turn)
        switch split.choose(request, scratch) {
        case .override(let index, let side): (decision.side, decision.cause) = (side, .override(index))
        case .key where key == .client: decision.cause = .client
        case .key(let point):
            let table = SplitTable(split.configuration.sides.map(\.weight))
            (decision.side, decision.cause) = (table.side(at: point), .key)
        case .turn: break
        }
        result.split = decision
    }

    private func note(_ fields: HeaderBlock, _ result: inout RequestExplanation) {
        for index in 0..<fields.count {
            let name = fields.name(index).text
            if fields.field(index).isRemoved {
                result.removedFields.append(name)
            } else {
                result.fields.append((name, fields.value(index).text))
            }
        }
    }

    private func normalise(_ head: RequestHead, _ result: inout RequestExplanation) -> [UInt8]? {
        let fields = head.fields
        let path = fields.bytes(head.path)
        buffer.removeAll()
        switch PathNormalizer.normalize(path, into: buffer) {
        case .unchanged(let features):
            result.features = features
            result.normalizedPath = result.receivedPath
        case .rewritten(let range, let features):
            result.features = features
            result.normalizedPath = buffer.slice(range).text
        case .rejected:
            return nil
        }
        return result.normalizedPath.map { Array($0.utf8) }
    }

    private func pathReason(_ head: RequestHead) -> String? {
        buffer.removeAll()
        let fields = head.fields
        guard case .rejected(let reason) = PathNormalizer.normalize(fields.bytes(head.path), into: buffer) else {
            return nil
        }
        return reason.sentence
    }

    private func removeStage(
        _ listener: CompiledListener, _ path: [UInt8], _ result: inout RequestExplanation
    ) -> [UInt8]? {
        switch listener.stages.match(path.span) {
        case .unstaged: return path
        case .notFound: return nil
        case .stage(let index, let range):
            result.stage = listener.stages.names[index]
            return Array(path[Int(range.start)..<range.end])
        }
    }

    private func refusal(_ error: GatewayError, _ reason: String? = nil) -> RequestExplanation.Verdict {
        .refused(error, reason: reason, allow: [])
    }

    private func refusal(_ reason: PathRejection) -> RequestExplanation.Verdict {
        .refused(.pathRejected, reason: reason.sentence, allow: [])
    }
}

extension PathRejection {
    /// For a person.
    fileprivate var sentence: String {
        switch self {
        case .notAbsolute: "The path does not begin with a slash."
        case .badByte: "The path holds a byte that has no place in one."
        case .badEscape: "The path holds a % without two hexadecimal digits behind it."
        case .dotSegmentParameters: "The path holds a dot segment with parameters (`..;x`), which no policy allows."
        case .hiddenDotSegment: "A dot segment hides between encoded slashes or backslashes, which no policy allows."
        case .encodedSlash: "`paths.encoded_slash` refuses %2F."
        case .encodedBackslash: "`paths.encoded_backslash` refuses %5C."
        case .encodedNull: "`paths.encoded_null` refuses %00."
        case .backslash: "`paths.backslash` refuses a backslash."
        case .emptySegment: "`paths.empty_segments` refuses two slashes in a row."
        case .semicolon: "`paths.semicolon` refuses a semicolon."
        }
    }
}
