/// How callers show who they are.
package enum CredentialKind: String, Sendable, Hashable, CaseIterable {
    case jwt
    case apiKey = "api_key"
    case basic
    case introspection
    case forward
    case clientCertificate = "client_certificate"
}

/// Whom the gateway asks about a caller. What stands here is one part: half of one authority's address and half of
/// another's name would be a third one's.
package struct AuthorityConfiguration: Sendable, Hashable {
    package var target: HTTPTarget
    /// By which name, and with which password, it is asked about tokens.
    package var clientID: String?
    package var clientSecret: Secret?

    package init(target: HTTPTarget, clientID: String? = nil, clientSecret: Secret? = nil) {
        self.target = target
        self.clientID = clientID
        self.clientSecret = clientSecret
    }
}

/// A named caller: whatever credentials it shows, it is the same one in logs, limits and rules.
package struct ConsumerConfiguration: Sendable, Hashable {
    /// Whoever is not known otherwise.
    package static let anonymous = "anonymous"

    package var name: String
    package var groups: [String] = []
    /// `sha256:` and 64 hexadecimal digits each.
    package var apiKeys: [String] = []
    /// Its hash; kept out of sight like what it was made of.
    package var password: Secret?
    package var subjects: [String] = []
    /// In place of those by group, route and path; empty: none of its own.
    package var rateLimits: [RateLimitConfiguration] = []
    @NotCompared package var location: SourceLocation

    package init(name: String, location: SourceLocation = .none) {
        self.name = name
        self.location = location
    }
}
