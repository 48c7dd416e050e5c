import GatehouseTesting
import Testing

/// What the program does when it is signalled.
@Suite struct SignalTests {
    /// A gateway with a request under way that its origin never answers.
    private func busyGateway(_ more: String = "") throws -> (GatewayProcess, RawClient, ScriptedUpstream) {
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.waitForClose()
        })
        let gateway = try GatewayProcess(
            """
            listeners: [ { address: "127.0.0.1:0" } ]
            access_log: { enabled: false }
            routes: [ { path: /**, upstream: "\(origin.url)" } ]
            \(more)

            """)
        let client = try gateway.connect()
        try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try origin.waitForRequest()
        return (gateway, client, origin)
    }

    @Test(arguments: [ChildProcess.Signal.interrupt, .terminate])
    func aSecondSignalEndsAtOnce(_ second: ChildProcess.Signal) throws {
        let (gateway, client, origin) = try busyGateway("timeouts: { drain: 1h }")
        gateway.process.send(.terminate)
        _ = try gateway.process.wait(for: "the drain") { _, errors in errors.contains("once more") ? true : nil }
        #expect(gateway.process.isRunning)
        gateway.process.send(second)
        #expect(try gateway.process.waitForExit() == .code(4))
        _ = try client.expectClosed()
        _ = origin
    }

    @Test func aDrainThatTakesTooLong() throws {
        let (gateway, client, origin) = try busyGateway("timeouts: { drain: 100ms }")
        gateway.process.send(.terminate)
        #expect(try gateway.process.waitForExit() == .code(4))
        #expect(gateway.process.errors.contains("the time to drain ran out"))
        _ = try client.expectClosed()
        _ = origin
    }

    @Test func sighupIsNoEnd() throws {
        let gateway = try GatewayProcess(
            """
            listeners: [ { address: "127.0.0.1:0" } ]
            access_log: { enabled: false }
            routes: [ { path: /a, respond: { body: a } } ]

            """)
        gateway.process.send(.hangup)
        _ = try gateway.process.wait(for: "the answer") { _, errors in
            errors.contains("reloaded (nothing has changed)") ? true : nil
        }
        #expect(try gateway.exchange("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").bodyText == "a")
        gateway.process.send(.terminate)
        #expect(try gateway.process.waitForExit() == .code(0))
    }

    @Test func sigusr1OpensTheLogAnew() throws {
        let directory = try TemporaryDirectory()
        let log = directory.file("access.log")
        let gateway = try GatewayProcess(
            """
            listeners: [ { address: "127.0.0.1:0" } ]
            access_log: { path: "\(log)" }
            routes: [ { path: /**, respond: { body: a } } ]

            """)
        _ = try gateway.exchange("GET /before HTTP/1.1\r\nHost: x\r\n\r\n")
        try TemporaryDirectory.move(log, to: log + ".1")
        gateway.process.send(.user1)
        _ = try gateway.process.wait(for: "the answer") { _, errors in errors.contains("opened anew") ? true : nil }
        _ = try gateway.exchange("GET /after HTTP/1.1\r\nHost: x\r\n\r\n")
        gateway.process.send(.terminate)
        #expect(try gateway.process.waitForExit() == .code(0))
        #expect(TemporaryDirectory.read(log)?.contains("/after") == true)
        let both = (TemporaryDirectory.read(log + ".1") ?? "") + (TemporaryDirectory.read(log) ?? "")
        #expect(both.contains("/before"))
    }
}
