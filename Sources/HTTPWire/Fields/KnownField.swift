/// The field names that the gateway acts on, as small integers.
///
/// A name is recognised once, when its field enters a `HeaderBlock`; from then on every question about it is a
/// comparison of bytes or one bit of a 64-bit map. That map is why there are at most 64 of them, `none` included. A
/// name belongs here when some rule of the gateway reads, writes or removes it; all others travel as they came, under
/// `none`.
///
/// That a name stands here has one more consequence: a `Connection` option cannot take its field away, unless the field
/// is hop-by-hop by itself (see `FieldRules.stripHopByHop`).
package enum KnownField: UInt8, Sendable, CaseIterable {
    case none = 0
    case accept, acceptEncoding, accessControlRequestMethod, accessControlRequestHeaders, authorization
    case cacheControl, connection, contentEncoding, contentLength, contentType, cookie, date, etag, expect
    case forwarded, host, http2Settings, keepAlive, location, origin, proxy, proxyAuthenticate
    case proxyAuthenticationInfo, proxyAuthorization, proxyConnection, proxyStatus, retryAfter, server, setCookie
    case te, traceparent, tracestate, trailer, transferEncoding, upgrade, userAgent, vary, via, wwwAuthenticate
    case xForwardedFor, xForwardedHost, xForwardedPort, xForwardedPrefix, xForwardedProto, xRealIP, xRequestID
    case xHTTPMethodOverride, idempotencyKey, ifNoneMatch, range, strictTransportSecurity, allow, digest, contentDigest,
        reprDigest
    case contentRange, accessControlAllowOrigin, accessControlAllowMethods, accessControlAllowHeaders
    case accessControlAllowCredentials, accessControlExposeHeaders, accessControlMaxAge
    case xForwardedClientCert

    /// This field's bit in the map of the names that a block contains; none for `none`.
    @inline(__always)
    var bit: UInt64 { self == .none ? 0 : 1 &<< UInt64(rawValue) }

    /// Fields that concern one connection only (RFC 9110 §7.6.1), those that only the next proxy may see (§11.7), and
    /// `Proxy`, which no specification knows but which CGI programs take for the name of their proxy ("httpoxy").
    package var isHopByHop: Bool { Self.hopByHopBits & bit != 0 }

    static let hopByHopBits: UInt64 =
        KnownField.connection.bit | KnownField.keepAlive.bit | KnownField.proxyConnection.bit
        | KnownField.te.bit | KnownField.transferEncoding.bit | KnownField.upgrade.bit | KnownField.http2Settings.bit
        | KnownField.proxyAuthenticate.bit | KnownField.proxyAuthorization.bit
        | KnownField.proxyAuthenticationInfo.bit | KnownField.proxy.bit
}
