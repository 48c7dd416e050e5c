internal import ContentCodings
internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// Reshaping what passes: what the route or the path has for its requests and responses.
///
/// A response whose body is edited goes so:
/// 1. The request asks the service for the body as it is, and whole: `Accept-Encoding: identity`, no `Range`. One that is
///    compressed all the same is decoded, and leaves in what the client accepts.
/// 2. The response's head says whether its body is edited at all: its status, its type, that it has one.
/// 3. If so, fields that describe the old body go, and the head waits: in `waiting`, so that all that goes wrong can
///    still be answered by an error.
/// 4. Pieces of the body go through the rewriter. When `heldLimit` of the new body has come out, the head is sent,
///    and what follows streams in chunks; a body that ends before that gets its length.
/// 5. From then on, a body that turns out to be no JSON is broken off, which the client can tell.
///
/// Answers that the gateway makes itself are not edited.
extension Exchange {
    /// What comes out before the head is sent.
    private static let heldLimit = 16 * 1024

    private static let ifRange = Array("if-range".utf8)

    /// Fields that say something about the bytes of the body that is no longer sent. The validators go too: the next
    /// configuration makes another body of the same one, and a cache could not tell. `Accept-Ranges` and `Content-Range`
    /// offer parts that cannot be had.
    private static let contentMD5 = Array("content-md5".utf8)
    private static let acceptRanges = Array("accept-ranges".utf8)

    /// Finds what is done to this request and to its response, and does the former. False when the request goes on
    /// later, or was answered.
    func transformRequest(_ plan: RoutePlan) -> Bool {
        if !isBodyReplaced {
            guard findTransformation(plan) else { return true }
            coder.accepted = acceptedCodings
            coder.isUsed = true
            if let body = transformation?.request?.body, editsRequest, !startGathering(body) { return false }
        }
        guard let transformation else { return true }
        let fields = request.fields
        if let edits = transformation.request, editsRequest {
            let source = FieldValue.Source(pathBlock: fields, path: path, fields: fields, exchange: self)
            // Each refers to the request as it came, but for what was edited before it: the query first, which nobody
            // reads afterwards but as it was received.
            if let query = edits.query {
                receivedQuery = request.query
                query.apply(to: request, path: path, scratch: worker.pathBuffer, exchange: self)
            }
            if let path = edits.path, !writePath(path, source) { return false }
            edits.headers?.apply(source, scratch: worker.pathBuffer)
        }
        guard transformation.readsResponses else { return true }
        fields.set(.acceptEncoding, "identity")
        fields.remove(.range)
        let ifRange = Self.ifRange
        fields.removeAll(named: ifRange.span)
        return true
    }

    /// The request is of a type that is edited.
    private var editsRequest: Bool {
        guard let types = transformation?.request?.types else { return false }
        return isBodyReplaced || types.name(request.fields)
    }

    private func findTransformation(_ plan: RoutePlan) -> Bool {
        let all = snapshot.transformations
        guard !all.isEmpty, !wantsTunnel else { return false }
        switch plan.way {
        case .redirect, .respond: return false
        case .service, .serviceFromPath, .split, .aggregate, .handler: break
        }
        transformation = all.find(plan.transformation, request, path: matchedPath(), scratch: worker.policyScratch)
        return transformation != nil
    }

    // MARK: The request's body

    /// The new body is made before the service is chosen, so that one that is wrong never reaches it, and tries can be
    /// repeated. False when it has to be waited for, or was refused.
    private func startGathering(_ body: BodyEdits) -> Bool {
        let fields = request.fields
        guard !framing.isEmpty, JSONMediaType.isNamed(by: fields) else { return true }
        guard startDecoding(fields, limit: body.limit) else { return false }
        bodyLimit = min(bodyLimit, body.limit)
        if case .length(let length) = framing, length > bodyLimit {
            refuse(.bodyTooLarge)
            return false
        }
        let rewriter = worker.rewriters.take(for: body)
        gathering = rewriter
        rewriter.exchange = self
        if isBodyHeld {
            // It was checked, and is at hand.
            reshapeHeldBody(by: rewriter)
            return false
        }
        bodyHasBegun = true
        if request.expectsContinue {
            // The service will get the body at once: it is not asked whether it wants one.
            fields.remove(.expect)
            response.removeAll()
            response.status = 100
            downstream?.sendInformational(response)
        }
        downstream?.startBody()
        return false
    }

    private func reshapeHeldBody(by rewriter: BodyRewriter) {
        let held = keptBody
        keptBody = []
        isBodyHeld = false
        gather(held.span, by: rewriter)
        guard phase == .waiting, gathering === rewriter else { return }
        finishGathering(by: rewriter)
    }

    /// False when the body is encoded in a way that is not known, which was answered.
    private func startDecoding(_ fields: HeaderBlock, limit: Int) -> Bool {
        switch BodyCoding(fields) {
        case .identity: return true
        case .unknown:
            refuse(.requestBodyEncoded)
            return false
        case .coded(let coding):
            coder.requestDecoder = worker.coders.decoder(
                coding, DecodingLimits(size: limit, ratio: settings.decompressionRatio))
            record.decoding = coding
            coder.isUsed = true
            if coder.requestDecoder == nil { refuse(.overloaded) }
            return coder.requestDecoder != nil
        }
    }

    func gather(_ bytes: Span<UInt8>, by rewriter: BodyRewriter) {
        guard let decoder = coder.requestDecoder else { return gather(bytes, isLast: false, rewriter) }
        do {
            // What may come out is bounded as a whole.
            record.codedBytes += UInt64(bytes.count)
            _ = try decoder.push(bytes) { plain in
                guard phase == .waiting, gathering === rewriter else { return }
                record.decodedBytes += UInt64(plain.count)
                gather(plain, isLast: false, rewriter)
            }
        } catch {
            guard phase == .waiting, gathering === rewriter else { return }
            refuseBody(.ofRequest(error), nil)
        }
    }

    private func gather(_ bytes: Span<UInt8>, isLast: Bool, _ rewriter: BodyRewriter) {
        do {
            try rewriter.push(bytes, isLast: isLast) { keptBody.append($0) }
        } catch {
            return refuseBody(error == .malformed ? .requestBodyMalformed : .bodyTooLarge, nil)
        }
        // What is set can make a small body large.
        if keptBody.count > rewriter.edits.limit { refuseBody(.bodyTooLarge, nil) }
    }

    func finishGathering(by rewriter: BodyRewriter) {
        if let decoder = coder.requestDecoder {
            do { try decoder.finish() } catch { return refuseBody(.requestBodyUndecodable, nil) }
            coder.requestDecoder = nil
            worker.coders.giveBack(decoder)
            request.fields.remove(.contentEncoding)
        }
        gather(Span(), isLast: true, rewriter)
        guard phase == .waiting, gathering === rewriter else { return }
        gathering = nil
        requestDocument = rewriter.document
        worker.rewriters.giveBack(rewriter)
        isBodyReplaced = true
        framing = .length(keptBody.count)
        let fields = request.fields
        removeBodyFields(fields)
        let length = worker.pathBuffer
        length.removeAll()
        length.append(decimal: keptBody.count)
        fields.set(.contentLength, length.span)
        resumePolicies()
    }

    // MARK: The response's head

    private enum HeadOutcome { case passes, waits, isRefused }

    /// True when the head is not sent now: it waits for the body, or an error was answered in its place.
    func transformResponse(_ framing: BodyFraming) -> Bool {
        guard let edits = transformation?.response(to: response) else { return false }
        let outcome = judge(framing, edits)
        if outcome == .isRefused { return true }
        if outcome == .waits, edits.body?.keepsDocument == true {
            // What they refer to is known when the body has come.
            lateEdits = edits
        } else {
            editHead(edits)
        }
        return outcome != .passes
    }

    private func editHead(_ edits: CompiledTransformation.Response) {
        if let headers = edits.headers {
            let source = FieldValue.Source(
                pathBlock: request.fields, path: path, fields: response.fields, exchange: self)
            headers.apply(source, scratch: worker.pathBuffer)
        }
        guard edits.newStatus >= 0, response.status != 304 else { return }
        // A status without a body gets one that is empty.
        if response.status == 204 { response.fields.set(.contentLength, "0") }
        response.status = edits.newStatus
        response.reason = .empty
        record.status = UInt16(truncatingIfNeeded: edits.newStatus)
    }

    /// By what the service says of its body.
    private func judge(_ framing: BodyFraming, _ edits: CompiledTransformation.Response) -> HeadOutcome {
        let status = response.status
        if status == 204 || status == 304 || framing == .length(0) { return .passes }
        let fields = response.fields
        guard JSONMediaType.isNamed(by: fields) else {
            return edits.requiresJSON ? refused(.responseNotJSON) : .passes
        }
        guard let body = edits.body else { return .passes }
        let coding = BodyCoding(fields)
        if coding == .unknown { return refused(.responseEncoded) }
        // Nobody asked for a part, and a part is no document.
        if status == 206 { return refused(.upstreamInvalidResponse) }
        removeBodyFields(fields)
        if case .coded(let coding) = coding {
            fields.remove(.contentEncoding)
            coder.wasEncoded = true
            coder.isUsed = true
            if framing != .none {
                // The size that counts is that of what has to be held, which the rewriter bounds.
                coder.decoder = worker.coders.decoder(coding, DecodingLimits(ratio: settings.decompressionRatio))
                record.decoding = coding
                if coder.decoder == nil { return refused(.overloaded) }
            }
        }
        // Of HEAD: as of GET, but for the length, which nobody knows.
        if framing == .none { return .passes }
        reshaping = worker.rewriters.take(for: body)
        reshaping?.exchange = self
        isHeadHeld = true
        armHeld()
        return .waits
    }

    private func refused(_ error: GatewayError) -> HeadOutcome {
        refuse(error)
        return .isRefused
    }

    private func removeBodyFields(_ fields: HeaderBlock) {
        fields.remove(.contentLength)
        fields.remove(.etag)
        fields.remove(.digest)
        fields.remove(.contentDigest)
        fields.remove(.reprDigest)
        fields.remove(.contentRange)
        fields.remove(.trailer)
        let (contentMD5, acceptRanges) = (Self.contentMD5, Self.acceptRanges)
        fields.removeAll(named: contentMD5.span)
        fields.removeAll(named: acceptRanges.span)
    }

    /// The whole request's deadline goes on while the head waits, and the service must not fall silent.
    func armHeld() {
        heldDeadline = streamIdle < Deadline.never ? worker.loop.now + streamIdle : Deadline.never
        let next = min(requestDeadline, heldDeadline)
        if next < Deadline.never { worker.loop.timers.arm(self, at: next) } else { worker.loop.timers.pause(self) }
    }

    func heldTimerDidFire() {
        let now = worker.loop.now
        let next = min(requestDeadline, heldDeadline)
        if now >= next { refuse(.upstreamTimeout) } else { worker.loop.timers.arm(self, at: next) }
    }

    // MARK: The response's body

    func reshape(_ bytes: Span<UInt8>, by rewriter: BodyRewriter) {
        guard push(bytes, isLast: false, rewriter) else { return }
        if isAnswerHeld { armHeld() } else { touch() }
        if !coder.isActive, let downstream, downstream.isCongested { upstream?.pauseResponse() }
    }

    /// The service has sent everything.
    func finishReshaping(by rewriter: BodyRewriter) {
        guard push(Span(), isLast: true, rewriter) else { return }
        if isHeadHeld {
            if let edits = lateEdits {
                lateEdits = nil
                responseDocument = rewriter.document
                editHead(edits)
            }
            let length = worker.pathBuffer
            length.removeAll()
            length.append(decimal: rewriter.held.count)
            response.fields.set(.contentLength, length.span)
            sendHeldHead(.length(rewriter.held.count), rewriter)
            guard reshaping === rewriter else { return }
        }
        completeResponse(trailers: nil)
    }

    /// False when the exchange is over.
    private func push(_ bytes: Span<UInt8>, isLast: Bool, _ rewriter: BodyRewriter) -> Bool {
        do {
            try rewriter.push(bytes, isLast: isLast) { pass($0, rewriter) }
        } catch {
            reshapingFailed(error)
            return false
        }
        return reshaping === rewriter
    }

    private func pass(_ bytes: Span<UInt8>, _ rewriter: BodyRewriter) {
        guard isHeadHeld else {
            deliver(bytes)
            return
        }
        rewriter.held.append(bytes)
        // With edits that need the whole body, the rewriter bounds what is held.
        if rewriter.held.count > Self.heldLimit, lateEdits == nil { sendHeldHead(.chunked, rewriter) }
    }

    private func sendHeldHead(_ framing: BodyFraming, _ rewriter: BodyRewriter) {
        isHeadHeld = false
        sendHead(framing)
        if !rewriter.held.isEmpty {
            let held = rewriter.held
            deliver(held.span)
        }
        rewriter.held.removeAll(keepingCapacity: true)
    }

    private func reshapingFailed(_ fault: BodyFault) {
        let error: GatewayError =
            switch fault {
            case .malformed: .responseMalformed
            case .tooLarge: .responseTooLarge
            }
        if isHeadHeld { return refuse(error) }
        record.error = error
        breakOff()
    }

    // MARK: The end

    /// The next request begins with nothing of this one.
    func endTransformation() {
        isHeadHeld = false
        if transformation?.request?.query != nil, let receivedQuery {
            // The log tells what the client sent.
            request.query = receivedQuery
            request.hasQuery = !receivedQuery.isEmpty
        }
        receivedQuery = nil
        transformation = nil
        lateEdits = nil
        if requestDocument != nil { requestDocument = nil }
        if responseDocument != nil { responseDocument = nil }
        if let gathering {
            self.gathering = nil
            worker.rewriters.giveBack(gathering)
        }
        if let reshaping {
            self.reshaping = nil
            worker.rewriters.giveBack(reshaping)
        }
    }
}
