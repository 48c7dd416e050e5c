import GatehouseTesting
import GatewayConfiguration
import Reactor
import Testing

@testable import GatehouseCommand
@testable import GatewayEngine

/// What two programs say to one another, and where they meet.
@Suite struct ControlTests {
    @Test func socketsAreDescribedByNumberAndAddress() {
        let address = SocketAddressConfiguration(host: "::1", port: 8080)
        let sockets = PassedSockets(wanted: address, isAdmin: false, descriptors: [])
        let admin = PassedSockets(wanted: address, isAdmin: true, descriptors: [])
        #expect(ControlText.describe(sockets, number: 0) == "listener 0 8080 ::1")
        #expect(ControlText.describe(admin, number: 3) == "admin 3 8080 ::1")
        var all: [PassedSockets] = []
        #expect(ControlText.take(.init("listener 0 8080 ::1", descriptors: [1_001]), into: &all))
        #expect(ControlText.take(.init("listener 0 8080 ::1", descriptors: [1_002, 1_003]), into: &all))
        #expect(ControlText.take(.init("admin 1 0 *", descriptors: [1_004]), into: &all))
        #expect(all.map(\.descriptors) == [[1_001, 1_002, 1_003], [1_004]])
        #expect(all.map(\.isAdmin) == [false, true])
        #expect(all[0].wanted == address)
    }

    @Test(arguments: [
        "", "listener", "listener x 80 a", "listener 5 80 a", "listener 0 99999 a", "what 0 80 a", "listener -1 80 a",
    ])
    func otherWordsAreRefused(_ text: String) {
        var all: [PassedSockets] = []
        #expect(!ControlText.take(.init(text), into: &all))
        #expect(all.isEmpty)
    }

    /// The same in every process: the successor has to come to the same path.
    @Test func thePathFollowsFromTheFile() {
        #expect(ControlPath.hash("") == "cbf29ce484222325")
        #expect(ControlPath.hash("a") == "af63dc4c8601ec8c")
    }

    @Test func whatWouldChangeSurvivesTheJourney() throws {
        let old = try GatewayConfiguration.parse(yaml: "routes: [ { path: /a, respond: { body: a } } ]")
        let new = try GatewayConfiguration.parse(yaml: "workers: 7\nroutes: [ { path: /b, respond: { body: a } } ]")
        let report = ReloadReport(.applied(ConfigurationChanges(from: old, to: new)))
        let document = try #require(ControlText.decode(ControlText.encode(report)))
        #expect(document == ComparisonDocument(report))
        #expect(document.lines(colour: false) == ["- route /a", "+ route /b", "~ workers", "unchanged: 1 listener"])
        #expect(
            ComparisonDocument(ConfigurationChanges(from: old, to: old)).lines(colour: false) == [
                "nothing would change"
            ])
    }

    @Test func messagesCarryTextAndDescriptors() throws {
        let directory = try TemporaryDirectory()
        let listener = try LocalSocket.Listener(path: directory.file("socket"))
        let client = try LocalSocket.connect(to: listener.path, seconds: 10)
        let server = try #require(listener.accept(seconds: 10))
        let bound = try ListenerBinding.bind(
            name: "x", SocketAddressConfiguration(host: "127.0.0.1", port: 0), count: 3,
            counter: ConnectionCounter(limit: 1, whole: nil))
        let text = String(repeating: "ä", count: 50_000)
        try server.send(.init("first", descriptors: bound.descriptors))
        try server.send(.init(""))
        try server.send(.init("second", descriptors: [bound.descriptors[0]]))
        let first = try client.receive()
        #expect(first.text == "first" && first.descriptors.count == 3)
        #expect(try client.receive() == .init(""))
        let second = try client.receive()
        #expect(second.text == "second" && second.descriptors.count == 1)
        for descriptor in first.descriptors + second.descriptors {
            #expect(ListeningSocket.address(of: descriptor) == bound.address)
            ListeningSocket.discard(descriptor)
        }
        bound.discard()
        #expect(throws: LocalSocket.Failure.self) {
            try client.send(.init(String(repeating: text, count: 50)))
        }
        listener.shutDown()
        #expect(listener.accept(seconds: 1) == nil)
    }

    @Test func theSuccessorGetsTheSameWords() {
        #expect(
            Successor.adding("/run/c", to: ["run", "a.yaml", "--watch"])
                == ["run", "a.yaml", "--watch", "--replace", "--control-socket", "/run/c"])
        let own = ["run", "--replace", "--control-socket=/x"]
        #expect(Successor.adding("/run/c", to: own) == own)
    }
}
