/// The document, typed: what the user wrote, with defaults filled in and every reference still by name.
///
/// It is the first of three types that one thing passes through: configuration (this), the compiled snapshot that the
/// data plane reads, and live state. Nothing here knows a socket or a loop.
package struct GatewayConfiguration: Sendable, Hashable {
    package var listeners: [ListenerConfiguration]
    /// None is open unless it is asked for.
    package var admin: AdminConfiguration?
    /// nil: one per usable core.
    package var workers: Int?
    /// nil: what is set at run time lives as long as the process.
    package var stateFile: String?
    package var accessLog: AccessLogConfiguration
    package var limits: LimitsConfiguration
    package var timeouts: DownstreamTimeoutsConfiguration
    /// Peers whose X-Forwarded-* and Forwarded are believed.
    package var trustedProxies: [NetworkPrefix]
    package var services: [ServiceConfiguration]
    package var routes: [RouteConfiguration]
    /// nil: nobody is asked, unless a route does.
    package var auth: AuthConfiguration?
    /// In the order of the file.
    package var consumers: [ConsumerConfiguration] = []
    package var rateLimiting = RateLimitingConfiguration()
    /// By path; a route may have its own instead.
    package var transformations: [TransformationConfiguration] = []
    /// By path; a route may have its own instead.
    package var validations: [ValidationConfiguration] = []
    /// The documents that schemas are in.
    package var schemaDocuments: [SchemaDocumentConfiguration] = []
    /// Files that were read, or looked for, for them.
    @NotCompared package var schemaFiles: [String] = []
    package var cors: CORSConfiguration?
    package var addresses: AddressListConfiguration?
    package var securityHeaders = false
    /// Policies that the program brings, in their order; a route may have its own instead.
    package var policies: [ProgramName] = []
    package var errors: ErrorsConfiguration?
    /// nil: responses go as they are, unless a route compresses its own.
    package var compression: CompressionConfiguration?
    /// `Proxy-Status`, `Via`, `Forwarded`: what is added besides the always-on headers.
    package var forwarding: ForwardingConfiguration

    package init() {
        listeners = [ListenerConfiguration(address: SocketAddressConfiguration(host: "127.0.0.1", port: 8080))]
        admin = nil
        workers = nil
        accessLog = AccessLogConfiguration()
        limits = LimitsConfiguration()
        timeouts = DownstreamTimeoutsConfiguration()
        trustedProxies = []
        services = []
        routes = []
        forwarding = ForwardingConfiguration()
    }
}

package struct AdminConfiguration: Sendable, Hashable {
    package var address: SocketAddressConfiguration
    /// What callers must present; nil: nothing, and the address is a loopback one.
    package var token: String?
    @NotCompared package var location: SourceLocation

    package init(address: SocketAddressConfiguration, location: SourceLocation = .none) {
        self.address = address
        self.location = location
    }
}

/// `access_log: { enabled: true, format: json, path: "-" }`
package struct AccessLogConfiguration: Sendable, Hashable {
    package var enabled = true
    /// "-" is standard output; any other path is reopened on SIGUSR1.
    package var path = "-"
    /// The share of successful requests that is logged, 0 to 1; errors (status 400 and above) always are.
    package var sample = 1.0
    /// Names of query parameters whose values are replaced by "***" in the logged path.
    package var redactQuery: [String] = ["access_token", "api_key", "apikey", "token", "password", "secret", "code"]
    /// Request header fields to add to each record, lower-case names.
    package var headers: [String] = []
    /// Of these, credentials by what `auth` says, whose values are never logged; lower-case names.
    package var secretHeaders: [String] = []
    @NotCompared package var location: SourceLocation = .none

    package init() {}
}

package struct ForwardingConfiguration: Sendable, Hashable {
    /// Adds RFC 7239 `Forwarded` beside X-Forwarded-*.
    package var forwarded = false
    /// Adds `Via` on requests and responses (RFC 9110 §7.6.3).
    package var via = true
    /// What stands for this gateway in `Via` and `Proxy-Status`.
    package var name = "gatehouse"
    /// A response header with the number of tries.
    package var attemptsHeader: String?
    /// A request header with the milliseconds left of `timeouts.request`.
    package var timeoutHeader: String?

    package init() {}
}
