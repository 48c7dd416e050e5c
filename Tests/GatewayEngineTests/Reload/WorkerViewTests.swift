import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// What a reload keeps of a worker's pools, by identity.
@Suite struct WorkerViewTests {
    private static let before = """
        services:
          one: { endpoints: [ "http://127.0.0.1:1", "http://127.0.0.1:2" ] }
          two: { endpoints: [ "http://127.0.0.1:1" ] }
        routes: [ { path: "/**", service: one }, { path: /up, upstream: "http://127.0.0.1:9" } ]
        """

    @Test func whatDidNotChangeIsKeptWhereverItStands() throws {
        let still = try StillWorker(Self.before)
        let (one, two) = (try still.service("one"), try still.service("two"))
        let implied = try still.endpoint("127.0.0.1:9", 9)
        let old = still.worker.view
        try still.publish(
            """
            # Everything has moved down, and a service stands in front.
            services:
              zero: { endpoints: [ "http://127.0.0.1:3" ] }
              one: { endpoints: [ "http://127.0.0.1:1", { url: "http://127.0.0.1:2", weight: 1 } ] }
              two: { endpoints: [ "http://127.0.0.1:1" ] }
            routes: [ { path: /up, upstream: "http://127.0.0.1:9" }, { path: "/**", service: two } ]
            """)
        #expect(still.worker.view !== old)
        #expect(try still.service("one") === one)
        #expect(try still.service("two") === two)
        #expect(try still.endpoint("127.0.0.1:9", 9) === implied)
        #expect(!implied.isRetired)
        // Indices and labels are those of the new snapshot.
        #expect(one.service === still.worker.snapshot.services[1])
        #expect(one.endpoints.map(\.endpoint.label) == [1, 2])
    }

    @Test func aChangedServiceKeepsTheConnectionsOfItsEndpoints() throws {
        let still = try StillWorker(Self.before)
        let one = try still.service("one")
        let (first, second) = (try still.endpoint("one", 1), try still.endpoint("one", 2))
        try still.publish(
            """
            services:
              one: { endpoints: [ { url: "http://127.0.0.1:1", weight: 3 }, "http://127.0.0.1:3" ], timeouts: { connect: 1s } }
              two: { endpoints: [ "http://127.0.0.1:1" ] }
            routes: [ { path: "/**", service: one } ]
            """)
        #expect(try still.service("one") !== one)
        #expect(try still.endpoint("one", 1) === first)
        #expect(first.service.connectTimeout == 1_000_000_000)
        #expect(first.endpoint.configuration.weight == 3)
        #expect(!first.isRetired)
        #expect(second.isRetired)
    }

    /// The same URL in two services is two pools: limits and times are a service's own.
    @Test func poolsDoNotWanderBetweenServices() throws {
        let still = try StillWorker(Self.before)
        let (one, two) = (try still.endpoint("one", 1), try still.endpoint("two", 1))
        #expect(one !== two)
        try still.publish(
            """
            services: { two: { endpoints: [ "http://127.0.0.1:1" ] } }
            routes: [ { path: "/**", service: two } ]
            """)
        #expect(try still.endpoint("two", 1) === two)
        #expect(one.isRetired && !two.isRetired)
    }

    @Test func theStateOutlivesThePoolWhileItIsNamed() throws {
        let still = try StillWorker(Self.before)
        let state = try still.endpoint("one", 1).state
        try still.publish("services: { one: { endpoints: [ \"http://127.0.0.1:1\" ] } }\nroutes: []")
        #expect(try still.endpoint("one", 1).state === state)
    }

    /// Nothing but a request under way may hold on to a configuration that was replaced.
    @Test func oldSnapshotsAreLetGo() throws {
        let still = try StillWorker(Self.before)
        weak let snapshot = still.worker.snapshot
        weak let view = still.worker.view
        for _ in 0..<3 { still.worker.giveBack(Exchange(worker: still.worker)) }
        let underWay = Exchange(worker: still.worker)
        try still.publish("routes: [ { path: /a, respond: { body: a } } ]")
        #expect(snapshot != nil && underWay.snapshot === snapshot)
        underWay.view = still.worker.view
        #expect(snapshot == nil)
        #expect(view == nil)
    }

    /// A slot moves with the view; one whose address went keeps the last view in which it existed.
    @Test func slotsKeepIndexAndViewTogether() throws {
        let still = try StillWorker(Self.before)
        let counter = ConnectionCounter(limit: 10, whole: nil)
        let address = SocketAddressConfiguration(host: "127.0.0.1", port: 0)
        let first = try ListenerBinding.bind(name: "first", address, count: 1, counter: counter)
        let second = try ListenerBinding.bind(name: "second", address, count: 1, counter: counter)
        try still.publish(
            Self.before,
            listeners: [.init(binding: first, index: 0), .init(binding: second, index: 1)])
        let slots = still.worker.slots
        #expect(slots.map(\.index) == [0, 1])
        let before = still.worker.view
        try still.publish("routes: []", listeners: [.init(binding: second, index: 0)])
        #expect(slots[0].isDraining && slots[0].view === before && slots[0].index == 0)
        #expect(!slots[1].isDraining && slots[1].view === still.worker.view && slots[1].index == 0)
        #expect(still.worker.slots.count == 1)
    }
}
