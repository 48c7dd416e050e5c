internal import Reactor

/// The two ends of a connection that somebody else took: what a PROXY header carries.
struct ProxyOrigin: Hashable {
    /// The client.
    var source: SocketAddress
    /// Where the client connected to.
    var destination: SocketAddress
}

/// What a PROXY protocol header says about the connection behind it.
struct ProxyHeader: Hashable {
    /// nil: the connection is the sender's own (LOCAL, UNKNOWN), or came by a way that has no IP addresses.
    var origin: ProxyOrigin?
    /// The client spoke TLS with the sender, which has taken it off.
    var isSecure = false
}

/// The versions of the PROXY protocol that are taken.
enum ProxyVersions: Hashable, Sendable {
    case v1, v2, any
}

/// How a PROXY header came in, or why it did not: the label of the metric and of the log line.
enum ProxyHeaderResult: UInt8, CaseIterable, Sendable {
    case ok
    /// The connection ended before its first byte, as those of probes do.
    case closed
    /// What came is the beginning of something else.
    case missing
    /// Another version than the listener takes.
    case version
    case malformed
    case tooLong
    /// Its CRC-32C is another one.
    case checksum
    /// The connection ended within it.
    case incomplete
    case timeout
    /// The peer is none of those that may send one.
    case untrusted

    var label: StaticString {
        switch self {
        case .ok: "ok"
        case .closed: "closed"
        case .missing: "missing"
        case .version: "version"
        case .malformed: "malformed"
        case .tooLong: "too_long"
        case .checksum: "checksum"
        case .incomplete: "incomplete"
        case .timeout: "timeout"
        case .untrusted: "untrusted"
        }
    }
}
