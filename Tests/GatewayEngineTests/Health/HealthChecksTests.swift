import GatehouseTesting
import Reactor
import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// Who checks what, and what a newer configuration changes about it.
@Suite struct HealthChecksTests {
    private let registry = ServiceRegistry()
    private let metrics = Metrics(build: Metrics.Build(version: "0", swiftVersion: "0"), start: 0)

    private func snapshot(_ services: String) throws -> Snapshot {
        try Snapshot(
            try GatewayConfiguration.parse(yaml: "services: { \(services) }"), metrics: metrics, registry: registry)
    }

    private func worker(_ snapshot: Snapshot, _ index: Int = 0, of count: Int = 1) -> Worker {
        Worker(
            index: index, of: count, snapshot: snapshot, metrics: metrics, accessLog: nil,
            log: OperationLog(level: .error), pages: AdminPages(metrics: metrics))
    }

    private func end(_ worker: Worker) {
        worker.shutDown()
        worker.loop.turn(longest: 0)
        #expect(worker.loop.timers.linkedCount == 0)
    }

    private func turn(_ worker: Worker, until isDone: () -> Bool) throws {
        let clock = ContinuousClock()
        let end = clock.now + Patience.standard
        while !isDone() {
            if clock.now > end { throw KitFailure(.timeout, "waited in vain for a check") }
            worker.loop.turn(longest: 20)
        }
    }

    /// Each check has one timer, which is in the wheel of exactly one worker; and no worker has them all.
    @Test func eachEndpointIsCheckedByOneWorker() throws {
        let urls = (1...40).map { "http://127.0.0.1:\($0)" }.joined(separator: ", ")
        let snapshot = try snapshot(
            "s: { endpoints: [ \(urls) ], health_check: {} }, t: { endpoints: [ \"http://[::1]\" ] }")
        let workers = (0..<4).map { worker(snapshot, $0, of: 4) }
        let plain = worker(try self.snapshot(""))
        let counts = workers.map { $0.loop.timers.linkedCount - plain.loop.timers.linkedCount }
        #expect(counts.reduce(0, +) == 40)
        #expect(counts.allSatisfy { $0 > 0 && $0 < 20 }, "\(counts)")
        for worker in workers + [plain] { end(worker) }
    }

    @Test func aNewerConfiguration() throws {
        let (a, b) = (try ScriptedUpstream(named: "a"), try ScriptedUpstream(named: "b"))
        let check = "health_check: { path: /health, interval: 60s }"
        let both = "s: { endpoints: [ \"\(a.url)\", \"\(b.url)\" ], \(check) }"
        let worker = worker(try snapshot(both))
        let state = registry.service("s")
        let (first, second) = (state.endpoint(a.url), state.endpoint(b.url))
        try turn(worker) {
            [first, second].allSatisfy { $0.checkedHealth.load(ordering: .relaxed) == .healthy }
        }
        // The same again: nothing is asked anew, nothing is forgotten.
        let timers = worker.loop.timers.linkedCount
        worker.healthChecks.reconcile(try snapshot(both).services)
        #expect(worker.loop.timers.linkedCount == timers)
        worker.loop.turn(longest: 0)
        #expect(a.connectionCount == 1 && b.connectionCount == 1)
        // Without one of them, and with another service in front.
        let generation = state.generation.load(ordering: .relaxed)
        worker.healthChecks.reconcile(
            try snapshot("r: { endpoints: [ http://127.0.0.1:1 ] }, s: { endpoints: [ \"\(a.url)\" ], \(check) }")
                .services)
        #expect(first.checkedHealth.load(ordering: .relaxed) == .healthy)
        #expect(second.checkedHealth.load(ordering: .relaxed) == .unknown, "nobody would correct it any more")
        #expect(state.generation.load(ordering: .relaxed) > generation)
        #expect(worker.loop.timers.linkedCount == timers - 1)
        // Another question: what is known stays until the answer says otherwise.
        worker.healthChecks.reconcile(
            try snapshot(
                "s: { endpoints: [ \"\(a.url)\" ], "
                    + "health_check: { path: /other, expected_body: nonsense, interval: 60s, unhealthy_after: 1 } }"
            ).services)
        #expect(first.checkedHealth.load(ordering: .relaxed) == .healthy)
        try turn(worker) { first.checkedHealth.load(ordering: .relaxed) == .unhealthy }
        #expect(a.requests.map(\.target) == ["/health", "/other"])
        // No question at all.
        worker.healthChecks.reconcile(try snapshot("s: { endpoints: [ \"\(a.url)\" ] }").services)
        #expect(first.checkedHealth.load(ordering: .relaxed) == .unknown)
        end(worker)
        try a.check()
        try b.check()
    }

    /// Who waits for first results hears of them once; with nothing to wait for, at once.
    @Test func firstResults() throws {
        let a = try ScriptedUpstream(named: "a")
        let gone = try ScriptedUpstream(named: "gone")
        gone.stop()
        let urls = "\"\(a.url)\", \"\(gone.url)\""
        let worker = worker(
            try snapshot(
                "s: { endpoints: [ \(urls) ], health_check: { required: true, interval: 60s, timeout: 20s } }"))
        var count = 0
        worker.healthChecks.whenFirstResultsAreKnown { count += 1 }
        #expect(count == 0)
        try turn(worker) { count > 0 }
        let state = registry.service("s")
        #expect(state.endpoint(a.url).checkedHealth.load(ordering: .relaxed) == .healthy)
        #expect(
            state.endpoint(gone.url).checkedHealth.load(ordering: .relaxed) == .unhealthy)
        worker.healthChecks.whenFirstResultsAreKnown { count += 1 }
        #expect(count == 2)
        end(worker)
    }

    /// It comes back when its time is over, whatever was reloaded meanwhile, and ramps up from then.
    @Test func anEjectedEndpointComesBack() throws {
        let snapshot = try snapshot(
            "s: { endpoints: [ http://127.0.0.1:1, http://127.0.0.1:2 ], outlier_detection: { base_ejection_time: 50ms } }"
        )
        let worker = worker(snapshot)
        let service = snapshot.services[0]
        let endpoint = service.endpoints[0].state
        let now = worker.loop.now
        let generation = service.state.generation.load(ordering: .relaxed)
        for _ in 0..<5 {
            worker.ejections.note(
                TryOutcome(kind: .response, status: 500, latency: 0), service, endpoint, now: now)
        }
        #expect(endpoint.ejectedUntil.load(ordering: .relaxed) == now + 50_000_000)
        #expect(service.state.generation.load(ordering: .relaxed) == generation + 1)
        try turn(worker) { endpoint.ejectedUntil.load(ordering: .relaxed) == 0 }
        #expect(endpoint.readySince.load(ordering: .relaxed) >= now + 50_000_000)
        #expect(service.state.generation.load(ordering: .relaxed) == generation + 2)
        end(worker)
    }
}
