import Foundation
import GatehouseTesting
import Synchronization

@testable import GatewayConfiguration
@testable import GatewayEngine

/// Requests, endpoints and two workers, without sockets and without waiting: time is a number that jumps from one event
/// to the next, so a minute of traffic takes a moment, and a seed gives the same minute again.
///
/// Requests come at random (Poisson) to either worker. An endpoint works on four at a time and lets the others queue; how
/// long it works on one is random too (exponential). What a worker knows is what the gateway's would: the shared counts
/// and latencies, and its own turn of round robin.
struct BalancingSimulation {
    struct Result {
        /// Of all requests, by endpoint.
        var shares: [Double]
        /// Nanoseconds that ninety-nine of a hundred requests took at most.
        var p99: Int64
    }

    /// Mean time of work, by endpoint (nanoseconds).
    let work: [Int64]
    let requestsPerSecond: Double
    let policy: LoadBalancingConfiguration.Policy

    private static let slots = 4

    func run(requests: Int, seed: UInt64) -> Result {
        var chance = SeededRandom(seed: seed)
        let endpoints = work.indices.map { endpoint($0) }
        let eligible = eligible(endpoints)
        var sources = [IdentifierSeed(chance.next()), IdentifierSeed(chance.next())]
        var turns = [RoundRobin(places: work.count), RoundRobin(places: work.count)]
        var free = work.map { _ in [Int64](repeating: 0, count: Self.slots) }
        // Ends of requests under way, the next one last.
        var ends: [(time: Int64, endpoint: Int, start: Int64)] = []
        var counts = [Int](repeating: 0, count: work.count)
        var latencies: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<requests {
            now += exponential(1e9 / requestsPerSecond, &chance)
            while let end = ends.last, end.time <= now {
                ends.removeLast()
                let state = endpoints[end.endpoint].state
                state.inFlight.subtract(1, ordering: .relaxed)
                TryOutcome(kind: .response, status: 200, latency: end.time - end.start).teach(
                    state.latency, now: end.time)
                latencies.append(end.time - end.start)
            }
            let worker = Int.random(in: 0..<2, using: &chance)
            let picked = pick(eligible, &sources[worker], &turns[worker], now)
            counts[picked] += 1
            endpoints[picked].state.inFlight.add(1, ordering: .relaxed)
            let slot = free[picked].indices.min { free[picked][$0] < free[picked][$1] } ?? 0
            let end = max(now, free[picked][slot]) + exponential(Double(work[picked]), &chance)
            free[picked][slot] = end
            ends.insert((end, picked, now), at: ends.firstIndex { $0.time < end } ?? ends.count)
        }
        latencies.sort()
        return Result(
            shares: counts.map { Double($0) / Double(requests) }, p99: latencies[latencies.count * 99 / 100])
    }

    private func pick(
        _ eligible: EligibleEndpoints, _ source: inout IdentifierSeed, _ turns: inout RoundRobin, _ now: Int64
    ) -> Int {
        var random = source.next()
        switch policy {
        case .roundRobin: return turns.pick(eligible, &random, avoiding: -1)
        case .leastRequest: return LeastRequest.pick(eligible, &random, avoiding: -1)
        case .peakEWMA: return PeakEWMA.pick(eligible, &random, avoiding: -1, now: now)
        case .random, .consistentHash: return RandomByWeight.pick(eligible, &random, avoiding: -1)
        }
    }

    private func exponential(_ mean: Double, _ chance: inout SeededRandom) -> Int64 {
        Int64(-log(Double.random(in: Double.leastNonzeroMagnitude..<1, using: &chance)) * mean)
    }
}

/// A worker's source of randomness, which cannot be kept in an array itself: a new one for each choice, in one order.
private struct IdentifierSeed {
    private var seeds: SeededRandom

    init(_ seed: UInt64) { seeds = SeededRandom(seed: seed) }

    mutating func next() -> IdentifierSource { IdentifierSource(seed: (seeds.next(), seeds.next(), 3, 4)) }
}
