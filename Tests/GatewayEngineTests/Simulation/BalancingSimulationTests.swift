import GatehouseTesting
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

@Suite struct BalancingSimulationTests {
    private func run(_ policy: LoadBalancingConfiguration.Policy, _ work: [Int64], seed: UInt64)
        -> BalancingSimulation.Result
    {
        BalancingSimulation(work: work, requestsPerSecond: 1_200, policy: policy).run(requests: 30_000, seed: seed)
    }

    /// One of six is ten times slower. Round robin keeps sending it a sixth, and the slowest of a hundred requests are
    /// all its; the other two notice.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func aSlowEndpointGetsLess(seed: UInt64) {
        let work = [10 * millisecond] + Array(repeating: millisecond, count: 5)
        let turns = run(.roundRobin, work, seed: seed)
        let least = run(.leastRequest, work, seed: seed)
        let ewma = run(.peakEWMA, work, seed: seed)
        let message: Comment = "seed \(seed): \(turns), \(least), \(ewma)"
        #expect(abs(turns.shares[0] - 1.0 / 6) < 0.001, message)
        #expect(least.shares[0] < 0.12, message)
        #expect(ewma.shares[0] < 0.05, message)
        #expect(least.p99 < turns.p99 && ewma.p99 < least.p99, message)
        // And it is asked still: else nobody would see it recover.
        #expect(ewma.shares[0] > 0.0005, message)
    }

    /// Six equal ones: nobody is starved by being clever.
    @Test(arguments: LoadBalancingConfiguration.Policy.allCases) func equalEndpointsGetEqualShares(
        policy: LoadBalancingConfiguration.Policy
    ) {
        var seeds = SeededRandom()
        let result = run(policy, Array(repeating: millisecond, count: 6), seed: seeds.next())
        let bound = policy == .peakEWMA ? 0.1 : 0.02
        #expect(result.shares.allSatisfy { abs($0 - 1.0 / 6) < bound }, "seed \(seeds.seed): \(result)")
    }
}
