/// A rule: which requests it takes, and who answers them.
package struct RouteConfiguration: Sendable, Hashable {
    /// Unique; without one the path pattern serves, with "#2" … where it recurs.
    package var name: String
    package var path: PathMatch
    /// Empty: any host. Lower case, no port; `*.example.org` for one label or more.
    package var hosts: [String] = []
    /// Empty: any method.
    package var methods: [String] = []
    package var headers: [FieldMatch] = []
    package var query: [FieldMatch] = []
    package var cookies: [FieldMatch] = []
    /// Names of listeners; empty: all.
    package var listeners: [String] = []
    package var answer: Answer
    package var pathEdit: PathEdit = .none
    /// `Host` sent upstream.
    package var host: HostPolicy = .target
    /// Bytes of a request body, where it differs from the general limit.
    package var maxRequestBody: Int?
    /// Whether connections may be upgraded to WebSocket.
    package var webSocket = true
    package var grpcWeb = false
    package var timeouts = RouteTimeouts()
    /// nil: the service's.
    package var retries: RetriesConfiguration?
    package var hedge: HedgeConfiguration?
    package var fault: FaultConfiguration?
    /// nil: the listener's.
    package var paths: PathPolicyConfiguration?
    package var mirror: MirrorConfiguration?
    package var auth = RouteAuthConfiguration.inherit
    /// In place of those on top; empty: none of its own.
    package var rateLimits: [RateLimitConfiguration] = []
    /// nil: the most specific of those by path.
    package var transformation: TransformationConfiguration?
    /// nil: the most specific of those by path.
    package var validation: ValidationConfiguration?
    /// Bytes, narrower than the general limits; nil: those.
    package var maxRequestHead: Int?
    package var maxRequestLine: Int?
    /// Requests of one client at once; nil: any number.
    package var concurrency: Int?
    /// nil: those on top.
    package var cors: CORSConfiguration?
    package var errors: ErrorsConfiguration?
    /// In place of the one on top.
    package var compression: CompressionConfiguration?
    package var addresses: AddressListConfiguration?
    /// Policies that the program brings, in their order, in place of those on top; nil: those.
    package var policies: [ProgramName]?
    @NotCompared package var location: SourceLocation

    package init(name: String, path: PathMatch, answer: Answer, location: SourceLocation = .none) {
        self.name = name
        self.path = path
        self.answer = answer
        self.location = location
    }

    package struct RouteTimeouts: Sendable, Hashable {
        package var request: Override = .inherit
        package var streamIdle: Override = .inherit
        package var perTry: Override = .inherit
        package enum Override: Sendable, Hashable {
            case inherit, off
            case limit(Duration)
        }
        package init() {}
    }
}

package enum PathMatch: Sendable, Hashable {
    case pattern(PathPattern)
    /// A regular expression over the whole normalised path.
    case regex(String)
}

/// A condition on a header field, query parameter or cookie. Header names compare without case.
package struct FieldMatch: Sendable, Hashable {
    package enum Condition: Sendable, Hashable {
        case exact(String)
        /// The whole value must match.
        case regex(String)
        case present(Bool)
        /// `Accept` or `Content-Type`: one of the field's media types has this type and, when given, this parameter,
        /// as in `application/json;version=2`; `application/vnd.shop.v2+json` is a plain type.
        case mediaType(String)
    }
    package var name: String
    package var condition: Condition
    @NotCompared package var location: SourceLocation

    package init(name: String, condition: Condition, location: SourceLocation = .none) {
        self.name = name
        self.condition = condition
        self.location = location
    }
}

/// Who answers.
package enum Answer: Sendable, Hashable {
    case service(String)
    /// `service: "{service}"`: the name comes from the path, among the services listed, else 404.
    case serviceFromPath(parameter: String)
    case upstream(UpstreamTarget)
    /// Boxed: few of many routes are splits.
    indirect case split(SplitConfiguration)
    case redirect(RedirectConfiguration)
    case respond(FixedResponseConfiguration)
    indirect case aggregate(AggregateConfiguration)
    /// Swift code of the program that runs the gateway.
    indirect case handler(ProgramName)
}

/// What a configuration calls something that is written in Swift: a handler or a policy. Only the program that runs the
/// gateway knows whether there is one.
package struct ProgramName: Sendable, Hashable {
    package var name: String
    @NotCompared package var location: SourceLocation

    package init(_ name: String, location: SourceLocation = .none) {
        self.name = name
        self.location = location
    }
}

/// `upstream: http://orders.internal/{proxy}`
package struct UpstreamTarget: Sendable, Hashable {
    package var endpoint: EndpointConfiguration
    /// "" or "/": the path as it is; without a placeholder: put in front; with one: the whole target.
    package var path: PathTemplate
    /// The target's own query, without "?".
    package var query: String?
    package init(endpoint: EndpointConfiguration, path: PathTemplate, query: String?) {
        self.endpoint = endpoint
        self.path = path
        self.query = query
    }
}

/// Literal text and `{name}` placeholders.
package struct PathTemplate: Sendable, Hashable {
    package enum Part: Sendable, Hashable {
        case literal(String)
        case parameter(String)
    }
    package var parts: [Part]
    package init(parts: [Part]) { self.parts = parts }
    package var hasParameters: Bool {
        parts.contains { if case .parameter = $0 { true } else { false } }
    }
}

package enum PathEdit: Sendable, Hashable {
    case none
    /// Whole segments, `{name}` allowed.
    case stripPrefix(PathTemplate)
    /// The whole new path (a query may follow "?").
    case rewrite(PathTemplate, query: String?)
    /// The matched prefix of the route (its literal and parameter segments before `**`, `*` or `{x+}`) is replaced.
    case rewritePrefix(PathTemplate)
}

package enum HostPolicy: Sendable, Hashable {
    /// The endpoint's own authority.
    case target
    /// What the client sent.
    case preserve
    case literal(String)
}

package struct RedirectConfiguration: Sendable, Hashable {
    /// 301, 302, 303, 307 or 308.
    package var status = 302
    package var scheme: String?
    package var host: String?
    package var port: UInt16?
    /// nil: the request's path.
    package var path: PathTemplate?
    package var keepQuery = true
    package init() {}
}

package struct FixedResponseConfiguration: Sendable, Hashable {
    package var status = 200
    package var headers: [Header] = []
    package var body = ""
    package init() {}

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}
