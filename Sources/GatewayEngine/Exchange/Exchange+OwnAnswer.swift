internal import HTTPWire

/// Answers that the gateway puts together for a route: what aggregates make of several, what Swift code says. They go out
/// as an endpoint's answer does, through transformation, check and compression, but for what concerns an endpoint.
///
/// 1. `response` has the status and the fields that belong to the answer.
/// 2. `beginOwn` adds what every answer gets. The head goes out, or waits for the body where that is edited or checked.
/// 3. `passBody` takes the pieces, 4. `finishOwn` ends it. `sendOwn` is all of that for a body that is at hand.
extension Exchange {
    func sendOwn(_ body: [UInt8]) {
        let mayHaveBody = request.method != .head && Self.mayHaveBody(response.status)
        beginOwn(.length(body.count))
        guard isAnswering else { return }
        if mayHaveBody, !body.isEmpty { passBody(body.span) }
        if isAnswering { finishOwn() }
    }

    /// The head was sent or is held back; not so when an error was answered in its place.
    private var isAnswering: Bool { phase == .responding || phase == .waiting && isAnswerHeld }

    /// - Parameter framing: of the body to a GET; what HEAD and the status make of it is seen to here.
    func beginOwn(_ framing: BodyFraming) {
        let fields = response.fields
        let status = response.status
        record.status = UInt16(truncatingIfNeeded: status)
        record.statusSource = .gateway
        hasResponseTrailers = false
        appendDate(fields)
        copyRequestID(to: fields)
        if !limitFields.isEmpty { limitFields.append(from: request.fields, to: fields) }
        appendCrossOrigin(to: fields)
        appendSecurityHeaders(to: fields)
        demandHTTPS(fields)
        if record.isRehearsal { markRehearsal(fields) }
        var framing = framing
        if !Self.mayHaveBody(status) {
            framing = .none
        } else if case .length(let count) = framing {
            let length = worker.pathBuffer
            length.removeAll()
            length.append(decimal: count)
            fields.append(.contentLength, length.span)
        }
        if request.method == .head { framing = .none }
        if transformation != nil, transformResponse(framing) { return }
        sendHead(framing)
    }

    /// All of the body was passed.
    func finishOwn() {
        if coder.isActive { return finishCoded() }
        if let reshaping { return finishReshaping(by: reshaping) }
        completeResponse(trailers: nil)
    }

    /// More of the body waits for the client than should.
    var isOwnCongested: Bool { coder.hasWork || downstream?.isCongested == true }

    static func mayHaveBody(_ status: Int) -> Bool { status >= 200 && status != 204 && status != 304 }
}
