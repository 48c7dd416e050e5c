internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// Reshaping what passes: what the route or the path has for its requests and responses.
///
/// A response whose body is edited goes so:
/// 1. The request asks the service for the body as it is, and whole: `Accept-Encoding: identity`, no `Range`.
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
    private static let bodyFields = ["content-md5", "accept-ranges"].map { Array($0.utf8) }

    /// Finds what is done to this request and to its response.
    func transformRequest(_ plan: RoutePlan) {
        let all = snapshot.transformations
        guard !all.isEmpty, !wantsTunnel,
            let found = all.find(
                plan.transformation, request, path: matchedPath(), scratch: worker.policyScratch)
        else { return }
        transformation = found
        guard found.readsResponses else { return }
        let fields = request.fields
        fields.set(.acceptEncoding, "identity")
        fields.remove(.range)
        let ifRange = Self.ifRange
        fields.removeAll(named: ifRange.span)
    }

    // MARK: The response's head

    /// True when the head is not sent now: it waits for the body, or an error was answered in its place.
    func transformResponse(_ framing: BodyFraming) -> Bool {
        let status = response.status
        guard let edits = transformation?.response(to: status), status != 204, status != 304 else { return false }
        if framing == .length(0) { return false }
        let fields = response.fields
        guard JSONMediaType.isNamed(by: fields) else {
            guard edits.requiresJSON else { return false }
            refuse(.responseNotJSON)
            return true
        }
        guard let body = edits.body else { return false }
        if JSONMediaType.isEncoded(fields) {
            refuse(.responseEncoded)
            return true
        }
        if status == 206 {
            // Nobody asked for a part, and a part is no document.
            refuse(.upstreamInvalidResponse)
            return true
        }
        fields.remove(.contentLength)
        fields.remove(.etag)
        fields.remove(.digest)
        fields.remove(.contentDigest)
        fields.remove(.reprDigest)
        fields.remove(.contentRange)
        fields.remove(.trailer)
        for name in Self.bodyFields { fields.removeAll(named: name.span) }
        // Of HEAD: as of GET, but for the length, which nobody knows.
        if framing == .none { return false }
        reshaping = worker.rewriters.take(for: body)
        isHeadHeld = true
        armHeld()
        return true
    }

    /// The whole request's deadline goes on while the head waits, and the service must not fall silent.
    private func armHeld() {
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
        if isHeadHeld { armHeld() } else { touch() }
        if let downstream, downstream.isCongested { upstream?.pauseResponse() }
    }

    /// The service has sent everything.
    func finishReshaping(by rewriter: BodyRewriter) {
        guard push(Span(), isLast: true, rewriter) else { return }
        if isHeadHeld {
            let length = worker.pathBuffer
            length.removeAll()
            length.append(decimal: rewriter.held.count)
            response.fields.set(.contentLength, length.span)
            sendHeldHead(.length(rewriter.held.count), rewriter)
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
            downstream?.sendBody(bytes)
            return
        }
        rewriter.held.append(bytes)
        if rewriter.held.count > Self.heldLimit { sendHeldHead(.chunked, rewriter) }
    }

    private func sendHeldHead(_ framing: BodyFraming, _ rewriter: BodyRewriter) {
        isHeadHeld = false
        sendHead(framing)
        let held = rewriter.held
        rewriter.held = []
        if !held.isEmpty { downstream?.sendBody(held.span) }
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
        transformation = nil
        guard let reshaping else { return }
        self.reshaping = nil
        worker.rewriters.giveBack(reshaping)
    }
}
