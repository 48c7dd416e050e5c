import GatehouseTesting
import Testing

/// Limits in a real Redis Cluster of three masters.
@Suite struct LimitStoreClusters {
    private func gateway(_ cluster: RedisCluster, _ limits: String, _ keys: String = "timeout: 20s, on_failure: deny")
        throws -> GatewayProcess
    {
        try GatewayProcess(stored(cluster.urls, "cluster: true, \(keys)", limits: limits), admin: true)
    }

    @Test func limitsThatLiveApart() throws {
        let cluster = try RedisCluster(.redis)
        // Two keys of a request: two places.
        let limits =
            "[ { requests_per_day: 60, algorithm: quota, key: \"header:X-A\" }, "
            + "{ requests_per_day: 40, algorithm: quota, key: \"header:X-B\" } ]"
        let gateways = try (0..<3).map { _ in try gateway(cluster, limits) }
        var admitted = 0
        let clients = try (0..<300).map { try gateways[$0 % 3].connect() }
        for client in clients { try client.send(request("GET /c/x", "X-A: a", "X-B: b")) }
        for client in clients { admitted += try client.readResponse().status == 200 ? 1 : 0 }
        #expect(admitted <= 40)
        // What was refused in one place was given back in the other: the rest can be had, and not one more.
        for _ in 0..<60 where gateways[0].count("X-A: a", "X-B: b").hasPrefix("200") { admitted += 1 }
        #expect(admitted == 40)
        let (place, key) = try #require(try find("counted:d60/", in: cluster))
        try eventually("what was charged in vain to be given back") {
            try place.command("GET", key).hasSuffix(" 40\r\n")
        }
        for gateway in gateways { try gateway.stop() }
    }

    /// One limit exact over the whole cluster; a key moves to another server under our feet, and no count is lost.
    @Test func aKeyThatMoves() throws {
        let cluster = try RedisCluster(.redis)
        let gateway = try gateway(cluster, "{ requests_per_day: 100, key: \"header:X-Key\" }")
        #expect(gateway.count("X-Key: k") == "200 99")
        let (from, key) = try #require(try find("counted:", in: cluster))
        let to = try #require(cluster.nodes.first { $0 !== from })
        let slot = String(try from.command("CLUSTER", "KEYSLOT", key).dropFirst().dropLast(1))
            .trimmingLineEnd()
        let (source, target) = (try id(from), try id(to))
        try to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source)
        try from.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target)
        #expect(gateway.count("X-Key: k") == "200 98")
        let moved = try from.command("MIGRATE", "127.0.0.1", "\(to.port)", key, "0", "5000")
        #expect(moved == "+OK\r\n")
        // Sent on, for this once.
        #expect(gateway.count("X-Key: k") == "200 97")
        for node in [to, from] { try node.command("CLUSTER", "SETSLOT", slot, "NODE", target) }
        // Sent on, for good.
        #expect(gateway.count("X-Key: k") == "200 96")
        #expect(gateway.count("X-Key: k") == "200 95")
        #expect(try gateway.metric("fallbacks_total", ["mode": "deny"]) == 0)

        // A server that is gone takes its own keys along, and nobody else's.
        try to.kill()
        try gateway.waitForStore(isUp: false)
        let answers = Set((0..<60).map { gateway.count("X-Key: \($0)") })
        #expect(answers == ["200 99", "429"])
        #expect(gateway.count("X-Key: k") == "429")
        try gateway.stop()
    }

    /// The key with this in its name, and where it lives.
    private func find(_ part: String, in cluster: RedisCluster) throws -> (RedisServer, key: String)? {
        for node in cluster.nodes {
            let lines = try node.command("KEYS", "*").split(separator: "\r\n")
            if let key = lines.first(where: { $0.contains(part) }) { return (node, String(key)) }
        }
        return nil
    }

    private func id(_ node: RedisServer) throws -> String {
        let lines = try node.command("CLUSTER", "MYID").split(separator: "\r\n")
        return String(lines[1])
    }

    /// A server that belongs to no cluster is none, and says so.
    @Test func noCluster() throws {
        let server = try RedisServer(.valkey)
        let text = stored(server.url, "cluster: true, timeout: 5s", limits: "{ requests_per_day: 9 }")
        let gateway = try GatewayProcess(text, admin: true)
        try gateway.waitForStore(isUp: false)
        #expect(gateway.count() == "200 8")
        #expect(try gateway.metric("failures_total", ["cause": "cluster"]) >= 1)
        try gateway.stop()
    }
}

extension String {
    fileprivate func trimmingLineEnd() -> String { filter { !$0.isNewline } }
}
