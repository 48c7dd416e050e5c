import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// Choices between endpoints, without a socket: a worker that never turns its loop.
@Suite struct ServicePoolTests {
    private let worker: Worker

    init() throws {
        let configuration = try GatewayConfiguration.parse(
            yaml: """
                services:
                  smooth:
                    endpoints:
                      - { url: "http://127.0.0.1:1", weight: 5 }
                      - { url: "http://127.0.0.1:2", weight: 1 }
                      - { url: "http://127.0.0.1:3", weight: 1 }
                  least:
                    load_balancing: { policy: least_request }
                    endpoints: [ "http://127.0.0.1:1", { url: "http://127.0.0.1:2", weight: 2 }, "http://127.0.0.1:3" ]
                  off:
                    endpoints: [ { url: "http://127.0.0.1:1", weight: 0 }, { url: "http://127.0.0.1:2", weight: 1 } ]
                routes: [ { path: "/**", service: smooth } ]
                """)
        let metrics = Metrics(build: Metrics.Build(version: "0", swiftVersion: "0"), start: 0)
        let log = OperationLog(level: .error)
        worker = Worker(
            index: 0, snapshot: try Snapshot(configuration, metrics: metrics, registry: ServiceRegistry()),
            metrics: metrics, accessLog: nil,
            log: log, pages: AdminPages(metrics: metrics))
    }

    private func pool(_ name: String) throws -> ServicePool {
        try #require(worker.services.first { $0.service.name == name })
    }

    private func picks(_ pool: ServicePool, _ count: Int, avoiding: EndpointPool? = nil) -> [Int] {
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        return (0..<count).map { _ in
            let picked = pool.pick(&random, avoiding: avoiding)
            return Int(picked?.endpoint.configuration.port ?? 0)
        }
    }

    @Test func roundRobinIsSmooth() throws {
        let picks = picks(try pool("smooth"), 14)
        #expect(picks == [1, 1, 2, 1, 3, 1, 1, 1, 1, 2, 1, 3, 1, 1])
        worker.shutDown()
    }

    @Test func weightZeroGetsNothing() throws {
        #expect(Set(picks(try pool("off"), 50)) == [2])
        worker.shutDown()
    }

    @Test func anotherEndpointThanTheLast() throws {
        let pool = try pool("smooth")
        #expect(!picks(pool, 60, avoiding: pool.endpoints[0]).contains(1))
        worker.shutDown()
    }

    /// With everything idle the shares are the weights'; an endpoint that is busy beyond its weight gets nothing while
    /// it is one of the two that were drawn, so it only ever loses.
    @Test func leastRequestHeedsWeightAndLoad() throws {
        let pool = try pool("least")
        let idle = picks(pool, 8_000)
        let share = Double(idle.filter { $0 == 2 }.count) / 8_000
        #expect(share > 0.45 && share < 1)
        pool.endpoints[1].state.inFlight.store(100, ordering: .relaxed)
        #expect(!picks(pool, 500).contains(2))
        pool.endpoints[0].state.inFlight.store(100, ordering: .relaxed)
        pool.endpoints[2].state.inFlight.store(100, ordering: .relaxed)
        #expect(Set(picks(pool, 500)) == [1, 2, 3])
        worker.shutDown()
    }
}

@Suite struct SplitTests {
    @Test(arguments: [[95, 5], [50, 50], [1, 2, 3], [7, 0, 3], [1], [100, 1], [33, 33, 34]])
    func everyWindowHoldsExactlyTheWeights(weights: [Int]) {
        let split = CompiledSplit(weights.enumerated().map { CompiledSplit.Side(service: $0, weight: $1) })
        let sum = weights.reduce(0, +)
        let picks = (0..<sum * 4).map { _ in split.next() }
        for start in 0...sum * 3 {
            let window = picks[start..<start + sum]
            for (side, weight) in weights.enumerated() {
                #expect(window.count { $0 == side } == weight, "window at \(start)")
            }
        }
    }

    /// 5 of 100 are spread, not five in a row.
    @Test func sidesAreMixed() {
        let split = CompiledSplit([
            CompiledSplit.Side(service: 0, weight: 95), CompiledSplit.Side(service: 1, weight: 5),
        ])
        let picks = (0..<200).map { _ in split.next() }
        #expect(!zip(picks, picks.dropFirst()).contains { $0 == 1 && $1 == 1 })
    }
}
