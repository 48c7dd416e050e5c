import Synchronization

@testable import GatewayConfiguration
@testable import GatewayEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Nanoseconds per choice, for each policy over several endpoints. Figures only: nothing is asserted about time.
@main
struct BalancingBenchmark {
    static func main() throws {
        for count in [3, 6, 100] {
            for policy in LoadBalancingConfiguration.Policy.allCases {
                try measurePicks(policy, count, weights: [1])
                if policy == .roundRobin { try measurePicks(policy, count, weights: [1, 2]) }
            }
        }
        let key = Array("customer-4711-of-tenant-0815".utf8)
        var sum: UInt64 = 0
        measure("hash a key of \(key.count) bytes", 2_000_000) { sum &+= SipHash.hash(key.span, .placement) }
        for count in [6, 100, 1_000] {
            let members = (0..<count).map { MaglevTable.Member(url: "http://10.1.\($0 / 256).\($0 % 256)", weight: 1) }
                .sorted { $0.url < $1.url }
            measure("make the table of \(count) endpoints", 20) { sum &+= UInt64(MaglevTable(members).member(sum)) }
        }
        let many = try worker(.leastRequest, 100, weights: [1])
        let service = many.services[0].service
        var eligible = EligibleEndpoints()
        measure("find who may be asked of 100", 100_000) {
            eligible.rebuild(
                service.endpoints, priorities: service.balancing.priorities, service.balancing.rules, now: 1)
        }
        // Read, so that nothing above is left out as unused.
        if sum == 0 && eligible.members.isEmpty { print("nothing was measured") }
        many.shutDown()
    }

    static func measurePicks(_ policy: LoadBalancingConfiguration.Policy, _ count: Int, weights: [Int]) throws {
        let worker = try worker(policy, count, weights: weights)
        let pool = worker.services[0]
        for (number, endpoint) in pool.endpoints.enumerated() {
            endpoint.state.latency.observe(Int64(1_000_000 + number * 1_000), now: 1)
        }
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        var affinity = Affinity()
        var asked = 0
        let kind = weights.count == 1 ? "" : ", weights of 1 and 2"
        measure("\(policy.rawValue), \(count) endpoints\(kind)", 5_000_000) {
            affinity.key = affinity.key &* 0x9E37_79B9_7F4A_7C15 &+ 1
            asked += pool.pick(&random, for: affinity, avoiding: nil, now: 2) == nil ? 0 : 1
        }
        if asked == 0 { print("nobody was asked") }
        worker.shutDown()
    }

    static func worker(_ policy: LoadBalancingConfiguration.Policy, _ count: Int, weights: [Int]) throws -> Worker {
        let key = policy == .consistentHash ? ", key: path" : ""
        let endpoints = (0..<count).map {
            "{ url: \"http://127.0.0.1:\($0 + 1)\", weight: \(weights[$0 % weights.count]) }"
        }
        let configuration = try GatewayConfiguration.parse(
            yaml: """
                services:
                  s: { load_balancing: { policy: \(policy.rawValue)\(key) }, endpoints: [ \(endpoints.joined(separator: ", ")) ] }
                routes: [ { path: "/**", service: s } ]
                """)
        let metrics = Metrics(build: Metrics.Build(version: "0", swiftVersion: "0"), start: 0)
        return Worker(
            index: 0, snapshot: try Snapshot(configuration, metrics: metrics, registry: ServiceRegistry()),
            metrics: metrics, accessLog: nil, log: OperationLog(level: .error), pages: AdminPages(metrics: metrics))
    }

    static func measure(_ name: String, _ count: Int, _ body: () -> Void) {
        var best = Double.infinity
        for _ in 0..<5 {
            let start = now()
            for _ in 0..<count { body() }
            best = min(best, Double(now() - start) / Double(count))
        }
        let text = best < 10_000 ? "\((best * 10).rounded() / 10) ns" : "\((best / 10_000).rounded() / 100) ms"
        print("\(name): \(text)")
    }

    static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
