/// `auth`: who may ask, as it stands at one place of the file, on top or on a route.
///
/// A part that is nil is not given there. What holds for a route is the route's own parts over those on top
/// (`over(_:)`): the nearest wins, part by part. What a whole says about keys is one part (`source` and `issuers`), since
/// half of one issuer's keys and half of another's would be a third one's.
package struct AuthConfiguration: Sendable, Hashable {
    /// nil: tokens.
    package var kinds: [CredentialKind]?
    package var issuer: String?
    package var audiences: [String]?
    package var algorithms: [String]?
    /// Where the keys of `issuer` come from.
    package var source: KeySourceConfiguration?
    package var issuers: [TokenIssuerConfiguration]?
    package var clockSkew: Duration?
    /// Between two fetches for the sake of unknown keys.
    package var refetchInterval: Duration?
    /// Whether the program starts without the keys of an issuer.
    package var requiresKeys: Bool?
    package var places: TokenPlacesConfiguration?
    package var excludePaths: [ExcludedPath]?
    package var claimsToHeaders: [ClaimHeader]?
    package var isOptional: Bool?
    package var forwardsToken: Bool?
    package var scopes: [String]?
    package var anyScope: [String]?
    package var roles: [String]?
    package var claims: [ClaimConditionConfiguration]?
    /// Names of consumers and groups.
    package var consumers: [String]?
    /// Where an API key is looked for.
    package var keyPlaces: TokenPlacesConfiguration?
    /// Whom `introspection` and `forward` ask.
    package var authority: AuthorityConfiguration?
    package var timeout: Duration?
    package var cacheTime: Duration?
    package var letsPassOnFailure: Bool?
    package var forwardHeaders: [String]?
    package var responseHeaders: [String]?
    package var subjectHeader: String?
    @NotCompared package var location: SourceLocation

    package init(location: SourceLocation = .none) { self.location = location }

    package static let defaultHeaders = [
        ClaimHeader(claim: "sub", header: "X-User-Id"), ClaimHeader(claim: "role", header: "X-User-Role"),
        ClaimHeader(claim: "email", header: "X-User-Email"),
    ]

    package static let defaultSkew = Duration.seconds(60)
    package static let defaultRefetchInterval = Duration.seconds(30)
    package static let defaultTimeout = Duration.seconds(5)
    package static let defaultCacheTime = Duration.seconds(60)
    package static let defaultForwardHeaders = ["Authorization", "Cookie"]

    package var allKinds: [CredentialKind] { kinds ?? [.jwt] }

    /// Names of the fields that services may get by this.
    package var identityHeaders: [String] {
        let claims = (claimsToHeaders ?? Self.defaultHeaders).map(\.header)
        return claims + (allKinds.contains(.forward) ? responseHeaders ?? [] : [])
    }

    package struct ExcludedPath: Sendable, Hashable {
        package var pattern: PathPattern
        @NotCompared package var location: SourceLocation

        package init(pattern: PathPattern, location: SourceLocation = .none) {
            self.pattern = pattern
            self.location = location
        }
    }

    /// `claims_to_headers: { sub: X-User-Id }`
    package struct ClaimHeader: Sendable, Hashable {
        package var claim: String
        package var header: String

        package init(claim: String, header: String) {
            self.claim = claim
            self.header = header
        }
    }

    /// These parts, and those of `base` where nothing is given here.
    package func over(_ base: AuthConfiguration?) -> AuthConfiguration {
        guard let base else { return self }
        var whole = self
        if source == nil && issuers == nil {
            whole.source = base.source
            whole.issuers = base.issuers
            whole.issuer = issuer ?? base.issuer
            whole.algorithms = algorithms ?? base.algorithms
        }
        whole.kinds = kinds ?? base.kinds
        whole.consumers = consumers ?? base.consumers
        whole.keyPlaces = keyPlaces ?? base.keyPlaces
        whole.authority = authority ?? base.authority
        whole.timeout = timeout ?? base.timeout
        whole.cacheTime = cacheTime ?? base.cacheTime
        whole.letsPassOnFailure = letsPassOnFailure ?? base.letsPassOnFailure
        whole.forwardHeaders = forwardHeaders ?? base.forwardHeaders
        whole.responseHeaders = responseHeaders ?? base.responseHeaders
        whole.subjectHeader = subjectHeader ?? base.subjectHeader
        whole.audiences = audiences ?? base.audiences
        whole.clockSkew = clockSkew ?? base.clockSkew
        whole.refetchInterval = refetchInterval ?? base.refetchInterval
        whole.requiresKeys = requiresKeys ?? base.requiresKeys
        whole.places = places ?? base.places
        whole.excludePaths = excludePaths ?? base.excludePaths
        whole.claimsToHeaders = claimsToHeaders ?? base.claimsToHeaders
        whole.isOptional = isOptional ?? base.isOptional
        whole.forwardsToken = forwardsToken ?? base.forwardsToken
        whole.scopes = scopes ?? base.scopes
        whole.anyScope = anyScope ?? base.anyScope
        whole.roles = roles ?? base.roles
        whole.claims = claims ?? base.claims
        return whole
    }

    /// All issuers: the one whose keys stand beside `type`, and those of the list, with what they leave out taken from
    /// around the list.
    package var allIssuers: [TokenIssuerConfiguration] {
        var all: [TokenIssuerConfiguration] = []
        if let source {
            all.append(
                TokenIssuerConfiguration(
                    issuer: issuer, audiences: audiences, algorithms: algorithms, source: source, location: location))
        }
        for var each in issuers ?? [] {
            each.audiences = each.audiences ?? audiences
            each.algorithms = each.algorithms ?? algorithms
            all.append(each)
        }
        return all
    }
}

/// What a route says about identity.
package enum RouteAuthConfiguration: Sendable, Hashable {
    /// As on top.
    case inherit
    /// Nobody is asked.
    case none
    /// Boxed: few of many routes have parts of their own.
    indirect case own(AuthConfiguration)
}

/// One issuer of tokens.
package struct TokenIssuerConfiguration: Sendable, Hashable {
    /// nil: tokens of any issuer, or of none, that these keys have signed.
    package var issuer: String?
    package var audiences: [String]?
    package var algorithms: [String]?
    package var source: KeySourceConfiguration
    @NotCompared package var location: SourceLocation

    package init(
        issuer: String?, audiences: [String]? = nil, algorithms: [String]? = nil, source: KeySourceConfiguration,
        location: SourceLocation = .none
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.source = source
        self.location = location
    }
}

/// Where the keys of an issuer come from.
package enum KeySourceConfiguration: Sendable, Hashable {
    case keySet(HTTPTarget)
    /// By the issuer's discovery document.
    case discovery(HTTPTarget)
    /// A shared secret, and keys that are written in the file.
    case written(secret: Secret?, keys: [WrittenKey])
}

/// A text that is written nowhere.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package let bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }

    package var description: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A key of the file: JSON (a JWK, or a set of them) or PEM.
package struct WrittenKey: Sendable, Hashable {
    package var text: Secret
    package var isPEM: Bool
    @NotCompared package var location: SourceLocation

    package init(text: String, isPEM: Bool, location: SourceLocation = .none) {
        self.text = Secret(text)
        self.isPEM = isPEM
        self.location = location
    }
}

/// An http or https URL that the gateway itself asks.
package struct HTTPTarget: Sendable, Hashable {
    /// As it was written.
    package var text: String
    package var endpoint: EndpointConfiguration
    /// Path and query as they are sent.
    package var target: String

    /// nil for what is no such URL.
    package init?(_ text: String) {
        guard let url = try? HTTPURL.parse(text) else { return nil }
        self.text = text
        endpoint = EndpointConfiguration(host: url.host, port: url.port, tls: url.tls)
        target = (url.path.isEmpty ? "/" : url.path) + (url.query.map { "?" + $0 } ?? "")
    }
}

/// Where a token is looked for; at least one is given.
package struct TokenPlacesConfiguration: Sendable, Hashable {
    package var header: String?
    package var cookie: String?
    package var query: String?

    package init(header: String? = nil, cookie: String? = nil, query: String? = nil) {
        self.header = header
        self.cookie = cookie
        self.query = query
    }
}

/// `claims: { tier: [gold, platinum] }`
package struct ClaimConditionConfiguration: Sendable, Hashable {
    package enum Value: Sendable, Hashable {
        case text(String)
        case number(Double)
        case boolean(Bool)
    }

    package var claim: String
    package var values: [Value]

    package init(claim: String, values: [Value]) {
        self.claim = claim
        self.values = values
    }
}
