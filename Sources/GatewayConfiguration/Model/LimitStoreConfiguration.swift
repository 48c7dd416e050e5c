/// `rate_limiting.store`: a Redis or Valkey where requests are counted, for all gateways that use it together.
package struct LimitStoreConfiguration: Sendable, Hashable {
    /// What becomes of a request while the store cannot be asked.
    package enum FailureMode: String, Sendable, CaseIterable {
        /// It is counted in this process.
        case local
        case allow
        /// It is answered with 429.
        case deny
    }

    /// One server, as its URL says.
    package struct Server: Sendable, Hashable {
        /// Lower case, without brackets.
        package var host: String
        package var port: UInt16
        package var tls: Bool
        package var username: String?
        package var password: Secret?
        package var database: Int

        package init(host: String, port: UInt16, tls: Bool = false, database: Int = 0) {
            self.host = host
            self.port = port
            self.tls = tls
            self.database = database
        }

        /// For logs and people: nothing of it is secret.
        package var name: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// Never empty. Without a cluster the first that can be written to is used; with one, those that are asked about it.
    package var servers: [Server]
    package var isCluster = false
    /// Beside the URL's own; those win.
    package var username: String?
    package var password: Secret?
    package var tls: ServiceTLSConfiguration?
    package var onFailure = FailureMode.local
    /// For one decision.
    package var timeout = Duration.milliseconds(100)
    /// Requests that wait for an answer, on each worker.
    package var maxPending = 1_024
    /// For how many requests of a key is asked at once.
    package var lease = 1
    package var prefix = "gatehouse:"
    @NotCompared package var location: SourceLocation = .none

    package init(servers: [Server]) { self.servers = servers }

    /// For logs and people.
    package var name: String {
        let kind = isCluster ? "redis cluster" : "redis"
        return "\(kind) \(servers.map(\.name).joined(separator: ", "))"
    }
}
