/// The top-level policies, as far as they are checked together with one another.
struct PolicyNodes {
    var auth: NodeID?
    var consumers: NodeID?
    var rateLimiting: NodeID?
}

/// What policies must agree on with each other and with the routes.
extension ConfigurationDecoder {
    mutating func checkPolicies(_ policies: PolicyNodes, _ configuration: GatewayConfiguration) {
        if let limits = policies.rateLimiting { checkLimits(limits, configuration) }
        let identity = IdentityHeaders(configuration)
        let others = configuration.routes.flatMap(\.rateLimits) + configuration.consumers.flatMap(\.rateLimits)
        for limit in others {
            for case .header(let name) in limit.keys where !identity.sets(name, on: nil) {
                warn(of: name, at: limit.location)
            }
        }
    }

    /// Policies in Swift; which there are, the program knows.
    mutating func decodePolicyNames(_ id: NodeID) -> [ProgramName] {
        var names: [ProgramName] = []
        for node in values(id) {
            let name = text(node)
            if names.contains(where: { $0.name == name }) {
                findings.error(
                    at: location(node), "policies: \(quote(name)) is named twice, and would run twice",
                    fix: "name it once")
            }
            names.append(ProgramName(name, location: location(node)))
        }
        return names
    }

    private mutating func warn(of header: String, at location: SourceLocation) {
        findings.warning(
            at: location, "key: the client can set \(header) itself, and so escape the limit",
            fix: "let auth set it with claims_to_headers, or use client_ip")
    }

    /// CORS never allows every origin together with credentials (Fetch standard, "CORS protocol and credentials").
    mutating func checkCORS(_ id: NodeID) {
        var anyOrigin: NodeID?
        var credentials = false
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .origins: anyOrigin = values(value).first { text($0) == "*" }
            case .credentials: assign(value, to: &credentials)
            default: break
            }
        }
        if let anyOrigin, credentials {
            findings.error(
                at: location(anyOrigin), "origins: \"*\" is not possible together with credentials",
                fix: "list the origins that may send credentials")
        }
    }

    /// The default and each override; names of routes must exist, as an override for nothing limits nothing.
    private mutating func checkLimits(_ id: NodeID, _ configuration: GatewayConfiguration) {
        let names = Set(configuration.routes.map(\.name))
        let identity = IdentityHeaders(configuration)
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .default: for limit in values(value) { checkKeys(limit, identity) }
            case .overrides:
                for limit in values(value) {
                    checkKeys(limit, identity)
                    for (key, value) in entries(limit) where document.key(key) == .route && !names.contains(text(value))
                    {
                        let near = nearest(to: text(value), among: names)
                        report(
                            Problem("names no route", fix: "write the name of a route", suggestion: near), at: value,
                            name: "route")
                    }
                }
            default: break
            }
        }
    }

    /// A limit by a header that the client writes itself is no limit: it sends another value with each request.
    private mutating func checkKeys(_ limit: NodeID, _ identity: IdentityHeaders) {
        var path: String?
        var keys: [NodeID] = []
        for (key, value) in entries(limit) {
            switch document.key(key) {
            case .path: path = text(value)
            case .key: keys = values(value)
            default: break
            }
        }
        for key in keys {
            let value = text(key)
            guard value.hasPrefix("header:") else { continue }
            let header = String(value.dropFirst("header:".count))
            guard !header.isEmpty, !identity.sets(header, on: path) else { continue }
            warn(of: header, at: location(key))
        }
    }
}

/// Which headers authentication sets, so that no client can.
struct IdentityHeaders {
    /// Folded, as names are compared.
    private(set) var names: Set<String> = []
    private var excluded: Set<String> = []

    init(_ configuration: GatewayConfiguration) {
        names = IdentityName.headers(of: configuration)
        excluded = Set((configuration.auth?.excludePaths ?? []).map(\.pattern.text))
    }

    /// On a path that is excluded from authentication nobody sets the header: the engine removes it from what the client
    /// sent, so all clients would share one bucket, or, with the header let through, each could have as many as it likes.
    func sets(_ header: String, on path: String?) -> Bool {
        names.contains(IdentityName.folded(header)) && !(path.map(excluded.contains) ?? false)
    }
}
