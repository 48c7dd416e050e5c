/// The head of a response, the counterpart of `RequestHead`.
@safe
package final class ResponseHead {
    struct Parts {
        var status = 0
        var minorVersion: UInt8 = 1
        var keepAlive = false
        var isHTTP2 = false
        var reason = ByteRange.empty
    }

    package let fields = HeaderBlock()
    var parts = Parts()

    package init() {}

    package func removeAll() {
        fields.removeAll()
        parts = Parts()
    }

    /// 100…999.
    package var status: Int {
        get { parts.status }
        set { parts.status = newValue }
    }

    /// The reason phrase as received; may be empty.
    package var reason: ByteRange {
        get { parts.reason }
        set { parts.reason = newValue }
    }

    /// 1 or 0, for HTTP/1.1 and HTTP/1.0.
    package var minorVersion: UInt8 {
        get { parts.minorVersion }
        set { parts.minorVersion = newValue }
    }

    /// It came by HTTP/2; `minorVersion` says nothing then.
    package var isHTTP2: Bool { parts.isHTTP2 }

    /// Whether the upstream lets the connection be used again (RFC 9112 §9.3). A body until close overrules it.
    package var keepAlive: Bool {
        get { parts.keepAlive }
        set { parts.keepAlive = newValue }
    }
}
