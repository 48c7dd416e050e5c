internal import HTTPWire

/// How far checking one request and its response has come. Only requests that are checked have one.
final class ExchangeCheck {
    /// The response's side of it.
    enum ResponsePhase {
        /// Its head has not come, or nothing is asked of it.
        /// Can transition to: holding, copying, done.
        case waiting
        /// Head and body wait until it is known whether they fit. Can transition to: done.
        case holding(BodyFraming)
        /// It passes, and a copy is looked at when it has. Can transition to: done.
        case copying
        case done
    }

    let rule: CompiledValidation
    /// What the request's body must fit; nil: nothing.
    var content: CompiledValidation.Content?
    /// The body is on its way into the exchange's `keptBody`.
    var isGathering = false
    /// How it is encoded.
    var coding = BodyCoding.identity
    /// It was asked for and could not be looked at.
    var isSkipped = false
    var issues: [ValidationIssue] = []
    var requestResult: ValidationResult?

    var responsePhase = ResponsePhase.waiting
    var responseContent: CompiledValidation.Content?
    var responseBody: [UInt8] = []
    var responseCoding = BodyCoding.identity

    init(_ rule: CompiledValidation) { self.rule = rule }

    var isHolding: Bool {
        if case .holding = responsePhase { true } else { false }
    }
}
