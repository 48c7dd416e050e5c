/// The top-level policies, as far as they are checked together with one another.
struct PolicyNodes {
    var auth: NodeID?
    var rateLimiting: NodeID?
}

/// Policies are not built yet, but what they must agree on is checked from the start: a file that passes `check` today
/// should not turn out to be wrong on the day the capability arrives.
extension ConfigurationDecoder {
    /// What identity, limits and routes must agree on.
    mutating func checkPolicies(_ policies: PolicyNodes, routes: [RouteConfiguration]) {
        if let limits = policies.rateLimiting { checkLimits(limits, auth: policies.auth, routes: routes) }
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
    private mutating func checkLimits(_ id: NodeID, auth: NodeID?, routes: [RouteConfiguration]) {
        let names = Set(routes.map(\.name))
        let identity = IdentityHeaders(auth, document)
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
            findings.warning(
                at: location(key), "key: the client can set \(header) itself, and so escape the limit",
                fix: "let auth set it with claims_to_headers, or use client_ip")
        }
    }
}

/// Which headers authentication sets, so that no client can.
struct IdentityHeaders {
    private(set) var headers: Set<String> = []
    private var excluded: Set<String> = []

    init(_ auth: NodeID?, _ document: Document) {
        guard let auth, document.node(auth).kind == .mapping else { return }
        headers = ["x-user-id", "x-user-role", "x-user-email"]
        for (key, value) in document.entries(auth) {
            switch document.key(key) {
            case .claimsToHeaders where document.node(value).kind == .mapping:
                headers = Set(document.entries(value).map { document.text($0.value).lowercased() })
            case .excludePaths where document.node(value).kind == .sequence:
                excluded = Set(document.children(value).map(document.text))
            default: break
            }
        }
    }

    /// On a path that is excluded from authentication nobody sets the header: the engine removes it from what the client
    /// sent, so all clients would share one bucket, or, with the header let through, each could have as many as it likes.
    func sets(_ header: String, on path: String?) -> Bool {
        headers.contains(header.lowercased()) && !(path.map(excluded.contains) ?? false)
    }
}
