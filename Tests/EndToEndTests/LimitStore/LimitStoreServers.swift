import GatehouseTesting
import Testing

/// Limits in real servers, for several gateways together. The servers are installed and started here.
@Suite struct LimitStoreServers {
    private static let wide = "{ requests_per_day: 1000000, algorithm: quota }"

    /// So many requests at once, each on a connection of its own, over all gateways in turn: how many are admitted.
    private func admitted(_ gateways: [GatewayProcess], _ target: String, _ requests: Int) throws -> Int {
        let clients = try (0..<requests).map { try gateways[$0 % gateways.count].connect() }
        for client in clients { try client.send(request("GET \(target)")) }
        var admitted = 0
        for client in clients {
            let status = try client.readResponse().status
            #expect(status == 200 || status == 429)
            if status == 200 { admitted += 1 }
        }
        return admitted
    }

    /// Three gateways, a thousand requests at once: a hundred, not one more and not one less.
    @Test(arguments: RedisServer.Program.allCases) func exactlyAHundred(_ program: RedisServer.Program) throws {
        let server = try RedisServer(program)
        let text = """
            listeners: [ { address: "127.0.0.1:0" } ]
            admin: { address: "127.0.0.1:0" }
            workers: 2
            access_log: { enabled: false }
            rate_limiting: { store: { redis: "\(server.url)", timeout: 20s, on_failure: deny } }
            routes:
              - path: /bucket
                respond: { status: 200 }
                rate_limiting: { requests_per_day: 100, burst: 100 }
              - path: /window
                respond: { status: 200 }
                rate_limiting: { requests_per_day: 100, algorithm: sliding_window }

            """
        let gateways = try (0..<3).map { _ in try GatewayProcess(text, admin: true) }
        #expect(try admitted(gateways, "/bucket", 1_000) == 100)
        #expect(try admitted(gateways, "/window", 1_000) == 100)
        for gateway in gateways {
            #expect(try gateway.metric("fallbacks_total", ["mode": "deny"]) == 0)
            try gateway.stop()
        }
    }

    /// Killed and started again under load: never an error, and the store is asked again by itself.
    @Test func killedAndRestartedUnderLoad() throws {
        let server = try RedisServer(.redis)
        let gateway = try GatewayProcess(
            stored(server.url, "timeout: 2s", limits: Self.wide, workers: 2), admin: true)
        try gateway.waitForStore()
        let load = try ContinuousLoad(port: gateway.port, target: "/c/x")
        try load.wait(more: 200)
        #expect(try gateway.metric("fallbacks_total", ["mode": "local"]) == 0)
        try server.kill()
        try gateway.waitForStore(isUp: false)
        try load.wait(more: 200)
        #expect(try gateway.metric("fallbacks_total", ["mode": "local"]) >= 200)
        let again = try RedisServer(.redis, port: server.port)
        try gateway.waitForStore()
        let decided = try gateway.metric("round_trip_seconds_count")
        try load.wait(more: 200)
        #expect(try gateway.metric("round_trip_seconds_count") > decided)
        // Frozen: it takes connections and bytes, and says nothing.
        again.send(.stop)
        try gateway.waitForStore(isUp: false)
        try load.wait(more: 200)
        again.send(.resume)
        try gateway.waitForStore()
        try load.wait(more: 200)
        #expect(try load.stop() == [])
        #expect(gateway.process.errors.contains("the store of limits is gone"))
        #expect(gateway.process.errors.contains("the store of limits is back"))
        try gateway.stop()
    }

    @Test(arguments: [("allow", "200"), ("deny", "429")]) func modes(_ mode: String, _ status: String) throws {
        let server = try RedisServer(.valkey)
        let limits = "{ requests_per_day: 2, key: \"header:X-Key\" }"
        let gateway = try GatewayProcess(
            stored(server.url, "timeout: 10s, on_failure: \(mode)", limits: limits), admin: true)
        #expect((0..<3).map { _ in gateway.count("X-Key: a") } == ["200 1", "200 0", "429 0"])
        try server.kill()
        try gateway.waitForStore(isUp: false)
        for _ in 0..<5 { #expect(gateway.count("X-Key: a") == status) }
        let again = try RedisServer(.valkey, port: server.port)
        try gateway.waitForStore()
        #expect(gateway.count("X-Key: a") == "200 1")
        try gateway.stop()
        try again.kill()
    }

    /// `rediss://` with an authority of our own, a password, a user with few rights, a database.
    @Test func tlsAndPasswords() throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("store", "DNS:localhost,IP:127.0.0.1")
        let rights = [
            "+get", "+set", "+del", "~gatehouse:*", "+evalsha", "+eval", "+script|load", "+hello", "+time", "+select",
        ]
        let server = try RedisServer(
            .redis, listening: "--tls-port",
            [
                "--tls-cert-file", files.certificate, "--tls-key-file", files.key, "--tls-ca-cert-file",
                certificates.authority, "--tls-auth-clients", "no", "--requirepass", "all", "--user", "app", "on",
                ">hunter2",
            ] + rights)
        let tls = "tls: { ca: \(certificates.authority) }"
        for (url, keys, result) in [
            ("rediss://localhost:\(server.port)/2", "\(tls), username: app, password: hunter2", "200 8"),
            ("rediss://app:hunter2@127.0.0.1:\(server.port)", tls, "200 8"),
            ("rediss://:all@127.0.0.1:\(server.port)/3", tls, "200 8"),
            ("rediss://app:wrong@127.0.0.1:\(server.port)", tls, "authentication"),
            ("rediss://127.0.0.1:\(server.port)", tls, "authentication"),
            ("rediss://app:hunter2@127.0.0.1:\(server.port)", "tls: { verify: true }", "tls"),
            (
                "rediss://app:hunter2@127.0.0.1:\(server.port)",
                "tls: { ca: \(certificates.authority), server_name: other.test }", "tls"
            ),
            ("redis://app:hunter2@127.0.0.1:\(server.port)", "timeout: 5s", "closed"),
        ] {
            let gateway = try GatewayProcess(
                stored(
                    url, keys.contains("timeout") ? keys : "timeout: 10s, \(keys)", limits: "{ requests_per_day: 9 }"),
                admin: true)
            if result.hasPrefix("2") {
                #expect(gateway.count() == result, "\(url)")
                #expect(try gateway.metric("fallbacks_total", ["mode": "local"]) == 0)
            } else {
                try gateway.waitForStore(isUp: false)
                #expect(gateway.count() == "200 8", "\(url)")
                #expect(try gateway.metric("fallbacks_total", ["mode": "local"]) == 1)
                #expect(try gateway.metric("failures_total", ["cause": result]) >= 1, "\(url)")
            }
            #expect(!gateway.process.errors.contains("hunter2"))
            try gateway.stop()
        }
    }

    /// Leases: never more than the limit, and less by what gateways hold at most.
    @Test func leases() throws {
        let server = try RedisServer(.redis)
        let limits = "{ requests_per_day: 100, algorithm: sliding_window }"
        let gateways = try (0..<3).map { _ in
            try GatewayProcess(stored(server.url, "timeout: 20s, lease: 10", limits: limits), admin: true)
        }
        let admitted = try admitted(gateways, "/c/x", 600)
        #expect(admitted <= 100)
        #expect(admitted >= 100 - 3 * 9)
        var roundTrips = 0.0
        for gateway in gateways {
            roundTrips += try gateway.metric("round_trip_seconds_count")
            try gateway.stop()
        }
        // A lease is asked for many; only while one is on its way do others ask as well.
        #expect(roundTrips <= 600)
    }
}
