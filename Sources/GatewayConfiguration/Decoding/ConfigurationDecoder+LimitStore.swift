/// `rate_limiting.store`.
extension ConfigurationDecoder {
    mutating func decodeLimitStore(_ id: NodeID) -> LimitStoreConfiguration? {
        guard isMapping(id) else { return nil }
        var store = LimitStoreConfiguration(servers: [])
        store.location = location(id)
        var password: NodeID?
        var urls: [NodeID] = []
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .redis:
                urls = values(value)
                store.servers = urls.compactMap { try? LimitStoreConfiguration.Server.parse(text($0)) }
                if urls.isEmpty {
                    findings.error(at: location(value), "redis: the list is empty", fix: "name a server")
                }
            case .cluster: assign(value, to: &store.isCluster)
            case .username: store.username = text(value)
            case .password:
                store.password = Secret(text(value))
                password = value
            case .tls: store.tls = decodeServiceTLS(value)
            case .onFailure: store.onFailure = word(value) ?? store.onFailure
            case .timeout: if let timeout = try? DurationValue.parse(text(value)) { store.timeout = timeout }
            case .maxPending: assign(value, to: &store.maxPending)
            case .lease: assign(value, to: &store.lease)
            case .prefix:
                store.prefix = text(value)
                if store.prefix.contains("{") {
                    // A cluster takes what stands in the first braces for the part of a key that decides its place.
                    findings.error(
                        at: location(value),
                        "prefix: holds a brace, which would move all keys to one place of a cluster",
                        fix: "leave the braces out")
                }
            default: break
            }
        }
        for (url, server) in zip(urls, store.servers) where store.servers.count == urls.count {
            noteHost(server.host, at: url)
            check(server, at: url, store)
        }
        if let password, !document.node(password).substituted { adviseOnPassword(password) }
        if store.username != nil, store.password == nil, store.servers.contains(where: { $0.password == nil }) {
            findings.error(
                at: store.location, "store: username without a password", fix: "give the password of this user too")
        }
        if store.tls != nil, !store.servers.isEmpty, !store.servers.contains(where: \.tls) {
            findings.warning(
                at: store.location, "store: tls has no effect, as no server is rediss://", fix: "write rediss://")
        }
        return store.servers.isEmpty ? nil : store
    }

    private mutating func check(
        _ server: LimitStoreConfiguration.Server, at url: NodeID, _ store: LimitStoreConfiguration
    ) {
        if store.isCluster, server.database != 0 {
            findings.error(
                at: location(url), "redis: a cluster has no databases to choose from", fix: "end the URL after the port"
            )
        }
        if store.isCluster, let first = store.servers.first, first.tls != server.tls {
            findings.error(
                at: location(url), "redis: the servers of a cluster speak TLS all, or none of them",
                fix: "write rediss:// everywhere")
        }
        if server.password != nil, !document.node(url).substituted { adviseOnPassword(url) }
        let isLocal = server.host == "localhost" || server.host == "::1" || server.host.hasPrefix("127.")
        if !server.tls, !isLocal, server.password != nil || store.password != nil {
            findings.warning(
                at: location(url), "redis: the password crosses the network in clear", fix: "use rediss://")
        }
    }

    private mutating func adviseOnPassword(_ id: NodeID) {
        findings.warning(
            at: location(id), "store: a password stands in this file in clear",
            fix: "take it from the environment, as in password: ${env:REDIS_PASSWORD}")
    }
}
