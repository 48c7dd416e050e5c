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

    /// In the order in which a request's credentials are looked for; never empty.
    let kinds: [CredentialKind]
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
    /// Nothing starts before the keys of its issuers have come.
    let requiresKeys: Bool
    let forwardsToken: Bool
    /// Whether API keys and passwords, which are this gateway's, go on to services.
    let forwardsKeys: Bool
    /// Where an API key is looked for; nil: nowhere.
    let keyPlaces: TokenPlaces?
    let takesPasswords: Bool
    /// Tokens are judged here and elsewhere, by their form.
    let tellsTokensApart: Bool
    /// nil: nobody is asked about tokens.
    let introspection: CompiledIntrospection?
    let forward: CompiledForward?
    /// Which consumers may pass, by their places; nil: all, and whoever is none.
    let allowed: [Bool]?
    let rule: AuthorizationRule
    let challenges: AuthChallenges
    let threads: VerificationThreads
    let passwordThreads: VerificationThreads

    init(
        _ configuration: AuthConfiguration, registry: IdentityRegistry, consumers: ConsumerTable, realm: String,
        diagnostics: inout [Diagnostic]
    ) {
        kinds = configuration.allKinds
        takesPasswords = kinds.contains(.basic)
        tellsTokensApart = kinds.contains(.jwt) && kinds.contains(.introspection)
        let skew = configuration.clockSkew ?? AuthConfiguration.defaultSkew
        let claims = configuration.claimsToHeaders ?? AuthConfiguration.defaultHeaders
        let issuers = kinds.contains(.jwt) ? configuration.allIssuers : []
        introspection =
            kinds.contains(.introspection) ? CompiledIntrospection(configuration, registry: registry) : nil
        forward = kinds.contains(.forward) ? CompiledForward(configuration, registry: registry) : nil
        number = registry.number(
            of: IdentityRegistry.Verification(
                issuers: issuers, skew: skew, headers: claims,
                authority: introspection == nil ? nil : configuration.authority,
                cacheTime: introspection == nil ? nil : configuration.cacheTime,
                issuer: configuration.issuer, audiences: configuration.audiences))
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
        let refetch = configuration.refetchInterval ?? AuthConfiguration.defaultRefetchInterval
        keys = issuers.map { Self.keys($0, registry, refetch, &diagnostics) }
        requiresKeys = configuration.requiresKeys ?? false
        headers = claims.map { Array($0.header.utf8) }
        places = TokenPlaces(configuration.places)
        excluded = Self.excluded(configuration.excludePaths ?? [], &diagnostics)
        isOptional = configuration.isOptional ?? false
        forwardsToken = configuration.forwardsToken ?? true
        forwardsKeys = configuration.forwardsToken ?? false
        keyPlaces =
            kinds.contains(.apiKey)
            ? TokenPlaces(configuration.keyPlaces ?? TokenPlacesConfiguration(header: "X-Api-Key")) : nil
        allowed = configuration.consumers.map { consumers.places(of: $0) }
        rule = Self.rule(configuration)
        challenges = AuthChallenges(realm: realm, rule: rule, kinds: kinds)
        threads = registry.threads
        passwordThreads = registry.passwordThreads
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
        _ issuer: TokenIssuerConfiguration, _ registry: IdentityRegistry, _ refetch: Duration,
        _ diagnostics: inout [Diagnostic]
    ) -> Keys {
        guard case .written(let secret, let written) = issuer.source else {
            let identity = KeyFeed.Identity(source: issuer.source, refetchInterval: refetch)
            return registry.feed(identity).map(Keys.fetched) ?? .written(KeySet([]))
        }
        let named = issuer.algorithms.map { _ in algorithms(issuer) }
        var keys: [VerificationKey] = []
        func report(_ fault: KeyFault, at location: SourceLocation) {
            diagnostics.append(Diagnostic(.error, at: location, "keys: \(fault.text)", fix: "give another key"))
        }
        do throws(KeyFault) {
            if let secret { keys.append(try .secret(secret.bytes)) }
        } catch { report(error, at: issuer.location) }
        for key in written {
            do throws(KeyFault) {
                let read = key.isPEM ? [try VerificationKey.pem(key.text.bytes)] : try Self.set(key.text.bytes)
                for case .shortSecret(let bytes, let algorithm) in read.flatMap({ $0.warnings(named: named) }) {
                    diagnostics.append(
                        Diagnostic(
                            .warning, at: key.location,
                            "keys: a secret of \(bytes) bytes is shorter than the \(algorithm.digest?.length ?? 0) that"
                                + " \(algorithm.name) needs", fix: "use a longer random secret"))
                }
                keys += read
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

/// `WWW-Authenticate` of all refusals (RFC 6750 §3, RFC 7617 §2), made when the configuration is compiled.
struct AuthChallenges: Sendable {
    /// No credentials: no error (RFC 6750 §3.1). One challenge for each way to show some.
    let missing: [UInt8]
    /// By fault.
    private let faults: [TokenFault: [UInt8]]
    let insufficient: [UInt8]

    init(realm: String, rule: AuthorizationRule, kinds: [CredentialKind]) {
        let bearer = BearerChallenge.missing(realm: realm)
        var texts: [String] = []
        for kind in kinds {
            let text: String? =
                switch kind {
                case .jwt, .introspection: bearer
                case .basic: CallerChallenge.basic(realm: realm)
                case .apiKey: CallerChallenge.apiKey(realm: realm)
                case .clientCertificate: CallerChallenge.certificate(realm: realm)
                // Whoever is asked challenges by itself.
                case .forward: nil
                }
            if let text, !texts.contains(text) { texts.append(text) }
        }
        missing = Array((texts.isEmpty ? bearer : texts.joined(separator: ", ")).utf8)
        faults = Dictionary(
            uniqueKeysWithValues: TokenFault.allCases.map {
                ($0, Array(BearerChallenge.invalid(realm: realm, $0).utf8))
            })
        insufficient = Array(
            BearerChallenge.insufficientScope(realm: realm, scopes: rule.scopes.flatMap(\.names)).utf8)
    }

    func invalid(_ fault: TokenFault) -> [UInt8] { faults[fault] ?? missing }
}
