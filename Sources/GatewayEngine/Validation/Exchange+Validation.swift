internal import ContentCodings
internal import GatewayConfiguration
internal import HTTPWire
internal import JSONSchema
internal import JSONStream
internal import Reactor

/// Checking requests, before anything is done to them.
///
/// 1. The rule: the route's own, or the most specific by path and method.
/// 2. Parameters, header fields and cookies, from the head.
/// 3. The body's media type. One that is JSON and has a schema is gathered as a whole, up to `limits.buffered_body`, into
///    `keptBody`; then it is looked at.
/// 4. What does not fit is refused, with all that is wrong, or reported only. What fits goes on as it came: framing and
///    bytes are the client's own, and since all of it is at hand it can be sent again in further tries.
extension Exchange {
    /// False when the request was refused, or waits for its body.
    func validateRequest(_ plan: RoutePlan) -> Bool {
        // The body has come.
        if let check { return judge(check) }
        guard !wantsTunnel else { return true }
        if case .redirect = plan.way { return true }
        let all = snapshot.validations
        guard let rule = all.find(plan.validation, request, path: matchedPath(), scratch: worker.policyScratch) else {
            return true
        }
        let check = ExchangeCheck(rule)
        self.check = check
        if !rule.parameters.isEmpty { readParameters(check) }
        if let body = rule.body, check.issues.count < rule.errors {
            guard startChecking(body, check) else { return false }
        }
        return judge(check)
    }

    private func readParameters(_ check: ExchangeCheck) {
        let fields = request.fields
        var reader = ParameterReader(
            check.rule, worker.validator, path: RequestText.copy(fields.bytes(path)),
            query: RequestText.copy(fields.bytes(request.query)), fields: fields)
        reader.read(check.rule.parameters)
        check.issues = reader.issues
    }

    // MARK: The body

    /// True when nothing is to be waited for.
    private func startChecking(_ body: CompiledValidation.Body, _ check: ExchangeCheck) -> Bool {
        guard framing != .none, framing != .length(0) else {
            if body.isRequired { check.issues.append(ValidationIssue(place: "body", message: "is missing")) }
            return true
        }
        let fields = request.fields
        let isReportOnly = check.rule.isReportOnly
        guard let content = MediaTypes.closest(body.content, fields) else {
            if isReportOnly {
                check.issues.append(
                    ValidationIssue(place: "body", message: "has a media type that is not accepted here"))
                return true
            }
            refuse(.unsupportedMediaType)
            return false
        }
        guard content.schema != nil else { return true }
        check.coding = BodyCoding(fields)
        if check.coding == .unknown {
            check.isSkipped = true
            if !isReportOnly { refuse(.requestBodyEncoded) }
            return isReportOnly
        }
        if isReportOnly, !isShort(framing, check.rule.limit) {
            // Who only watches does not refuse what is too large to watch.
            check.isSkipped = true
            return true
        }
        bodyLimit = min(bodyLimit, check.rule.limit)
        if case .length(let length) = framing, length > bodyLimit {
            refuse(.bodyTooLarge)
            return false
        }
        check.content = content
        check.isGathering = true
        beginBody()
        return false
    }

    private func isShort(_ framing: BodyFraming, _ limit: Int) -> Bool {
        if case .length(let length) = framing { length <= limit } else { false }
    }

    /// Lets the client send its body, before there is a service that could say whether it wants it.
    private func beginBody() {
        bodyHasBegun = true
        if request.expectsContinue {
            request.fields.remove(.expect)
            response.removeAll()
            response.status = 100
            downstream?.sendInformational(response)
        }
        downstream?.startBody()
    }

    /// All of the body is in `keptBody`.
    func finishChecking(_ check: ExchangeCheck) {
        check.isGathering = false
        isBodyHeld = true
        resumePolicies()
    }

    // MARK: The verdict

    private func judge(_ check: ExchangeCheck) -> Bool {
        let rule = check.rule
        if let schema = check.content?.schema {
            guard judgeBody(schema, check) else { return false }
        }
        let result: ValidationResult =
            check.issues.isEmpty ? (check.isSkipped ? .skipped : .passed) : rule.isReportOnly ? .reported : .refused
        check.requestResult = result
        worker.metrics.validated(isResponse: false, result)
        if result == .refused || result == .reported { note(check, response: nil) }
        guard result != .refused else {
            refuse(.requestInvalid, issues: check.issues)
            return false
        }
        if rule.readsResponses {
            let fields = request.fields
            // The client's own answer is compressed by what the client accepts.
            coder.accepted = acceptedCodings
            coder.isUsed = true
            fields.set(.acceptEncoding, "identity")
            fields.remove(.range)
            let ifRange = Self.ifRangeName
            fields.removeAll(named: ifRange.span)
        }
        return true
    }

    private static let ifRangeName = Array("if-range".utf8)

    /// False: it is no JSON, which was answered.
    private func judgeBody(_ schema: SchemaID, _ check: ExchangeCheck) -> Bool {
        let rule = check.rule
        let kept = keptBody
        let document: JSONDocument
        switch read(kept, check.coding, rule) {
        case .document(let read): document = read
        case .fault(let fault):
            if rule.isReportOnly {
                check.issues.append(ValidationIssue(place: "body", message: fault.message))
                return true
            }
            worker.metrics.validated(isResponse: false, .refused)
            refuse(fault.ofRequest)
            return false
        }
        let verdict = worker.validator.validate(
            document, by: schema, of: rule.program, errors: max(1, rule.errors - check.issues.count))
        check.issues += ValidationIssue.all(of: verdict, "body")
        return true
    }

    /// A body that is at hand, decoded for whoever looks at it: what is sent on is what came.
    func read(_ body: [UInt8], _ coding: BodyCoding, _ rule: CompiledValidation) -> ReadBody {
        var plain = body
        if case .coded(let coding) = coding {
            let limits = DecodingLimits(size: rule.limit, ratio: settings.decompressionRatio)
            record.decoding = coding
            record.codedBytes += UInt64(body.count)
            do { plain = try worker.coders.decode(body.span, coding, limits) } catch { return .fault(.coding(error)) }
            record.decodedBytes += UInt64(plain.count)
        }
        do { return .document(try JSONDocument(plain)) } catch { return .fault(.malformed) }
    }

    /// For the access log.
    func note(_ check: ExchangeCheck, response: ValidationResult?, undocumented: [String] = []) {
        let request = check.requestResult == .passed ? nil : check.requestResult
        let report = ValidationReport(
            request: request, response: response, issues: check.issues, undocumented: undocumented)
        tell { $0.validation = report }
    }

    /// The next request begins with nothing of this one.
    func endValidation() { if check != nil { check = nil } }
}

extension ValidationIssue {
    static func all(of verdict: SchemaVerdict, _ place: StaticString) -> [ValidationIssue] {
        if verdict.isTooCostly { return [ValidationIssue(place: place, message: "costs too much to check")] }
        return verdict.errors.map {
            ValidationIssue(place: place, pointer: $0.pointer, message: $0.message, schema: $0.schema)
        }
    }
}

/// What a message's fields say about its body.
enum MediaTypes {
    /// The rule that names the message's type, and most closely; nil: none does, or it has no type.
    static func closest(_ rules: [CompiledValidation.Content], _ fields: HeaderBlock) -> CompiledValidation.Content? {
        let index = fields.firstIndex(of: .contentType)
        guard index >= 0, fields.nextIndex(of: .contentType, after: index) < 0 else { return nil }
        var found: CompiledValidation.Content?
        var best = -1
        for rule in rules {
            let closeness = rule.type.closeness(to: fields.value(index))
            guard closeness > best else { continue }
            best = closeness
            found = rule
        }
        return found
    }
}
