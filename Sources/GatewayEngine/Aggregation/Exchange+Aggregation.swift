internal import ContentCodings
internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import JSONStream
internal import Reactor

/// An answer that is made of several.
///
/// 1. `aggregate`: the policies have let the request pass. Where parts refer to its body, that is read first.
/// 2. `AggregateRun` makes the calls. This exchange waits: for the run, for its client to go, and for nothing else, since
///    each call has its time limit, none beyond that of all.
/// 3. `aggregateIsDone`: the body is there, or an error in its place; it goes out as any answer does, through the
///    transformations of the route.
extension Exchange {
    private static let longest: Int64 = 30_000_000_000
    private static let responseTime = Array("X-Response-Time".utf8)
    private static let failedParts = Array("X-Failed-Parts".utf8)

    func aggregate(_ plan: CompiledAggregate, _ route: RoutePlan) {
        guard let downstream else { return }
        let own = plan.timeout >= 0 ? plan.timeout : route.requestTimeout >= 0 ? route.requestTimeout : Self.longest
        let deadline = own < Deadline.never ? worker.loop.now + own : Deadline.never
        let limit = snapshot.configuration.limits.bufferedBody
        let run = AggregateRun(plan, for: self, of: downstream, limit: limit, deadline: deadline)
        aggregation = run
        keepMatch()
        if framing.isEmpty || isBodyReplaced || isBodyHeld { return startAggregate(run) }
        if plan.reads.contains(.body), JSONMediaType.isNamed(by: request.fields) {
            if BodyCoding(request.fields) == .unknown { return refuse(.requestBodyEncoded) }
            bodyLimit = min(bodyLimit, limit)
            if case .length(let length) = framing, length > bodyLimit { return refuse(.bodyTooLarge) }
            continueBody()
        } else {
            // Nobody asks for it: it is read and thrown away, so that the connection can go on.
            startAggregate(run)
            if phase == .waiting { continueBody() }
        }
    }

    private func continueBody() {
        bodyHasBegun = true
        if request.expectsContinue {
            response.removeAll()
            response.status = 100
            downstream?.sendInformational(response)
        }
        downstream?.startBody()
    }

    /// A piece of the client's body.
    func receive(_ bytes: Span<UInt8>, by run: AggregateRun) {
        if !run.receive(bytes) { refuseBody(.bodyTooLarge, nil) }
    }

    /// The client has sent all of it.
    func bodyIsComplete(by run: AggregateRun) {
        if phase == .waiting, run.awaitsBody { startAggregate(run) }
    }

    private func startAggregate(_ run: AggregateRun) {
        let reads = run.plan.reads
        var received = AggregateRequest()
        let fields = request.fields
        received.method = []
        received.method.append(fields.bytes(request.methodText))
        received.parameterNames = snapshot.routes.routes[routeIndex].parameterNames
        received.lastIsRest = snapshot.routes.routes[routeIndex].capturesRest
        let path = matchedPath()
        for range in keptMatch {
            received.parameters.append(
                PartEncoding.decoded(path.extracting(Int(range.start)..<range.end)))
        }
        if reads.contains(.query), request.hasQuery {
            received.query = QueryReader.parameters(fields.bytes(request.query), scratch: worker.pathBuffer)
        }
        if reads.contains(.fields) { received.fields = fields.copies() }
        if reads.contains(.claims) { received.claims = identity?.claims.document.root }
        if reads.contains(.body) {
            var bytes = isBodyReplaced || isBodyHeld ? keptBody : run.takeBody()
            if case .coded(let coding) = BodyCoding(fields) {
                let limits = DecodingLimits(
                    size: snapshot.configuration.limits.bufferedBody, ratio: settings.decompressionRatio)
                do { bytes = try worker.coders.decode(bytes.span, coding, limits) } catch {
                    return refuse(.ofRequest(error))
                }
            }
            if !bytes.isEmpty, JSONMediaType.isNamed(by: fields) {
                do { received.body = try JSONDocument(bytes) } catch { return refuse(.requestBodyMalformed) }
            }
        }
        run.start(received)
    }

    // MARK: The answer

    func aggregateIsDone(
        _ result: AggregateMachine.Result, _ machine: AggregateMachine, _ parts: [PartRecord]
    ) {
        tell { $0.parts = parts }
        guard phase == .waiting else { return }
        endAggregation()
        response.removeAll()
        switch result {
        case .answer(let body):
            response.status = 200
            response.fields.append(.contentType, "application/json")
            appendFreshness(machine)
            appendOutcome(machine)
            sendOwn(body)
        case .passed(_, let answer):
            response.status = answer.status
            if !answer.contentType.isEmpty { response.fields.append(.contentType, answer.contentType.span) }
            response.fields.append(.cacheControl, "no-store")
            appendOutcome(machine)
            record.error = .partFailed
            sendOwn(answer.body)
        case .failed(_, let failure):
            refuse(failure.answer, failed: machine)
        }
    }

    /// An error, with what is said of every aggregate beside it.
    private func refuse(_ error: GatewayError, failed machine: AggregateMachine) {
        failedAggregate = machine
        refuse(error)
        failedAggregate = nil
    }

    /// Puts the list of failed parts behind the members of an error, where the configuration asks for it.
    func append(failuresOf machine: AggregateMachine, to body: WireBuffer) {
        guard let members = machine.failedMembers else { return }
        let bytes = body.span
        var end = bytes.count
        while end > 0, bytes[end - 1] != UInt8(ascii: "}") { end -= 1 }
        guard end > 0 else { return }
        body.truncate(to: end - 1)
        body.append(", ")
        body.append(members.span)
        body.append("}")
    }

    /// Which parts failed, and how long it took.
    func appendOutcome(_ machine: AggregateMachine) {
        let fields = response.fields
        let text = worker.pathBuffer
        text.removeAll()
        for (part, _) in machine.failures {
            if text.count > 0 { text.append(", ") }
            text.append(machine.plan.parts[part].name)
        }
        let (failedParts, responseTime) = (Self.failedParts, Self.responseTime)
        if text.count > 0 { fields.append(name: failedParts.span, value: text.span) }
        text.removeAll()
        text.append(decimal: Int((worker.loop.now - startedAt + 500_000) / 1_000_000))
        text.append("ms")
        fields.append(name: responseTime.span, value: text.span)
    }

    private func appendFreshness(_ machine: AggregateMachine) {
        let plan = machine.plan
        let answers = request.method == .get || request.method == .head ? machine.freshness : []
        let control = PartFreshness.weakest(
            answers, hasFailed: !machine.failures.isEmpty, isPersonal: caller == .known || plan.reads.contains(.claims))
        guard let control else { return }
        let fields = response.fields
        fields.append(.cacheControl, control.span)
        var names = plan.varies
        for name in answers.flatMap(\.vary) where !names.contains(name) { names.append(name) }
        guard !names.isEmpty else { return }
        let list = Array(names.joined(separator: Array(", ".utf8)))
        fields.append(.vary, list.span)
    }

    /// Nothing more is called for.
    func endAggregation() {
        guard let run = aggregation else { return }
        aggregation = nil
        let parts = run.stop()
        if details?.parts.isEmpty != false, !parts.isEmpty { tell { $0.parts = parts } }
    }
}

extension HeaderBlock {
    /// All fields, names in lower case.
    func copies() -> [(name: [UInt8], value: [UInt8])] {
        var copies: [(name: [UInt8], value: [UInt8])] = []
        for index in 0..<count where !field(index).isRemoved {
            var name: [UInt8] = []
            var value: [UInt8] = []
            name.append(self.name(index))
            value.append(self.value(index))
            copies.append((name.map(PathBytes.lowercase), value))
        }
        return copies
    }
}

extension QueryReader {
    /// All parameters, decoded, in their order.
    fileprivate static func parameters(
        _ query: Span<UInt8>, scratch: WireBuffer
    ) -> [(name: [UInt8], value: [UInt8])] {
        var parameters: [(name: [UInt8], value: [UInt8])] = []
        var start = 0
        while start < query.count {
            var end = start
            var equals = -1
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals < 0, query[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            let nameEnd = equals < 0 ? end : equals
            if nameEnd > start {
                scratch.removeAll()
                decode(query.extracting(start..<nameEnd), into: scratch)
                let name = scratch.bytes
                scratch.removeAll()
                if equals >= 0 { decode(query.extracting(equals + 1..<end), into: scratch) }
                parameters.append((name, scratch.bytes))
            }
            start = end + 1
        }
        return parameters
    }
}
