internal import GatewayConfiguration

/// How one health check ended.
enum CheckResult: UInt8, CaseIterable, Sendable {
    case success
    /// No connection: refused, unreachable, or the name does not resolve.
    case connectFailure
    case timeout
    /// The connection ended, or what came is not HTTP, before the answer was complete.
    case broken
    /// An answer with another status than those expected.
    case status
    /// The expected text does not stand in the body.
    case body

    /// A message of gRPC's health service with the status SERVING and nothing else.
    private static let serving: [UInt8] = [0, 0, 0, 0, 2, 8, 1]

    static let count = allCases.count

    /// The value of the metric's label `result`, and the reason in the log.
    var label: StaticString {
        switch self {
        case .success: "success"
        case .connectFailure: "connect_failure"
        case .timeout: "timeout"
        case .broken: "broken"
        case .status: "status"
        case .body: "body"
        }
    }

    init(_ result: Result<InternalRequest.Reply, InternalRequest.Failure>, _ check: CompiledHealthCheck) {
        switch result {
        case .success(let reply):
            if check.configuration.kind == .tcp {
                self = .success
            } else if check.configuration.kind == .grpc {
                self = reply.status != 200 ? .status : reply.body == Self.serving ? .success : .body
            } else if !check.accepts(status: reply.status) {
                self = .status
            } else {
                self = check.accepts(body: reply.body) ? .success : .body
            }
        case .failure(.timeout): self = .timeout
        case .failure(.gateway): self = .connectFailure
        case .failure(.tooLarge): self = .broken
        case .failure(.upstream(let failure)):
            switch failure {
            case .refused, .connect, .tls: self = .connectFailure
            case .connectTimeout: self = .timeout
            case .refusedStream, .closedEarly, .incomplete, .invalid: self = .broken
            }
        }
    }
}
