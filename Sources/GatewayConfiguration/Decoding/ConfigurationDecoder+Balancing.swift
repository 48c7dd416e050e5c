/// How an endpoint is picked, and which of its keys contradict one another.
extension ConfigurationDecoder {
    mutating func decodeLoadBalancing(_ id: NodeID, into balancing: inout LoadBalancingConfiguration) {
        var nodes: [Key: NodeID] = [:]
        for (key, value) in entries(id) {
            guard let known = document.key(key) else { continue }
            nodes[known] = key
            switch known {
            case .policy: balancing.policy = word(value) ?? balancing.policy
            case .key: balancing.key = HashKey(text(value))
            case .sticky: balancing.sticky = decodeSticky(value)
            case .slowStart: assign(value, to: &balancing.slowStart)
            case .panicThreshold: balancing.panicThreshold = (try? ShareValue.parse(text(value))) ?? 0.5
            default: break
            }
        }
        checkLoadBalancing(balancing, nodes)
    }

    /// nil without a cookie's name, which the checker has asked for.
    private func decodeSticky(_ id: NodeID) -> StickyConfiguration? {
        var sticky = StickyConfiguration(cookie: "")
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .cookie: sticky.cookie = text(value)
            case .maxAge: assign(value, to: &sticky.maxAge)
            case .secret: sticky.secret = text(value)
            default: break
            }
        }
        return sticky.cookie.isEmpty ? nil : sticky
    }

    /// A key that nobody reads, a hash of nothing, and two ways to hold a client that would pull at it from both sides:
    /// each is a misunderstanding that would only show under load.
    private mutating func checkLoadBalancing(_ balancing: LoadBalancingConfiguration, _ nodes: [Key: NodeID]) {
        let policy = balancing.policy.rawValue
        guard balancing.policy == .consistentHash else {
            if let key = nodes[.key] {
                findings.error(
                    at: location(key), "key: \(policy) goes by no key",
                    fix: "remove it, or write policy: consistent_hash")
            }
            return
        }
        if nodes[.key] == nil, let place = nodes[.policy] {
            findings.error(
                at: location(place), "policy: consistent_hash needs a key",
                fix: "add key: with one of client_ip, path, consumer, header:NAME, cookie:NAME, query:NAME, claim:NAME")
        }
        if let sticky = nodes[.sticky] {
            findings.error(
                at: location(sticky), "sticky: consistent_hash already keeps equal keys on one endpoint",
                fix: "remove sticky, or take another policy")
        }
    }
}
