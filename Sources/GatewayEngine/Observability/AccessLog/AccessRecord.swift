package import ContentCodings
package import HTTPWire
package import Identity
package import Reactor

/// What one exchange was, as plain numbers: filled along the way, read once at its end by the access log and the metrics.
///
/// It holds no text: names of routes, services and endpoints are indices into the `AccessLabels` of the snapshot that the
/// request was routed by; the request's own bytes are ranges in the arena of its head, which lives until the record is
/// written. So a record costs nothing to make, copy or throw away. What only few exchanges have to tell, and has no
/// fixed size, stands in `AccessDetails` beside it.
///
/// Times are nanoseconds. Durations that never came to be are -1.
package struct AccessRecord: Sendable, BitwiseCopyable {
    package enum StatusSource: UInt8, Sendable, BitwiseCopyable {
        case gateway
        case upstream
    }

    package enum Version: UInt8, Sendable, BitwiseCopyable {
        case http10
        case http11
        case http2

        package var name: StaticString {
            switch self {
            case .http10: "HTTP/1.0"
            case .http11: "HTTP/1.1"
            case .http2: "HTTP/2"
            }
        }
    }

    /// What the limits said.
    package enum LimitState: UInt8, Sendable, BitwiseCopyable {
        /// None held.
        case none
        case allowed
        case refused
        /// A limit in dry run would have refused.
        case dryRun

        package var name: StaticString {
            switch self {
            case .none: "none"
            case .allowed: "allowed"
            case .refused: "refused"
            case .dryRun: "dry_run"
            }
        }
    }

    /// When the first byte of the request was read: nanoseconds since 1970-01-01T00:00:00Z.
    package var start: Int64 = 0
    /// From there to the last byte of the answer handed to the client's socket.
    package var duration: Int64 = 0
    /// How long making the upstream connection took; -1 when one was reused, or none was needed.
    package var upstreamConnect: Int64 = -1
    /// From the request's head being sent upstream to the first byte of the answer.
    package var upstreamFirstByte: Int64 = -1
    /// From the request's head being sent upstream to the last byte of the answer.
    package var upstreamTotal: Int64 = -1
    /// Bytes read from and written to the client for this exchange, heads and framing included.
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0

    /// How the body was compressed for the client; nil: it was not. Bytes before and after.
    package var encoding: ContentCoding?
    package var unencodedBytes: UInt64 = 0
    package var encodedBytes: UInt64 = 0
    /// How a body was compressed that had to be read, the request's or the service's. Bytes before and after.
    package var decoding: ContentCoding?
    package var codedBytes: UInt64 = 0
    package var decodedBytes: UInt64 = 0

    /// The status sent; 0 when the exchange ended before there was one.
    package var status: UInt16 = 0
    package var statusSource = StatusSource.gateway
    /// How a call of gRPC ended; -1: it was none, or nobody said.
    package var callStatus: Int8 = -1
    /// What went wrong. It may stand beside an upstream's status: a body that broke off after a head of 200.
    package var error: GatewayError?
    /// Which rule about paths refused the request, beside the error `path_rejected`.
    package var pathRejection: PathRejection?
    /// A fault was made on purpose: the route's `fault` delayed or aborted the request.
    package var isRehearsal = false
    package var version = Version.http11
    /// What was agreed on with the client; nil in clear.
    package var tls: TLSFacts?
    /// How many times the request was sent, or tried to be sent, upstream.
    package var attempts: UInt16 = 0

    /// Indices in the snapshot's `AccessLabels`; -1: none.
    package var route: Int32 = -1
    package var service: Int32 = -1
    package var endpoint: Int32 = -1
    /// The Swift code that answered, and its counters.
    package var handler: Int32 = -1
    package var handlerSeries = SeriesID.none
    package var limitState = LimitState.none
    /// Of the limits that held, the one that decided; as above.
    package var limit: Int32 = -1
    /// Where the counters of route and service stand (`Metrics.assignRoutes`, `Metrics.assignServices`).
    package var routeSeries = SeriesID.none
    package var serviceSeries = SeriesID.none

    /// The client's address, IPv4 in its mapped form (`::ffff:a.b.c.d`), by the trust rules.
    package var clientHigh: UInt64 = 0
    package var clientLow: UInt64 = 0
    package var clientPort: UInt16 = 0

    /// In the arena of the request's fields; empty: none.
    package var requestID = ByteRange.empty
    package var traceID = ByteRange.empty

    /// Who asked, as the token says it; in the same arena, and never long.
    package var subject = ByteRange.empty
    /// The caller's name in the configuration: the index in the snapshot's `AccessLabels`, and its counters.
    package var consumer: Int32 = -1
    package var consumerSeries = SeriesID.none
    /// Why credentials that are no token were not accepted, beside `invalid_credentials` or `auth_unavailable`.
    package var credentialFault: CredentialFault?
    /// Why the token was not accepted, beside `invalid_token` or `keys_unavailable`.
    package var tokenFault: TokenFault?
    /// What the caller did not have, beside `insufficient_scope` or `forbidden`.
    package var authorizationRefusal: AuthorizationRule.Refusal?

    package init() {}
}
