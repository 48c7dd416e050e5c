internal import GatewayConfiguration
internal import HTTPWire
internal import Identity

/// One way in which callers show who they are, with all that is asked of them: the parts of a route and those on top,
/// merged and compiled. Routes that ask the same share one.
final class CompiledAuth: Sendable {
    enum Keys: Sendable {
        case written(KeySet)
        case fetched(KeyFeed)
    }

    /// Under which verified tokens are remembered.
    let number: Int
    let verifier: TokenVerifier
    /// By the verifier's issuers.
    let keys: [Keys]
    /// The names of the headers, in the order of `IssuerRules.headerClaims`.
    let headers: [[UInt8]]
    let places: TokenPlaces
    /// Paths that need no identity.
    let excluded: PathRules?
    let isOptional: Bool
    let forwardsToken: Bool
    let rule: AuthorizationRule
    let challenges: AuthChallenges
    let threads: VerificationThreads

    init(
        _ configuration: AuthConfiguration, registry: IdentityRegistry, realm: String, diagnostics: inout [Diagnostic]
    ) {
        let skew = configuration.clockSkew ?? AuthConfiguration.defaultSkew
        let claims = configuration.claimsToHeaders ?? AuthConfiguration.defaultHeaders
        let issuers = configuration.allIssuers
        number = registry.number(
            of: IdentityRegistry.Verification(issuers: issuers, skew: skew, headers: claims))
        verifier = TokenVerifier(
            issuers: issuers.map { issuer in
                var rules = IssuerRules()
                rules.issuer = issuer.issuer.map { Array($0.utf8) }
                rules.audiences = (issuer.audiences ?? []).map { Array($0.utf8) }
                rules.algorithms = Self.algorithms(issuer)
                rules.skew = skew.components.seconds
                rules.headerClaims = claims.map { ClaimPath($0.claim) }
                return rules
            })
        keys = issuers.map { Self.keys($0, registry, &diagnostics) }
        headers = claims.map { Array($0.header.utf8) }
        places = TokenPlaces(configuration.places)
        excluded = Self.excluded(configuration.excludePaths ?? [], &diagnostics)
        isOptional = configuration.isOptional ?? false
        forwardsToken = configuration.forwardsToken ?? true
        rule = Self.rule(configuration)
        challenges = AuthChallenges(realm: realm, rule: rule)
        threads = registry.threads
    }

    /// A published key is never a shared secret, whatever the configuration leaves open.
    private static func algorithms(_ issuer: TokenIssuerConfiguration) -> SignatureAlgorithms {
        let possible: SignatureAlgorithms
        switch issuer.source {
        case .keySet, .discovery: possible = .asymmetric
        case .written: possible = .all
        }
        guard let names = issuer.algorithms else { return possible }
        return names.compactMap { SignatureAlgorithm(name: $0.utf8) }
            .reduce(into: SignatureAlgorithms()) { $0.formUnion(SignatureAlgorithms($1)) }.intersection(possible)
    }

    private static func keys(
        _ issuer: TokenIssuerConfiguration, _ registry: IdentityRegistry, _ diagnostics: inout [Diagnostic]
    ) -> Keys {
        guard case .written(let secret, let written) = issuer.source else {
            return registry.feed(issuer.source).map(Keys.fetched) ?? .written(KeySet([]))
        }
        var keys: [VerificationKey] = []
        func report(_ fault: KeyFault, at location: SourceLocation) {
            diagnostics.append(Diagnostic(.error, at: location, "keys: \(fault.text)", fix: "give another key"))
        }
        do throws(KeyFault) {
            if let secret { keys.append(try .secret(secret.bytes)) }
        } catch { report(error, at: issuer.location) }
        for key in written {
            do throws(KeyFault) {
                if key.isPEM {
                    keys.append(try .pem(key.text.bytes))
                } else {
                    keys += try Self.set(key.text.bytes)
                }
            } catch { report(error, at: key.location) }
        }
        return .written(KeySet(keys))
    }

    /// A JWK or a set of them. Of what stands in the configuration every key must be one that can be used.
    private static func set(_ text: [UInt8]) throws(KeyFault) -> [VerificationKey] {
        let set: KeySet
        do { set = try KeySet.parse(text, origin: .configured) } catch { throw .malformed }
        if let omission = set.omissions.first { throw omission.fault }
        return set.keys
    }

    private static func excluded(
        _ paths: [AuthConfiguration.ExcludedPath], _ diagnostics: inout [Diagnostic]
    ) -> PathRules? {
        if paths.isEmpty { return nil }
        do throws(RouteTableError) {
            return try PathRules(paths.map { PathRules.Rule(pattern: $0.pattern, location: $0.location) })
        } catch {
            diagnostics += error.diagnostics
            return nil
        }
    }

    private static func rule(_ configuration: AuthConfiguration) -> AuthorizationRule {
        func bytes(_ names: [String]) -> [[UInt8]] { names.map { Array($0.utf8) } }
        var rule = AuthorizationRule()
        if let all = configuration.scopes { rule.scopes.append(.all(bytes(all))) }
        if let any = configuration.anyScope { rule.scopes.append(.any(bytes(any))) }
        if let roles = configuration.roles { rule.roles = [.any(bytes(roles))] }
        rule.conditions = (configuration.claims ?? []).map { condition in
            ClaimCondition(
                ClaimPath(condition.claim),
                isOneOf: condition.values.map { value in
                    switch value {
                    case .text(let text): .text(Array(text.utf8))
                    case .number(let number): .number(number)
                    case .boolean(let value): .bool(value)
                    }
                })
        }
        return rule
    }
}

/// `WWW-Authenticate` of all refusals (RFC 6750 §3), made when the configuration is compiled.
struct AuthChallenges: Sendable {
    /// No credentials: no error (§3.1).
    let missing: [UInt8]
    /// By fault.
    private let faults: [TokenFault: [UInt8]]
    let insufficient: [UInt8]

    init(realm: String, rule: AuthorizationRule) {
        missing = Array(BearerChallenge.missing(realm: realm).utf8)
        faults = Dictionary(
            uniqueKeysWithValues: TokenFault.allCases.map {
                ($0, Array(BearerChallenge.invalid(realm: realm, $0).utf8))
            })
        insufficient = Array(
            BearerChallenge.insufficientScope(realm: realm, scopes: rule.scopes.flatMap(\.names)).utf8)
    }

    func invalid(_ fault: TokenFault) -> [UInt8] { faults[fault] ?? missing }
}
