internal import GatewayEngine

/// Why a call to a service came to nothing.
///
/// A handler that does not catch it answers as an aggregate does: 504 `part_timeout` when it was a time limit, else 502
/// `part_failed`.
public struct ServiceError: Error, Sendable, CustomStringConvertible {
    /// What happened.
    public enum Reason: Sendable, Hashable {
        /// The configuration has no service of this name.
        case unknownService
        /// The call could not be sent as it was written: the reason.
        case badCall(String)
        /// The service did not answer in time.
        case timeout
        /// No answer came: the code of `docs/errors.md`, such as `circuit_open` or `upstream_connect_refused`.
        case unavailable(String)
        /// It answered with another status than 2xx, where a value was asked for.
        case status(Int)
        /// Its answer is not the JSON that was asked for: where it differs.
        case undecodable(String)
    }

    /// Which service was asked.
    public let service: String
    /// What happened.
    public let reason: Reason

    init(_ service: String, _ reason: Reason) {
        self.service = service
        self.reason = reason
    }

    init(_ service: String, _ error: GatewayError) {
        self.init(service, error.status == 504 ? .timeout : .unavailable("\(error.code)"))
    }

    /// For the log.
    public var description: String {
        switch reason {
        case .unknownService: "there is no service \"\(service)\""
        case .badCall(let problem): "service \"\(service)\": \(problem)"
        case .timeout: "service \"\(service)\" did not answer in time"
        case .unavailable(let code): "service \"\(service)\" did not answer: \(code)"
        case .status(let status): "service \"\(service)\" answered \(status)"
        case .undecodable(let place): "service \"\(service)\" answered something else than was asked for: \(place)"
        }
    }

    var gatewayError: GatewayError {
        switch reason {
        case .unknownService, .badCall: .handlerFailed
        case .timeout: .partTimeout
        case .unavailable, .status, .undecodable: .partFailed
        }
    }
}
