/// The head of a request, from HTTP/1 or HTTP/2. Taken from a pool, filled, and used again after `removeAll()`.
///
/// All text lies in `fields`' arena, and all that describes it is one small struct, so emptying a head is one
/// assignment and reading a property costs no bookkeeping.
@safe
package final class RequestHead {
    /// What the request line says, and what follows from the fields that concern the connection.
    struct Parts {
        var method = Method.other
        var hasQuery = false
        var keepAlive = false
        var expectsContinue = false
        var isSecureScheme = false
        var hasScheme = false
        var isHTTP2 = false
        /// HTTP/2's way to ask for another protocol on a stream, and whether that is WebSocket.
        var isExtendedConnect = false
        var asksForWebSocket = false
        var minorVersion: UInt8 = 1
        var methodText = ByteRange.empty
        var target = ByteRange.empty
        var path = ByteRange.empty
        var query = ByteRange.empty
        var authority = ByteRange.empty
    }

    package let fields = HeaderBlock()
    var parts = Parts()

    package init() {}

    package func removeAll() {
        fields.removeAll()
        parts = Parts()
    }

    package var method: Method {
        get { parts.method }
        set { parts.method = newValue }
    }

    /// CONNECT with `:protocol` (RFC 8441 §4): it has a path, and what follows is of that protocol.
    package var isExtendedConnect: Bool { parts.isExtendedConnect }

    /// The protocol is WebSocket.
    package var asksForWebSocket: Bool { parts.asksForWebSocket }

    /// The method's bytes as received.
    package var methodText: ByteRange {
        get { parts.methodText }
        set { parts.methodText = newValue }
    }

    /// The target as received: origin form, absolute form, `*`, or the authority of a CONNECT.
    package var target: ByteRange {
        get { parts.target }
        set { parts.target = newValue }
    }

    /// The target's path without the query, not normalised; `*` for `OPTIONS *`, empty for CONNECT, else never empty.
    package var path: ByteRange {
        get { parts.path }
        set { parts.path = newValue }
    }

    /// The target is `*`, which only OPTIONS may have.
    package var isAsterisk: Bool {
        let fields = self.fields
        return path.count == 1 && fields.bytes(path)[0] == UInt8(ascii: "*")
    }

    /// What stands behind the first `?`. `hasQuery` tells `/?` from `/`.
    package var query: ByteRange {
        get { parts.query }
        set { parts.query = newValue }
    }

    package var hasQuery: Bool {
        get { parts.hasQuery }
        set { parts.hasQuery = newValue }
    }

    /// Of an absolute-form target, else `Host`'s value; empty only for HTTP/1.0 without `Host`. Case as received.
    package var authority: ByteRange {
        get { parts.authority }
        set { parts.authority = newValue }
    }

    /// Whether the target named a scheme (absolute form, or HTTP/2's `:scheme`). It says what the client believes,
    /// which is not how the request came: only the listener knows that.
    package var hasScheme: Bool {
        get { parts.hasScheme }
        set { parts.hasScheme = newValue }
    }

    /// The scheme named is `https`.
    package var isSecureScheme: Bool {
        get { parts.isSecureScheme }
        set { parts.isSecureScheme = newValue }
    }

    /// 1 or 0, for HTTP/1.1 and HTTP/1.0.
    package var minorVersion: UInt8 {
        get { parts.minorVersion }
        set { parts.minorVersion = newValue }
    }

    /// It came by HTTP/2. `minorVersion` is 1 then: what it means is what HTTP/1.1 would mean by it.
    package var isHTTP2: Bool { parts.isHTTP2 }

    /// Whether the client lets the connection be used again, by version and `Connection` (RFC 9112 §9.3).
    package var keepAlive: Bool {
        get { parts.keepAlive }
        set { parts.keepAlive = newValue }
    }

    /// The client waits for a 100 before it sends the body (RFC 9110 §10.1.1); never for HTTP/1.0.
    package var expectsContinue: Bool {
        get { parts.expectsContinue }
        set { parts.expectsContinue = newValue }
    }
}
