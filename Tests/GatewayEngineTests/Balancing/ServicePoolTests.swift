import GatehouseTesting
import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// Choices between the endpoints of a service, without a socket: a worker that never turns its loop, and a clock that is
/// a number.
@Suite final class ServicePoolTests {
    private let worker: Worker

    static let policies = LoadBalancingConfiguration.Policy.allCases

    /// One service for each policy, by the policy's name: four endpoints, and a fifth to fail over to.
    private static func configuration() -> String {
        var text = "services:\n"
        for policy in policies {
            let key = policy == .consistentHash ? ", key: client_ip" : ""
            text += "  \(policy.rawValue):\n    load_balancing: { policy: \(policy.rawValue)\(key) }\n    endpoints:\n"
            for (port, weight, priority) in [(1, 1, 0), (2, 2, 0), (3, 1, 0), (4, 1, 0), (5, 1, 1)] {
                text += "      - { url: \"http://127.0.0.1:\(port)\", weight: \(weight), priority: \(priority) }\n"
            }
        }
        return text
            + "  alone: { endpoints: [ \"http://127.0.0.1:1\" ] }\nroutes: [ { path: \"/**\", service: alone } ]\n"
    }

    init() throws {
        let configuration = try GatewayConfiguration.parse(yaml: Self.configuration())
        let metrics = Metrics(build: Metrics.Build(version: "0", swiftVersion: "0"), start: 0)
        worker = Worker(
            index: 0, snapshot: try Snapshot(configuration, metrics: metrics, registry: ServiceRegistry()),
            metrics: metrics, accessLog: nil, log: OperationLog(level: .error), pages: AdminPages(metrics: metrics))
    }

    deinit { worker.shutDown() }

    private func pool(_ name: String) throws -> ServicePool {
        try #require(worker.services.first { $0.service.name == name })
    }

    private func pool(_ policy: LoadBalancingConfiguration.Policy) throws -> ServicePool { try pool(policy.rawValue) }

    /// The ports of so many choices, each for another key.
    private func picks(_ pool: ServicePool, _ count: Int, avoiding: EndpointPool? = nil, now: Int64 = 0) -> [Int] {
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        return (0..<count).map { number in
            let affinity = Affinity(key: SipHash.hash("\(number)", .placement))
            let picked = pool.pick(&random, for: affinity, avoiding: avoiding, now: now)
            return Int(picked?.endpoint.configuration.port ?? 0)
        }
    }

    @Test(arguments: policies) func theSharesAreTheWeights(_ policy: LoadBalancingConfiguration.Policy) throws {
        let picks = picks(try pool(policy), 10_000)
        #expect(Set(picks) == [1, 2, 3, 4])
        let share = Double(picks.filter { $0 == 2 }.count) / 10_000
        #expect(abs(share - 0.4) < 0.02)
    }

    @Test(arguments: policies) func anotherEndpointThanTheLast(_ policy: LoadBalancingConfiguration.Policy) throws {
        let pool = try pool(policy)
        for avoided in pool.endpoints {
            let rest = Set(picks(pool, 300, avoiding: avoided))
            #expect(rest == Set([1, 2, 3, 4]).subtracting([Int(avoided.endpoint.configuration.port)]))
        }
        let alone = try self.pool("alone")
        #expect(picks(alone, 3, avoiding: alone.endpoints[0]) == [1, 1, 1])
    }

    @Test(arguments: policies) func whatChangesIsSeen(_ policy: LoadBalancingConfiguration.Policy) throws {
        let pool = try pool(policy)
        let state = pool.service.state
        #expect(Set(picks(pool, 300)) == [1, 2, 3, 4])
        pool.endpoints[0].state.administrative.store(.draining, ordering: .relaxed)
        pool.endpoints[1].state.checkedHealth.store(.unhealthy, ordering: .relaxed)
        state.changed()
        #expect(Set(picks(pool, 300)) == [3, 4])
        for endpoint in pool.endpoints[2...3] { endpoint.state.checkedHealth.store(.unhealthy, ordering: .relaxed) }
        state.changed()
        #expect(Set(picks(pool, 300)) == [5])
        pool.endpoints[4].state.checkedHealth.store(.unhealthy, ordering: .relaxed)
        state.changed()
        #expect(Set(picks(pool, 3)) == [0])
        for endpoint in pool.endpoints { endpoint.state.checkedHealth.store(.healthy, ordering: .relaxed) }
        state.changed()
        #expect(Set(picks(pool, 300)) == [2, 3, 4])
    }

    /// Nobody raises the generation when an ejection ends.
    @Test(arguments: policies) func timeIsSeen(_ policy: LoadBalancingConfiguration.Policy) throws {
        let pool = try pool(policy)
        pool.endpoints[2].state.ejectedUntil.store(30 * second, ordering: .relaxed)
        pool.service.state.changed()
        #expect(Set(picks(pool, 300, now: 29 * second)) == [1, 2, 4])
        #expect(Set(picks(pool, 1_000, now: 41 * second)) == [1, 2, 3, 4])
    }

    /// A tenth of its weight at first, and the whole after ten seconds, in steps of a tenth of a second.
    @Test func aNewEndpointRampsUp() throws {
        let pool = try pool(.roundRobin)
        pool.endpoints[0].state.readySince.store(100 * second, ordering: .relaxed)
        pool.service.state.changed()
        var last = 0
        for (seconds, share) in [(0, 0.1), (3, 0.37), (6, 0.64), (12, 1)] as [(Int64, Double)] {
            let count = picks(pool, 4_000, now: (100 + seconds) * second).filter { $0 == 1 }.count
            #expect(abs(Double(count) / 4_000 - share / (4 + share)) < 0.01, "after \(seconds) s")
            #expect(count > last)
            last = count
        }
    }

    /// Consistent hashing would move keys at every step of a ramp.
    @Test func keysDoNotMoveInARamp() throws {
        let pool = try pool(.consistentHash)
        let before = picks(pool, 500, now: 100 * second)
        pool.endpoints[0].state.readySince.store(100 * second, ordering: .relaxed)
        pool.service.state.changed()
        #expect(picks(pool, 500, now: 101 * second) == before)
    }

    @Test(arguments: policies) func aCookieIsHeeded(_ policy: LoadBalancingConfiguration.Policy) throws {
        let pool = try pool(policy)
        var random = IdentifierSource(seed: (1, 2, 3, 4))
        func all(_ place: Int, avoiding avoided: EndpointPool? = nil) -> Set<Int> {
            Set(
                (0..<200).map { number in
                    let affinity = Affinity(key: SipHash.hash("\(number)", .placement), place: place)
                    let picked = pool.pick(&random, for: affinity, avoiding: avoided, now: 0)
                    return Int(picked?.endpoint.configuration.port ?? 0)
                })
        }
        #expect(all(2) == [3])
        // Not where that has just failed, nor where nobody may be asked, nor where nobody is.
        #expect(all(2, avoiding: pool.endpoints[2]) == [1, 2, 4])
        #expect(all(4) == [1, 2, 3, 4])
        #expect(all(99) == [1, 2, 3, 4])
        pool.endpoints[2].state.administrative.store(.draining, ordering: .relaxed)
        pool.service.state.changed()
        #expect(all(2) == [1, 2, 4])
    }

    @Test func onlyPeakEWMALearnsLatencies() throws {
        for policy in Self.policies {
            let pool = try pool(policy)
            pool.note(TryOutcome(kind: .response, status: 200, latency: 5_000_000), at: pool.endpoints[0], now: 0)
            let isKnown = pool.endpoints[0].state.latency.value(now: 0) > 0
            #expect(isKnown == (policy == .peakEWMA))
        }
    }

    /// Anything may happen to the endpoints, in any order: never is one asked that must not be, and always one when there
    /// is one.
    @Test(arguments: policies) func aRandomWalk(_ policy: LoadBalancingConfiguration.Policy) throws {
        let pool = try pool(policy)
        var walk = SeededRandom()
        var random = IdentifierSource(seed: (walk.next(), 2, 3, 4))
        var now: Int64 = second
        // A table for each step of consistent hashing is a lot without optimisation.
        for step in 0..<(policy == .consistentHash ? 100 : 2_000) {
            let state = try #require(pool.endpoints.randomElement(using: &walk)).state
            switch Int.random(in: 0..<6, using: &walk) {
            case 0: state.administrative.store(Bool.random(using: &walk) ? .enabled : .draining, ordering: .relaxed)
            case 1: state.checkedHealth.store(.unhealthy, ordering: .relaxed)
            case 2: state.checkedHealth.store(.healthy, ordering: .relaxed)
            case 3: state.ejectedUntil.store(now + Int64.random(in: 0..<second, using: &walk), ordering: .relaxed)
            case 4: state.readySince.store(now, ordering: .relaxed)
            default: now += Int64.random(in: 0..<second, using: &walk)
            }
            pool.service.state.changed()
            for _ in 0..<4 {
                let avoided = Bool.random(using: &walk) ? pool.endpoints.randomElement(using: &walk) : nil
                let affinity = Affinity(key: walk.next(), place: Int.random(in: -1..<6, using: &walk))
                let picked = pool.pick(&random, for: affinity, avoiding: avoided, now: now)
                let allowed = allowed(pool, now)
                let message: Comment = "seed \(walk.seed), step \(step)"
                #expect(picked == nil ? allowed.isEmpty : allowed.contains { $0 === picked }, message)
                if allowed.count > 1, let picked { #expect(picked !== avoided, message) }
                now += Int64.random(in: 0..<second / 10, using: &walk)
            }
        }
    }

    /// The rules again, said as sets.
    private func allowed(_ pool: ServicePool, _ now: Int64) -> [EndpointPool] {
        func isOut(_ endpoint: EndpointPool) -> Bool { endpoint.state.ejectedUntil.load(ordering: .relaxed) > now }
        let groups = [0, 1].map { priority in
            pool.endpoints.filter {
                $0.endpoint.configuration.priority == priority
                    && $0.state.administrative.load(ordering: .relaxed) == .enabled
                    && $0.state.checkedHealth.load(ordering: .relaxed) != .unhealthy
            }
        }
        for group in groups {
            let standing = group.filter { !isOut($0) }
            if !standing.isEmpty && standing.count * 2 >= group.count { return standing }
        }
        return groups.first { !$0.isEmpty } ?? []
    }
}
