internal import GatewayConfiguration
internal import HTTPWire
internal import JSONSchema
internal import JSONStream
internal import Reactor

/// Checking responses, as the client would get them: after they were transformed.
///
/// A response that must fit is held, head and body, until all of it was looked at; one that does not fit is answered
/// by 502 in its place. Where it is reported only, it passes as it comes, and a copy is looked at behind it.
extension Exchange {
    /// The one way of a response's body to the client.
    func deliver(_ bytes: Span<UInt8>) {
        guard let check else {
            encodeForClient(bytes)
            return
        }
        switch check.responsePhase {
        case .waiting, .done: encodeForClient(bytes)
        case .holding:
            if bytes.count > check.rule.limit - check.responseBody.count { return refuse(.responseTooLarge) }
            check.responseBody.append(bytes)
        case .copying:
            if bytes.count > check.rule.limit - check.responseBody.count {
                skipResponse(check)
            } else {
                check.responseBody.append(bytes)
            }
            encodeForClient(bytes)
        }
    }

    /// The response's head waits for its body.
    var isAnswerHeld: Bool { isHeadHeld || check?.isHolding == true }

    /// True when the head is not sent now: it waits for the body, or was refused.
    func holdsHead(_ framing: BodyFraming, _ check: ExchangeCheck) -> Bool {
        guard case .waiting = check.responsePhase else { return false }
        check.responsePhase = .done
        let rule = check.rule
        guard !rule.responses.isEmpty else { return false }
        let status = response.status
        guard let described = rule.response(to: status) else {
            // Rules of the configuration choose statuses; a document says which there are.
            guard case .operation(_) = rule.configuration.source else { return false }
            return conclude([issue("has the status \(status), which is not described")], check)
        }
        guard framing != .none, framing != .length(0), status != 204, status != 304, !described.content.isEmpty else {
            return conclude([], check)
        }
        let fields = response.fields
        guard let content = MediaTypes.closest(described.content, fields) else {
            return conclude([issue("has a media type that is not described")], check)
        }
        guard content.schema != nil else { return conclude([], check) }
        check.responseCoding = BodyCoding(fields)
        if check.responseCoding == .unknown || status == 206 {
            if rule.isReportOnly {
                skipResponse(check)
                return false
            }
            refuse(status == 206 ? .upstreamInvalidResponse : .responseEncoded)
            return true
        }
        check.responseContent = content
        guard !rule.isReportOnly else {
            check.responsePhase = .copying
            return false
        }
        if case .length(let length) = framing, length > rule.limit {
            refuse(.responseTooLarge)
            return true
        }
        check.responsePhase = .holding(framing)
        armHeld()
        return true
    }

    private func issue(_ message: String) -> ValidationIssue { ValidationIssue(place: "response", message: message) }

    private func skipResponse(_ check: ExchangeCheck) {
        check.responsePhase = .done
        check.responseBody = []
        worker.metrics.validated(isResponse: true, .skipped)
        note(check, response: .skipped)
    }

    /// The response has come as a whole. False when it was refused, and is over.
    func finishResponseCheck(_ check: ExchangeCheck) -> Bool {
        switch check.responsePhase {
        case .waiting, .done: return true
        case .copying:
            check.responsePhase = .done
            return !judgeResponse(check)
        case .holding(let framing):
            check.responsePhase = .done
            let body = check.responseBody
            check.responseBody = []
            if judgeResponse(body, check) { return false }
            sendHead(framing)
            if !body.isEmpty { deliver(body.span) }
            return true
        }
    }

    private func judgeResponse(_ check: ExchangeCheck) -> Bool {
        let body = check.responseBody
        check.responseBody = []
        return judgeResponse(body, check)
    }

    /// True when it was refused.
    private func judgeResponse(_ body: [UInt8], _ check: ExchangeCheck) -> Bool {
        guard let schema = check.responseContent?.schema else { return false }
        let rule = check.rule
        let document: JSONDocument
        switch read(body, check.responseCoding, rule) {
        case .document(let read): document = read
        case .fault(let fault):
            if !rule.isReportOnly, let error = fault.ofResponse {
                worker.metrics.validated(isResponse: true, .refused)
                refuse(error)
                return true
            }
            return conclude([ValidationIssue(place: "response", message: fault.message)], check)
        }
        let verdict = worker.validator.validate(
            document, by: schema, of: rule.program, errors: rule.errors,
            findsUndocumented: rule.configuration.reporting.findsUndocumented)
        return conclude(ValidationIssue.all(of: verdict, "response"), check, verdict.undocumented)
    }

    /// True when it was refused.
    private func conclude(
        _ issues: [ValidationIssue], _ check: ExchangeCheck, _ undocumented: [String] = []
    ) -> Bool {
        check.issues += issues
        let result: ValidationResult = issues.isEmpty ? .passed : check.rule.isReportOnly ? .reported : .refused
        worker.metrics.validated(isResponse: true, result)
        if !issues.isEmpty || !undocumented.isEmpty { note(check, response: result, undocumented: undocumented) }
        guard result == .refused else { return false }
        refuse(.responseInvalid)
        return true
    }
}
