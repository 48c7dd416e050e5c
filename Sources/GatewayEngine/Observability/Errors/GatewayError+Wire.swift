package import HTTPWire

extension GatewayError {
    /// The code for a request that could not be read. Which rule it broke is the wire error's own label and explanation,
    /// which go into the answer's message and into `Proxy-Status`; the code stays one of a few that clients can act on.
    package init(request error: WireError) {
        self =
            switch error.status {
            case 414: .uriTooLong
            case 431: .requestHeadersTooLarge
            case 501: .notImplemented
            case 505: .httpVersionNotSupported
            default: .badRequest
            }
    }

    /// The code for an upstream's answer that could not be read.
    package init(response error: WireError) {
        self =
            switch error {
            case .headTooLarge, .tooManyFields, .statusLineTooLong: .upstreamHeadersTooLarge
            case .truncatedBody: .upstreamIncomplete
            default: .upstreamInvalidResponse
            }
    }
}
