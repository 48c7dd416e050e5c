/// An address to listen on, or to serve the admin pages on: host and port as written.
package struct SocketAddressConfiguration: Sendable, Hashable, CustomStringConvertible {
    /// An IPv4 or IPv6 literal without brackets; `*` and empty mean all addresses (of both families).
    package var host: String
    /// 0 lets the system choose one (tests).
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

package struct ListenerConfiguration: Sendable, Hashable {
    /// Routes may name their listeners; without one it is "address:port".
    package var name: String
    package var address: SocketAddressConfiguration
    /// Stage names: when not empty, the first path segment must be one of them and is removed before matching.
    package var stages: [String]
    /// What `$stageVariables.NAME` stands for.
    package var stageVariables: [String: String] = [:]
    package var paths: PathPolicyConfiguration
    /// Open connections at most.
    package var maxConnections: Int
    /// nil: in clear.
    package var tls: ListenerTLSConfiguration?
    /// nil: connections begin with what clients say.
    package var proxyProtocol: ProxyProtocolConfiguration?
    /// Every request is answered with a redirect to the same URL over https.
    package var redirectToHTTPS = false
    /// Whether HTTP/2 is taken; nil: with TLS, where the client can be asked.
    package var http2: Bool?
    @NotCompared package var location: SourceLocation

    package init(
        name: String? = nil, address: SocketAddressConfiguration, stages: [String] = [],
        paths: PathPolicyConfiguration = PathPolicyConfiguration(), maxConnections: Int = 10_000,
        location: SourceLocation = .none
    ) {
        self.name = name ?? address.description
        self.address = address
        self.stages = stages
        self.paths = paths
        self.maxConnections = maxConnections
        self.location = location
    }
}

/// What happens to the path characters that servers read differently from one another (per listener or route).
package struct PathPolicyConfiguration: Sendable, Hashable {
    package enum Action: String, Sendable, CaseIterable { case keep, reject }

    package var encodedSlash: Action = .keep  // %2F
    package var encodedBackslash: Action = .reject  // %5C
    package var encodedNull: Action = .reject  // %00
    package var backslash: Action = .reject  // \
    package var emptySegments: Action = .keep  // //
    package var semicolon: Action = .keep  // ; in a segment

    package init() {}
}

/// What to do with header fields whose name holds an underscore, which CGI-like servers read as a hyphen.
package enum UnderscorePolicy: String, Sendable, CaseIterable { case drop, keep, reject }

/// The edge-safe limits; all are on.
package struct LimitsConfiguration: Sendable, Hashable {
    /// Bytes of a request head, all lines included → 431.
    package var requestHead = 60 * 1024
    /// Bytes of the request line → 414.
    package var requestLine = 8 * 1024
    /// Header fields of a request → 431.
    package var requestFields = 100
    /// Bytes of a streamed request body → 413; a route may say otherwise.
    package var requestBody = 64 * 1024 * 1024
    /// Of a body that a policy holds as a whole, either way.
    package var bufferedBody = 1024 * 1024
    /// Decoded bytes of a compressed body for each byte that came.
    package var decompressionRatio = 100
    /// Bytes that the encoders of all workers may hold.
    package var encoderMemory = 256 * 1024 * 1024
    /// Bytes of a response head from an upstream → 502.
    package var responseHead = 60 * 1024
    package var responseFields = 200
    /// Open client connections of all listeners together.
    package var connections = 50_000
    /// Requests that Swift code of the program works on at once, in all workers.
    package var handlers = 1_024
    /// Bytes buffered per connection and direction before the other side is paused.
    package var connectionBuffer = 32 * 1024
    /// Bytes of memory that the process may use; 0: what the system allows.
    package var memory = 0
    /// Requests on one client connection; 0: no limit.
    package var requestsPerConnection = 0
    package var underscores: UnderscorePolicy = .drop
    package var http2 = HTTP2LimitsConfiguration()

    package init() {}
}

/// What a client may have open at once on a connection of HTTP/2.
package struct HTTP2LimitsConfiguration: Sendable, Hashable {
    /// Streams that are open.
    package var maxStreams = 100
    /// Bytes of one request's body that may be under way.
    package var streamWindow = 64 * 1024
    /// The same of all streams together.
    package var connectionWindow = 1024 * 1024

    package init() {}
}

/// Time limits towards clients; `0s` in the file switches one off (nil here).
package struct DownstreamTimeoutsConfiguration: Sendable, Hashable {
    /// From the first byte of a request to the end of its head → 408.
    package var head: Duration? = .seconds(10)
    /// Between two reads of a request body → 408.
    package var bodyIdle: Duration? = .seconds(30)
    /// While bytes wait for the client and it takes none.
    package var sendIdle: Duration? = .seconds(30)
    /// Between two requests on a connection.
    package var keepAlive: Duration? = .seconds(75)
    /// No byte in either direction after the response's head.
    package var streamIdle: Duration? = .seconds(300)
    /// From SIGTERM to the end of the last request.
    package var drain: Duration = .seconds(30)

    package init() {}
}
