internal import HTTPWire
internal import Reactor

/// Why a request to an endpoint failed before its response was complete.
enum UpstreamFailure {
    /// Nothing was sent: the connection could not be made.
    case refused, connect, connectTimeout
    /// The same: the TLS handshake failed.
    case tls(TLSFailure)
    /// The connection ended before a byte of the response. `reused`: it had waited in the pool.
    case closedEarly(reused: Bool)
    /// It ended within the response.
    case incomplete
    /// What came is not a response.
    case invalid(WireError)

    /// No byte of the request has left, so that repeating it is safe whatever its method.
    var sentNothing: Bool {
        switch self {
        case .refused, .connect, .connectTimeout, .tls: true
        case .closedEarly, .incomplete, .invalid: false
        }
    }
}
