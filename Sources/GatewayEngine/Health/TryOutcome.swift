/// How one try at an endpoint went: what health, breakers, balancing and canaries learn from.
struct TryOutcome {
    enum Kind {
        /// A response, whatever its status.
        case response
        /// The connection could not be made.
        case connectFailure
        /// It was made and ended, or made no sense, before the response was complete.
        case broken
        /// No head of a response in time.
        case timeout
        /// The client left, or another try was faster: this says nothing about the endpoint.
        case abandoned
    }

    var kind: Kind
    /// 0 without a response.
    var status: UInt16 = 0
    /// Nanoseconds from the try's start to the head of its response, or to its failure.
    var latency: Int64

    /// 502, 503 and 504 are what gateways say; from an endpoint they mean that it cannot do its work.
    var isGatewayFailure: Bool {
        switch kind {
        case .response: status >= 502 && status <= 504
        case .connectFailure, .broken, .timeout: true
        case .abandoned: false
        }
    }

    var isServerError: Bool { kind == .response ? status >= 500 : kind != .abandoned }
}
