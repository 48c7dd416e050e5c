import Gatehouse
import GatehouseTesting
import Testing

/// The library's façade, as a program that embeds a gateway uses it.
@Suite struct GatewayTests {
    private static let text = """
        listeners: [ { name: front, address: "127.0.0.1:0" } ]
        admin: { address: "127.0.0.1:0" }
        access_log: { enabled: false }
        routes: [ { path: /hello, respond: { body: hi } } ]
        """

    @Test func startsServesAndStops() async throws {
        let gateway = try Gateway(text: Self.text)
        #expect(gateway.addresses.isEmpty)
        try gateway.start()
        let addresses = gateway.addresses
        #expect(addresses.map(\.listener) == ["front", "admin"] && addresses.map(\.isAdmin) == [false, true])
        let answer = try RawClient.exchange(port: addresses[0].port, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(answer.status == 200 && answer.bodyText == "hi")
        #expect(await gateway.stop())
        #expect(throws: KitFailure.self) { try RawClient(port: addresses[0].port) }
    }

    @Test func runsUntilItsTaskIsCancelled() async throws {
        let gateway = try Gateway(text: Self.text)
        let task = Task { try await gateway.run() }
        while gateway.addresses.isEmpty { await Task.yield() }
        let port = gateway.addresses[0].port
        _ = try RawClient.exchange(port: port, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        task.cancel()
        try await task.value
        #expect(throws: KitFailure.self) { try RawClient(port: port) }
    }

    @Test func refusesEverythingThatIsWrongAtOnce() {
        do {
            let text = "workers: many\ntimeouts: { drain: soon }\nrouts: []\n"
            _ = try Gateway(text: text, name: "inline")
            Issue.record("accepted")
        } catch .configuration(let findings) {
            #expect(findings.count == 3)
            #expect(findings.allSatisfy { $0.file == "inline" })
            #expect(Set(findings.map(\.line)) == [1, 2, 3])
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func aTakenPortIsAStartFailure() throws {
        let taken = try ScriptedUpstream(named: "taken")
        let gateway = try Gateway(
            text: "listeners: [ { address: \"127.0.0.1:\(taken.port)\" } ]\naccess_log: { enabled: false }\n")
        #expect(throws: Gateway.Failure.self) { try gateway.start() }
        #expect(gateway.addresses.isEmpty)
    }

    @Test func aMissingFile() {
        #expect(throws: Gateway.Failure.self) { try Gateway(file: "/nonexistent/gateway.yaml") }
    }
}
