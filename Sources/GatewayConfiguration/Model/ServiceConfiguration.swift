/// A named pool of endpoints that answer the same requests.
package struct ServiceConfiguration: Sendable, Hashable {
    /// Of the PROXY protocol.
    package enum ProxyVersion: String, Sendable, CaseIterable { case v1, v2 }

    package var name: String
    package var endpoints: [EndpointConfiguration]
    package var loadBalancing = LoadBalancingConfiguration()
    package var timeouts = UpstreamTimeoutsConfiguration()
    package var pool = PoolConfiguration()
    /// nil: nobody asks.
    package var healthCheck: HealthCheckConfiguration?
    package var outlierDetection = OutlierDetectionConfiguration()
    package var retries = RetriesConfiguration()
    /// nil: none.
    package var hedge: HedgeConfiguration?
    package var circuitBreaker = CircuitBreakerConfiguration()
    package var `protocol` = ServiceProtocol.http1
    package var ping = PingConfiguration()
    /// Each connection begins with a header that says for whom it is made; nil: none does.
    package var proxyProtocol: ProxyVersion?
    /// nil: https endpoints are verified by the system's authorities and their own names.
    package var tls: ServiceTLSConfiguration?
    @NotCompared package var location: SourceLocation

    package init(name: String, endpoints: [EndpointConfiguration], location: SourceLocation = .none) {
        self.name = name
        self.endpoints = endpoints
        self.location = location
    }
}

/// What the endpoints of a service speak.
package enum ServiceProtocol: String, Sendable, Hashable {
    case http1
    /// Over TLS agreed on by ALPN, in clear by prior knowledge.
    case http2
    /// HTTP/2 where the endpoint agrees to it over TLS.
    case auto
}

/// `http://127.0.0.1:3001`, `unix:/run/app.sock`, or `{ url: …, weight: 2 }`. Endpoint URLs carry no path of HTTP.
package struct EndpointConfiguration: Sendable, Hashable {
    /// An IP literal without brackets or a DNS name; of a socket in the file system the one that `Host` gets.
    package var host: String
    package var port: UInt16
    package var tls: Bool
    /// A socket in the file system, by its path; nil: host and port.
    package var path: String?
    /// Share of the traffic relative to its siblings, 0 to 65,535; 0 gets none.
    package var weight: Int
    /// 0 to 15: endpoints of a higher number are asked only while none of a lower one can be.
    package var priority = 0
    @NotCompared package var location: SourceLocation

    package init(host: String, port: UInt16, tls: Bool = false, weight: Int = 1, location: SourceLocation = .none) {
        self.host = host
        self.port = port
        self.tls = tls
        self.weight = weight
        self.location = location
    }

    /// A socket in the file system. What answers there has no name of its own.
    package init(path: String) {
        self.init(host: "localhost", port: 80)
        self.path = path
    }

    /// Scheme and authority, in one spelling for the same endpoint.
    package var url: String { path.map { "unix:\($0)" } ?? "\(tls ? "https" : "http")://\(authority)" }

    /// What logs and pages call it.
    package var label: String { path.map { "unix:\($0)" } ?? authority }

    /// The authority as `Host` carries it: the scheme's default port is left out.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (tls ? 443 : 80) ? name : "\(name):\(port)"
    }
}

/// Time limits towards endpoints; `0s` in the file switches one off (nil here).
package struct UpstreamTimeoutsConfiguration: Sendable, Hashable {
    package var connect: Duration? = .seconds(5)
    /// From the request's head to the final response's head, all tries included → 504.
    package var request: Duration? = .seconds(30)
    /// How long an unused upstream connection is kept.
    package var keepAlive: Duration? = .seconds(4)
    /// From the start of one try to the head of its response.
    package var perTry: Duration?

    package init() {}
}

/// How dead connections of HTTP/2 are found; `0s` in the file switches a cause to ask off (nil here).
package struct PingConfiguration: Sendable, Hashable {
    /// A request after so long a silence brings a PING along.
    package var idle: Duration? = .seconds(10)
    /// So long a silence with requests under way brings one. A second more than what servers of gRPC put up with.
    package var interval: Duration? = .seconds(301)
    package var timeout: Duration = .seconds(5)

    package init() {}
}

/// Limits of the connections that one worker keeps to one endpoint.
package struct PoolConfiguration: Sendable, Hashable {
    package var maxConnections = 10_000
    package var maxIdle = 1_024
    /// Requests that may wait for a connection or for name resolution, per worker and endpoint.
    package var maxPending = 10_000

    package init() {}
}
