internal import GatewayConfiguration
internal import GatewayEngine

/// What one of the policies does with a request, where it is written, and what that means for the answer.
struct PolicySentence: Encodable {
    /// `addresses`, `cors`, `auth` or `policies`.
    var name: String
    var says: String
    /// Of the answer, where the policy gives one instead of the route.
    var status: Int?
    /// `file:line:column`.
    var location: String?

    private init(_ name: String, _ location: SourceLocation, _ says: String, status: Int? = nil) {
        self.name = name
        self.says = says
        self.status = status
        self.location = location == .none ? nil : location.description
    }

    /// Those of a request that a route takes, in the order in which they are asked.
    static func all(_ explanation: RequestExplanation, _ configuration: GatewayConfiguration) -> [PolicySentence] {
        guard let index = explanation.route else { return [] }
        let route = configuration.routes[index]
        return [addresses(route, configuration), crossOrigin(explanation, route, configuration)].compactMap(\.self)
            + callers(explanation, route, configuration) + code(explanation, route, configuration)
    }

    /// Policies in Swift, in their order.
    private static func code(
        _ explanation: RequestExplanation, _ route: RouteConfiguration, _ configuration: GatewayConfiguration
    ) -> [PolicySentence] {
        if case .allowed(_, isPreflight: true) = explanation.crossOrigin { return [] }
        if case .notAllowed(_, isPreflight: true) = explanation.crossOrigin { return [] }
        return (route.policies ?? configuration.policies).map { policy in
            PolicySentence(
                "policies", policy.location,
                "\"\(policy.name)\" is Swift code of the program, which decides when the request comes")
        }
    }

    private static func addresses(
        _ route: RouteConfiguration, _ configuration: GatewayConfiguration
    ) -> PolicySentence? {
        guard let list = route.addresses ?? configuration.addresses else { return nil }
        var parts: [String] = []
        if !list.allow.isEmpty { parts.append("\(list.allow.count) allowed") }
        if !list.deny.isEmpty { parts.append("\(list.deny.count) denied") }
        return PolicySentence(
            "addresses", list.location,
            "by the client's address, which no head tells (blocks: \(parts.joined(separator: ", "))); others are answered"
                + " 403 address_denied")
    }

    private static func crossOrigin(
        _ explanation: RequestExplanation, _ route: RouteConfiguration, _ configuration: GatewayConfiguration
    ) -> PolicySentence? {
        guard let cors = route.cors ?? configuration.cors else { return nil }
        switch explanation.crossOrigin {
        case .none: return nil
        case .allowed(let origin, let isPreflight):
            return PolicySentence(
                "cors", cors.location, "\(origin) may ask" + (isPreflight ? "; this preflight is answered here" : ""),
                status: isPreflight ? 204 : nil)
        case .notAllowed(let origin, let isPreflight):
            return PolicySentence(
                "cors", cors.location, "\(origin) may not ask: no fields of CORS, and its browser refuses",
                status: isPreflight ? 204 : nil)
        }
    }

    // MARK: Who asks

    private static func callers(
        _ explanation: RequestExplanation, _ route: RouteConfiguration, _ configuration: GatewayConfiguration
    ) -> [PolicySentence] {
        if case .allowed(_, isPreflight: true) = explanation.crossOrigin { return [] }
        if case .notAllowed(_, isPreflight: true) = explanation.crossOrigin { return [] }
        let auth: AuthConfiguration
        switch route.auth {
        case .none: return []
        case .inherit:
            guard let top = configuration.auth else { return [] }
            auth = top
        case .own(let own):
            auth = own.over(configuration.auth)
        }
        var location = auth.location
        if case .own(let own) = route.auth { location = own.location }
        var sentences = [sentence(explanation, auth, location, configuration)]
        if let reason = explanation.forbidden {
            sentences.append(
                PolicySentence("auth", location, "the caller may not do this (\(reason)): 403", status: 403))
        } else if let rules = rules(auth) {
            sentences.append(PolicySentence("auth", location, rules))
        }
        return sentences
    }

    private static func sentence(
        _ explanation: RequestExplanation, _ auth: AuthConfiguration, _ location: SourceLocation,
        _ configuration: GatewayConfiguration
    ) -> PolicySentence {
        let kinds = auth.allKinds.map(\.rawValue).joined(separator: ", ")
        let consumer = explanation.consumer.map { configuration.consumers[$0] }
        let who = consumer.map { " (consumer \"\($0.name)\", \($0.location))" } ?? ""
        switch explanation.caller {
        case .open: return PolicySentence("auth", location, "nobody is asked")
        case .excluded:
            return PolicySentence("auth", location, "the path is one of exclude_paths: nobody is asked\(who)")
        case .missing:
            let unseen = auth.allKinds.contains(.clientCertificate) ? " in its head" : ""
            return PolicySentence(
                "auth", location, "\(kinds): the request shows nothing\(unseen): 401 unauthorized", status: 401)
        case .nobody: return PolicySentence("auth", location, "\(kinds), optional: on as nobody\(who)")
        case .known(let kind, let subject):
            let name = subject.map { $0.isEmpty ? " of nobody in particular" : " of \(LiveLog.printable($0))" } ?? ""
            return PolicySentence("auth", location, "\(kind.rawValue): good, \(noun(kind))\(name)\(who)")
        case .refused(let kind, let status, let code, let reason):
            return PolicySentence(
                "auth", location, "\(kind.rawValue): \(status) \(code) (\(reason))", status: status)
        case .asks(let kind, let url):
            let what = kind == .forward ? "about the request" : "about the token"
            return PolicySentence("auth", location, "\(kind.rawValue): \(url) is asked \(what), which this does not do")
        case .fetchesKeys(let url):
            return PolicySentence(
                "auth", location,
                "jwt: well-formed; its signature is judged by keys from \(url), which this does not fetch")
        }
    }

    private static func noun(_ kind: CredentialKind) -> String {
        switch kind {
        case .jwt, .introspection: "the token"
        case .apiKey: "the key"
        case .basic: "the password"
        case .forward: "the request"
        case .clientCertificate: "the certificate"
        }
    }

    /// What must hold beyond being known.
    private static func rules(_ auth: AuthConfiguration) -> String? {
        var parts: [String] = []
        if let names = auth.consumers {
            parts.append("one of the consumers or groups \(names.joined(separator: ", "))")
        }
        if let scopes = auth.scopes { parts.append("all scopes of \(scopes.joined(separator: ", "))") }
        if let scopes = auth.anyScope { parts.append("a scope of \(scopes.joined(separator: ", "))") }
        if let roles = auth.roles { parts.append("a role of \(roles.joined(separator: ", "))") }
        if let claims = auth.claims { parts.append("the claims \(claims.map(\.claim).joined(separator: ", "))") }
        return parts.isEmpty ? nil : "asks for \(list(parts, "and"))"
    }
}
