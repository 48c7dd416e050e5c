import GatehouseTesting
import Testing

/// A store that does not do what it should: what becomes of the requests, and of everybody else's.
@Suite struct LimitStoreFaults {
    private let store: FakeStore
    init() throws { store = try FakeStore() }

    /// Every answer may come in any two pieces; the loop goes on in between.
    @Test func answersInPieces() throws {
        let whole = Array(FakeStore.admitted(left: 77).utf8)
        try withGateway(stored(store.url), admin: true) { gateway in
            let free = try gateway.connect()
            for cut in 1..<whole.count {
                store.plan(
                    .pieces(Array(whole[..<cut]), Array(whole[cut...])) {
                        // Once this is answered the loop has read the first piece.
                        try free.send(request("GET /free"))
                        guard try free.readResponse().status == 200 else { throw KitFailure(.program, "not free") }
                    })
                #expect(gateway.count() == "200 77")
            }
            #expect(store.greetings.value == 1)
        }
        try store.upstream.check()
    }

    struct Fault: CustomTestStringConvertible {
        var name: String
        var answer: FakeStore.Answer
        /// What is left: 5 where the store has decided in the end, 999 where this process counted its first.
        var left: String
        /// The connection goes on.
        var stays = false
        var cause: String
        var testDescription: String { name }

        init(_ name: String, _ answer: FakeStore.Answer, _ left: String, stays: Bool = false, _ cause: String) {
            (self.name, self.answer, self.left, self.stays, self.cause) = (name, answer, left, stays, cause)
        }
    }

    static let faults: [Fault] = [
        Fault("another protocol", .bytes("HTTP/1.1 400 Bad Request\r\n\r\n"), "999", "protocol"),
        Fault("a simple string", .bytes("+OK\r\n"), "999", "protocol"),
        Fault("a number", .bytes(":1\r\n"), "999", "protocol"),
        Fault("too few numbers", .bytes("*3\r\n:1\r\n:1\r\n:1\r\n"), "999", "protocol"),
        Fault("no numbers", .bytes("*5\r\n:1\r\n$1\r\nx\r\n:1\r\n:1\r\n:1\r\n"), "999", "protocol"),
        Fault("more than was asked", .bytes("*5\r\n:2\r\n:1\r\n:1\r\n:1\r\n:0\r\n"), "999", "protocol"),
        Fault("a huge bulk", .bytes("$99999999999\r\n"), "999", "protocol"),
        Fault("a long number", .bytes("$999999999999999999999999\r\n"), "999", "protocol"),
        Fault("a huge list", .bytes("*1000000\r\n"), "999", "protocol"),
        Fault("a line without end", .bytes(":" + String(repeating: "1", count: 5_000)), "999", "protocol"),
        Fault("a deep list", .bytes(String(repeating: "*1\r\n", count: 50)), "999", "protocol"),
        Fault("two answers", .bytes(FakeStore.admitted(left: 5) + ":1\r\n"), "5", "protocol"),
        Fault("the end", .last(""), "999", "closed"),
        Fault("the end in the middle", .last("*5\r\n:1\r\n:1\r\n:9"), "999", "closed"),
        Fault("a reset", .reset, "999", "closed"),
        Fault("an error of the script", .bytes("-ERR user_script:1: oops\r\n"), "999", stays: true, "refused"),
        Fault("no memory", .bytes("-OOM command not allowed\r\n"), "999", stays: true, "out_of_memory"),
        Fault("a redirection without a cluster", .bytes("-MOVED 1 127.0.0.1:1\r\n"), "999", stays: true, "cluster"),
        Fault("a script that runs for ever", .bytes("-BUSY Redis is busy\r\n"), "999", stays: true, "refused"),
        // Not counted for certain: asked once more on a new connection.
        Fault("a replica", .bytes("-READONLY You can't write\r\n"), "5", "read_only"),
        Fault("a replica without a master", .bytes("-MASTERDOWN Link\r\n"), "5", "read_only"),
        Fault("a server that is loading", .bytes("-LOADING Redis is loading\r\n"), "5", "loading"),
        Fault("another password", .bytes("-NOAUTH Authentication required.\r\n"), "5", "authentication"),
    ]

    /// After each fault the request is answered, the cause is counted, and the next request is decided by the store.
    @Test(arguments: [faults]) func whateverItSays(_ faults: [Fault]) throws {
        try withGateway(stored(store.url), admin: true) { gateway in
            for (index, fault) in faults.enumerated() {
                #expect(gateway.count("X-Key: warm") == "200 5", "before \(fault.name)")
                let (greetings, before) = (
                    store.greetings.value, try gateway.metric("failures_total", ["cause": fault.cause])
                )
                store.plan(fault.answer)
                // In this process the requests before it were counted too.
                let counted = faults[..<index].count { $0.left == "999" }
                let left = fault.left == "999" ? "\(999 - counted)" : fault.left
                #expect(gateway.count() == "200 \(left)", "\(fault.name)")
                if !fault.stays { try store.greetings.wait(for: greetings + 1) }
                try eventually("\(fault.cause) to be counted") {
                    try gateway.metric("failures_total", ["cause": fault.cause]) == before + 1
                }
                #expect(store.greetings.value == greetings + (fault.stays ? 0 : 1), "\(fault.name)")
            }
            #expect(gateway.process.isRunning)
        }
        try store.upstream.check()
    }

    /// The script was flushed: its text goes along once, and no request notices.
    @Test func aScriptThatIsGone() throws {
        try withGateway(stored(store.url), admin: true) { gateway in
            store.plan(.bytes("-NOSCRIPT No matching script.\r\n"), .left(41))
            #expect(gateway.count() == "200 41")
            #expect(gateway.count() == "200 5")
            #expect(store.calls.map { $0[0] } == ["EVALSHA", "EVAL", "EVALSHA"])
            #expect(store.calls[1][1].contains("redis.call('TIME')"))
            #expect(store.greetings.value == 1)
        }
    }

    /// Silent in the middle, and silent ever after: every request is answered, by the mode.
    @Test(arguments: [("local", "200 999", "200 998"), ("allow", "200", "200"), ("deny", "429", "429")])
    func silence(_ mode: String, _ first: String, _ second: String) throws {
        // Long enough for a store that answers on a machine that is busy.
        try withGateway(stored(store.url, "timeout: 2s, on_failure: \(mode)"), admin: true) { gateway in
            #expect(gateway.count() == "200 5")
            store.plan(.silence)
            store.fallSilent()
            #expect(gateway.count() == first)
            #expect(gateway.count() == second)
            try gateway.waitForStore(isUp: false)
            for _ in 0..<50 { #expect(gateway.count().hasPrefix(second.prefix(3))) }
            #expect(try gateway.metric("fallbacks_total", ["mode": mode]) == 52)
            #expect(try gateway.metric("failures_total", ["cause": "timeout"]) >= 1)
            #expect(gateway.process.errors.contains("the store of limits is gone"))
            if mode == "deny" {
                let refused = try gateway.exchange(request("GET /c/x"))
                #expect(refused.fields["retry-after"] == "1" && refused.fields["x-ratelimit-limit"] == nil)
                #expect(errorCode(refused) == "rate_limit_exceeded")
            }
        }
    }

    /// A greeting that takes longer than requests may wait: they are decided, and the connection is made in the end.
    @Test func aSlowGreeting() throws {
        let gate = Gate()
        let slow = try FakeStore(greeting: gate)
        try withGateway(stored(slow.url, "timeout: 2s"), admin: true) { gateway in
            #expect(gateway.count() == "200 999")
            try gateway.waitForStore(isUp: false)
            #expect(gateway.count() == "200 998")
            gate.open()
            try gateway.waitForStore()
            #expect(gateway.count() == "200 5")
        }
    }

    /// A limit in dry run refuses nobody, with a store, without one, and in every mode.
    @Test func dryRun() throws {
        let limits = "{ requests_per_day: 1, dry_run: true }"
        try withGateway(stored(store.url, "timeout: 150ms, on_failure: deny", limits: limits), admin: true) { gateway in
            store.plan(.bytes("*5\r\n:1\r\n:0\r\n:0\r\n:2000000000\r\n:9\r\n"), .silence)
            #expect(gateway.count() == "200")
            #expect(gateway.count() == "200")
            #expect(gateway.count() == "200")
        }
    }

    /// Who waits for the store holds up nobody; who has gone is forgotten; more than may wait are decided at once.
    @Test func nobodyElseWaits() throws {
        try withGateway(stored(store.url, "timeout: 20s, max_pending: 2"), admin: true) { gateway in
            #expect(gateway.count() == "200 5")
            let gate = Gate()
            store.plan(.held(gate))
            let (first, gone) = (try gateway.connect(), try gateway.connect())
            try first.send(request("GET /c/1"))
            try store.questions.wait(for: 2)
            try gone.send(request("GET /c/2"))
            // Both wait: the next one is over the bound, which it learns at once.
            try eventually("two to wait") { gateway.count() != "200 5" && gateway.ask("GET /free") == "free" }
            #expect(try gateway.metric("failures_total", ["cause": "overloaded"]) >= 1)
            gone.reset()
            #expect(gateway.ask("GET /free") == "free")
            gate.open()
            #expect(GatewayProcess.told(try first.readResponse()) == "200 5")
            try store.questions.wait(for: 3)
            try eventually("the store to be asked again") { gateway.count() == "200 5" }
        }
        try store.upstream.check()
    }

    /// One call for all limits of a request, one connection for all requests of a loop, and many under way at once.
    @Test func oneRoundTripOnOneConnection() throws {
        let limits = "[ { requests_per_day: 9 }, { requests_per_hour: 5, key: \"header:X-Key\" } ]"
        try withGateway(stored(store.url, limits: limits), admin: true) { gateway in
            let clients = try (0..<50).map { _ in try gateway.connect() }
            for client in clients { try client.send(request("GET /c/x", "X-Key: k")) }
            for client in clients { #expect(GatewayProcess.told(try client.readResponse()) == "200 5") }
            #expect(store.calls.count == 50)
            #expect(store.calls.allSatisfy { $0[0] == "EVALSHA" && $0[2] == "2" && $0.count == 3 + 2 + 10 + 1 })
            #expect(store.calls.allSatisfy { $0[3].hasPrefix("gatehouse:counted:b9/") })
            #expect(store.upstream.connectionCount == 1)
            #expect(store.commands.count { $0[0] == "SCRIPT" } == 1)
            #expect(try gateway.metric("round_trip_seconds_count") == 50)
        }
    }

    /// The greeting says who we are; none of it is told to anybody else.
    @Test func credentials() throws {
        let url = "redis://app:p%40ss@127.0.0.1:\(store.upstream.port)/3"
        try withGateway(stored(url, "timeout: 20s, prefix: \"shop:\""), admin: true) { gateway in
            #expect(gateway.count() == "200 5")
            #expect(store.commands[0] == ["AUTH", "app", "p@ss"])
            #expect(store.commands[1] == ["SELECT", "3"])
            #expect(store.calls[0][3].hasPrefix("shop:counted:"))
            #expect(!gateway.process.errors.contains("p@ss") && !gateway.process.errors.contains("p%40ss"))
        }
        let other = try FakeStore()
        try withGateway(stored(other.url, "timeout: 20s, username: u, password: secret-word"), admin: true) { gateway in
            #expect(gateway.count() == "200 5")
            #expect(other.commands[0] == ["AUTH", "u", "secret-word"])
            #expect(!gateway.process.errors.contains("secret-word"))
        }
    }

    /// The next address of the list: after a replica, after one that refuses, and when a master has become a replica.
    @Test func failover() throws {
        let replica = try FakeStore(role: "slave")
        let closed = try ScriptedUpstream(named: "nobody")
        closed.stop()
        let other = try FakeStore()
        let list = "[ \"redis://127.0.0.1:\(closed.port)\", \"\(replica.url)\", \"\(store.url)\", \"\(other.url)\" ]"
        try withGateway(stored(list), admin: true) { gateway in
            #expect(gateway.count() == "200 5")
            #expect(replica.calls.isEmpty && store.calls.count == 1)
            store.plan(.bytes("-READONLY You can't write against a read only replica.\r\n"))
            other.plan(.left(33))
            #expect(gateway.count() == "200 33")
            #expect(gateway.count() == "200 5")
            #expect(store.calls.count == 2 && other.calls.count == 2)
            #expect(!gateway.process.errors.contains("the store of limits is gone"))
        }
    }

    /// Connections stay over a reload that does not concern them; who waits for a store that is replaced is decided.
    @Test func reloads() throws {
        try withGateway(stored(store.url), admin: true) { gateway in
            #expect(gateway.count() == "200 5")
            try reload(gateway, stored(store.url, more: "timeouts: { keep_alive: 33s }"), times: 1)
            #expect(gateway.count() == "200 5")
            #expect(store.upstream.connectionCount == 1)

            let gate = Gate()
            store.plan(.held(gate))
            let waiting = try gateway.connect()
            try waiting.send(request("GET /c/x"))
            try store.questions.wait(for: 3)
            let other = try FakeStore()
            other.plan(.left(12))
            try reload(gateway, stored(other.url), times: 2)
            #expect(GatewayProcess.told(try waiting.readResponse()) == "200 999")
            gate.open()
            #expect(gateway.count() == "200 12")
            try reload(gateway, stored(other.url).replacing("rate_limiting: { store:", with: "# "), times: 3)
            #expect(gateway.count() == "200 998")
        }
    }

    private func reload(_ gateway: GatewayProcess, _ configuration: String, times: Int) throws {
        _ = try gateway.directory.write(configuration, to: "gateway.yaml")
        gateway.process.send(.hangup)
        _ = try gateway.process.wait(for: "the reload") { _, errors in
            errors.split(separator: "\n").count { $0.contains("reloaded (") && $0.hasPrefix("gatehouse:") } >= times
                ? true : nil
        }
    }
}
