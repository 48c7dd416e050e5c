/// Identity: who may ask, on top and on routes, and what both must agree on.
extension ConfigurationDecoder {
    mutating func decodeRouteAuth(_ id: NodeID) -> RouteAuthConfiguration {
        isMapping(id) ? .own(decodeAuth(id)) : .none
    }

    mutating func decodeAuth(_ id: NodeID) -> AuthConfiguration {
        var auth = AuthConfiguration(location: location(id))
        var keys = KeyNodes()
        var authority = AuthorityNodes()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .type:
                let kinds: [CredentialKind] = values(value).compactMap { word($0) }
                // A word that is none has been reported.
                auth.kinds = kinds.isEmpty && !values(value).isEmpty ? nil : kinds
            case .consumers: auth.consumers = decodeCallers(value)
            case .header, .query, .cookie: auth.keyPlaces = decodePlaces(id)
            case .url, .clientId, .clientSecret: authority.take(document.key(key), value)
            case .timeout: auth.timeout = try? DurationValue.parse(text(value))
            case .cacheTime: auth.cacheTime = try? DurationValue.parse(text(value))
            case .onFailure: auth.letsPassOnFailure = text(value) == "allow"
            case .forwardHeaders: auth.forwardHeaders = decodeForwardHeaders(value)
            case .responseHeaders: auth.responseHeaders = decodeResponseHeaders(value)
            case .subjectHeader: auth.subjectHeader = text(value)
            case .issuer:
                auth.issuer = text(value)
                checkIssuer(value)
            case .audiences: auth.audiences = values(value).map(text)
            case .algorithms: auth.algorithms = values(value).map(text)
            case .jwksUri, .discovery, .secret, .keys: keys.take(document.key(key), value)
            case .issuers: auth.issuers = values(value).compactMap { decodeIssuer($0) }
            case .clockSkew: auth.clockSkew = try? DurationValue.parse(text(value))
            case .refetchInterval: auth.refetchInterval = try? DurationValue.parse(text(value))
            case .requireKeys: auth.requiresKeys = boolean(value)
            case .token: auth.places = decodePlaces(value)
            case .excludePaths: auth.excludePaths = values(value).compactMap { decodeExcluded($0) }
            case .claimsToHeaders: auth.claimsToHeaders = decodeClaimHeaders(value)
            case .optional: auth.isOptional = boolean(value)
            case .forwardToken: auth.forwardsToken = boolean(value)
            case .scopes: auth.scopes = values(value).map(text)
            case .anyScope: auth.anyScope = values(value).map(text)
            case .roles: auth.roles = values(value).map(text)
            case .claims: auth.claims = decodeClaimConditions(value)
            default: break
            }
        }
        auth.source = decodeSource(keys, issuer: auth.issuer, algorithms: auth.algorithms, at: id)
        auth.authority = decodeAuthority(authority, at: id)
        checkKinds(auth, at: id)
        return auth
    }

    private mutating func decodeIssuer(_ id: NodeID) -> TokenIssuerConfiguration? {
        var name: String?
        var audiences: [String]?
        var algorithms: [String]?
        var keys = KeyNodes()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .issuer:
                name = text(value)
                checkIssuer(value)
            case .audiences: audiences = values(value).map(text)
            case .algorithms: algorithms = values(value).map(text)
            case .jwksUri, .discovery, .secret, .keys: keys.take(document.key(key), value)
            default: break
            }
        }
        guard let source = decodeSource(keys, issuer: name, algorithms: algorithms, at: id) else { return nil }
        return TokenIssuerConfiguration(
            issuer: name, audiences: audiences, algorithms: algorithms, source: source, location: location(id))
    }

    private mutating func checkIssuer(_ id: NodeID) {
        guard text(id).hasPrefix("http://"), !isLoopback(text(id)) else { return }
        findings.warning(
            at: location(id), "issuer: one over http can be impersonated on the way",
            fix: "use an issuer with an https URL")
    }

    // MARK: Keys

    /// What one mapping says about keys.
    private struct KeyNodes {
        var keySet: NodeID?
        var discovery: NodeID?
        var secret: NodeID?
        var keys: NodeID?

        mutating func take(_ key: Key?, _ value: NodeID) {
            switch key {
            case .jwksUri: keySet = value
            case .discovery: discovery = value
            case .secret: secret = value
            case .keys: keys = value
            default: break
            }
        }
    }

    /// Keys are fetched from one place or written here; both at once would leave open which of them an issuer means.
    private mutating func decodeSource(
        _ nodes: KeyNodes, issuer: String?, algorithms: [String]?, at id: NodeID
    ) -> KeySourceConfiguration? {
        let discovery = nodes.discovery.flatMap { boolean($0) == true ? $0 : nil }
        let isWritten = nodes.secret != nil || nodes.keys != nil
        if [nodes.keySet != nil, discovery != nil, isWritten].count(where: { $0 }) > 1 {
            findings.error(
                at: location(nodes.keySet ?? discovery ?? id),
                "keys of one issuer come from jwks_uri, or from discovery, or from secret and keys, not from several",
                fix: "keep one of them, or list several issuers")
        }
        if let secret = nodes.secret, document.scalar(secret) != nil { checkLength(secret, algorithms) }
        if let node = nodes.keySet { return keySet(node) }
        if let node = discovery { return self.discovery(node, issuer) }
        guard isWritten else { return nil }
        let keys = nodes.keys.map { node in values(node).compactMap { writtenKey($0) } } ?? []
        return .written(secret: nodes.secret.map { Secret(text($0)) }, keys: keys)
    }

    /// A secret is as long as the digest, or longer (RFC 7518 §3.2): that of the longest algorithm which is named, else of
    /// HS256.
    private mutating func checkLength(_ secret: NodeID, _ algorithms: [String]?) {
        let lengths = [("HS512", 64), ("HS384", 48), ("HS256", 32)]
        let wanted = lengths.first { algorithms?.contains($0.0) == true } ?? ("HS256", 32)
        guard text(secret).utf8.count < wanted.1 else { return }
        findings.warning(
            at: location(secret), "secret: shorter than the \(wanted.1) bytes that \(wanted.0) needs",
            fix: "use a longer random secret")
    }

    private mutating func keySet(_ id: NodeID) -> KeySourceConfiguration? {
        guard let target = HTTPTarget(text(id)) else { return nil }
        if !target.endpoint.tls {
            findings.warning(
                at: location(id), "jwks_uri: keys fetched over http can be exchanged on the way",
                fix: "fetch them over https")
        }
        noteHost(target.endpoint.host, at: id)
        return .keySet(target)
    }

    private mutating func discovery(_ id: NodeID, _ issuer: String?) -> KeySourceConfiguration? {
        guard let issuer, let target = HTTPTarget(issuer), !target.target.contains("?") else {
            findings.error(
                at: location(id), "discovery: needs an issuer that is an http or https URL",
                fix: "give the issuer's URL, or the keys by jwks_uri")
            return nil
        }
        if !target.endpoint.tls {
            findings.warning(
                at: location(id), "discovery: keys fetched over http can be exchanged on the way",
                fix: "give the issuer an https URL")
        }
        noteHost(target.endpoint.host, at: id)
        return .discovery(target)
    }

    /// A JWK as a mapping, or a text: PEM, a JWK or a set of them, mostly out of a file.
    private mutating func writtenKey(_ id: NodeID) -> WrittenKey? {
        if isMapping(id) {
            return WrittenKey(text: document.value(id).written, isPEM: false, location: location(id))
        }
        let text = text(id)
        let start = text.drop(while: \.isWhitespace)
        if start.hasPrefix("-----BEGIN ") { return WrittenKey(text: text, isPEM: true, location: location(id)) }
        if start.hasPrefix("{") { return WrittenKey(text: text, isPEM: false, location: location(id)) }
        if document.isUnresolved(id) { return nil }
        findings.error(
            at: location(id), "keys: this is neither a JWK nor a PEM text",
            fix: "write a JWK as a mapping, or take the file's text by ${file:PATH}")
        return nil
    }

    // MARK: Parts

    func decodePlaces(_ id: NodeID) -> TokenPlacesConfiguration {
        var places = TokenPlacesConfiguration()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .header: places.header = text(value)
            case .cookie: places.cookie = text(value)
            case .query: places.query = text(value)
            default: break
            }
        }
        return places
    }

    private func decodeExcluded(_ id: NodeID) -> AuthConfiguration.ExcludedPath? {
        guard let pattern = try? PathPattern.parse(text(id)) else { return nil }
        return AuthConfiguration.ExcludedPath(pattern: pattern, location: location(id))
    }

    /// A header that carries an identity is taken away from every request that comes in, so it cannot be one that
    /// requests need for something else.
    private mutating func decodeClaimHeaders(_ id: NodeID) -> [AuthConfiguration.ClaimHeader] {
        var taken: Set<String> = []
        return entries(id).map { key, value in
            let header = text(value)
            let name = IdentityName.folded(header)
            if IdentityName.isReserved(name) {
                findings.error(
                    at: location(value), "claims_to_headers: \(header) has a meaning of its own",
                    fix: "choose a name of your own, as in X-User-Id")
            } else if !taken.insert(name).inserted {
                findings.error(
                    at: location(value), "claims_to_headers: two claims are for \(header)", fix: "give each a header")
            }
            return AuthConfiguration.ClaimHeader(claim: text(key), header: header)
        }
    }

    private func decodeClaimConditions(_ id: NodeID) -> [ClaimConditionConfiguration] {
        entries(id).map { key, value in
            let accepted: [ClaimConditionConfiguration.Value] = values(value).map { node in
                switch document.scalar(node)?.type {
                case .boolean: .boolean(boolean(node) ?? false)
                case .integer, .number: .number(Double(text(node)) ?? .nan)
                default: .text(text(node))
                }
            }
            return ClaimConditionConfiguration(claim: text(key), values: accepted)
        }
    }

    // MARK: Together

    /// What routes and the top must agree on.
    mutating func checkAuth(_ configuration: inout GatewayConfiguration) {
        let top = configuration.auth
        if let top {
            checkWhole(top, own: top)
            checkCallers(top, own: top, configuration)
        }
        var guarded: RouteConfiguration?
        for route in configuration.routes {
            guard case .own(let own) = route.auth else { continue }
            checkWhole(own.over(top), own: own)
            checkCallers(own.over(top), own: own, configuration)
            guarded = guarded ?? route
        }
        redactTokens(&configuration)
        guard top == nil, let guarded else { return }
        for route in configuration.routes where route.auth == .inherit {
            if case .redirect = route.answer { continue }
            findings.warning(
                at: route.location, "nobody is asked who they are here, while \(quote(guarded.name)) asks",
                fix: "give it auth, or say auth: none if everybody may ask")
        }
    }

    /// - Parameter own: the parts of this place; what is wrong with the others is said where they stand.
    private mutating func checkWhole(_ auth: AuthConfiguration, own: AuthConfiguration) {
        let issuers = auth.allIssuers
        // Without keys nobody could ever pass. Keys that were given and could not be read have been reported.
        if issuers.isEmpty && !findings.hasErrors && auth.allKinds.contains(.jwt) {
            findings.error(
                at: auth.location,
                "auth: jwt needs \"jwks_uri\" or \"secret\" or \"keys\" or \"issuers\" or \"discovery\"",
                fix: "add one of them")
        }
        let isOwn = own.source != nil || own.issuers != nil || own.algorithms != nil
        for issuer in issuers where isOwn {
            guard let algorithms = issuer.algorithms else { continue }
            let isShared = algorithms.contains { $0.hasPrefix("HS") }
            switch issuer.source {
            case .keySet, .discovery:
                guard isShared else { break }
                findings.error(
                    at: issuer.location,
                    "algorithms: HS256 and the like are for a shared secret, not for published keys",
                    fix: "remove them: whoever can read the keys could sign with them")
            case .written(let secret, let keys):
                guard secret != nil, keys.isEmpty, !isShared else { break }
                findings.error(
                    at: issuer.location, "algorithms: a shared secret is for HS256, HS384 and HS512",
                    fix: "name one of these")
            }
        }
        let headers = Set(
            auth.identityHeaders.map(IdentityName.folded) + IdentityName.ofConsumers)
        if own.places != nil || own.claimsToHeaders != nil, let header = auth.places?.header,
            headers.contains(IdentityName.folded(header))
        {
            findings.error(
                at: auth.location, "token: \(header) is set by claims_to_headers, and so taken away from what comes in",
                fix: "look for the token in another header")
        }
        if own.keyPlaces != nil, let header = auth.keyPlaces?.header, headers.contains(IdentityName.folded(header)) {
            findings.error(
                at: auth.location, "header: \(header) tells services who asks, and so is taken away from what comes in",
                fix: "look for the key in another header")
        }
    }

    /// Credentials must not reach the log, in a query or in a header of their own.
    private func redactTokens(_ configuration: inout GatewayConfiguration) {
        var whole = configuration.auth.map { [$0] } ?? []
        for route in configuration.routes { if case .own(let own) = route.auth { whole.append(own) } }
        let places = whole.flatMap { [$0.places, $0.keyPlaces].compactMap(\.self) }
        for name in places.compactMap(\.query) where !configuration.accessLog.redactQuery.contains(name) {
            configuration.accessLog.redactQuery.append(name)
        }
        configuration.accessLog.secretHeaders = Set(places.compactMap { $0.header?.lowercased() }).sorted()
    }
}

/// Names of header fields that carry an identity, and how they are compared.
///
/// Servers behind a gateway read fields under names of their own making: CGI and what came after it turn letters to upper
/// case and signs to `_`, so that `X_User_Id`, `x-user-id` and `X.User.Id` become one. So two names are the same when
/// they differ only in case and in which signs stand between letters and digits.
package enum IdentityName {
    /// What services are told of consumers, folded.
    static let ofConsumers = ["x-consumer-name", "x-consumer-groups"]

    /// Every name, folded, that any authentication of a configuration may set.
    package static func headers(of configuration: GatewayConfiguration) -> Set<String> {
        var policies = configuration.auth.map { [$0] } ?? []
        for route in configuration.routes {
            if case .own(let own) = route.auth { policies.append(own.over(configuration.auth)) }
        }
        let names = policies.flatMap(\.identityHeaders).map(folded)
        return Set(configuration.consumers.isEmpty ? names : names + ofConsumers)
    }

    package static func folded(_ name: String) -> String {
        String(decoding: name.utf8.map(folded), as: UTF8.self)
    }

    @inline(__always)
    package static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
        default: UInt8(ascii: "-")
        }
    }

    /// Fields that HTTP, or the gateway itself, reads.
    static func isReserved(_ folded: String) -> Bool {
        reserved.contains(folded) || ofConsumers.contains(folded) || folded.hasPrefix("x-forwarded-")
            || folded.hasPrefix("proxy-")
            || folded.hasPrefix("content-") || folded.hasPrefix("accept")
    }

    private static let reserved: Set<String> = [
        "authorization", "cache-control", "connection", "cookie", "date", "expect", "forwarded", "host",
        "http2-settings", "idempotency-key", "if-none-match", "keep-alive", "origin", "range", "te", "traceparent",
        "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent", "via", "x-real-ip", "x-request-id",
    ]
}
