internal import HTTPWire
internal import Reactor

/// Why a request to an endpoint failed before its response was complete.
enum UpstreamFailure {
    /// Nothing was sent: the connection could not be made.
    case refused, connect, connectTimeout
    /// The same: the TLS handshake failed.
    case tls(TLSFailure)
    /// The endpoint, or the connection's end, says that nothing was done about the request (RFC 9113 §8.7).
    case refusedStream
    /// The connection ended before a byte of the response. `reused`: it had waited in the pool.
    case closedEarly(reused: Bool)
    /// It ended within the response.
    case incomplete
    /// What came is not a response.
    case invalid(WireError)

    /// No byte of the request has left, or none was looked at, so that repeating it is safe whatever its method.
    var sentNothing: Bool {
        switch self {
        case .refused, .connect, .connectTimeout, .tls, .refusedStream: true
        case .closedEarly, .incomplete, .invalid: false
        }
    }
}
