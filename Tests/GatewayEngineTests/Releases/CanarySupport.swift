import GatehouseTesting
import GatewayConfiguration

@testable import GatewayEngine

/// Rules with the defaults but for what a test is about.
func rules(_ change: (inout CanaryConfiguration) -> Void = { _ in }) -> CanaryRules {
    var configuration = CanaryConfiguration(candidate: "new")
    change(&configuration)
    return CanaryRules(configuration)
}

/// Figures of both sides that a test writes by hand.
struct Ledger {
    private(set) var pair = CanaryJudge.Pair(candidate: Ledger.empty, baseline: Ledger.empty)

    private static var empty: SideFigures {
        SideFigures(answers: 0, errors: 0, latencies: [UInt64](repeating: 0, count: LatencyScale.count))
    }

    /// So many answers of the candidate, of them errors, the others with this latency in milliseconds (as it is counted).
    mutating func candidate(_ answers: UInt64, errors: UInt64 = 0, milliseconds: Int64 = 10) {
        Self.add(answers, errors, milliseconds, to: &pair.candidate)
    }

    mutating func baseline(_ answers: UInt64, errors: UInt64 = 0, milliseconds: Int64 = 10) {
        Self.add(answers, errors, milliseconds, to: &pair.baseline)
    }

    private static func add(_ answers: UInt64, _ errors: UInt64, _ milliseconds: Int64, to side: inout SideFigures) {
        side.answers += answers
        side.errors += errors
        side.latencies[LatencyScale.bucket(of: milliseconds * 1_000_000)] += answers - errors
    }
}

/// A service that answers at random: how often with an error, and how long it takes.
struct SimulatedService {
    /// Out of 2^20.
    var errors: UInt64
    /// Buckets at 1,024 evenly spaced quantiles.
    var buckets: [Int]

    /// - Parameters:
    ///   - spread: the standard deviation of the latency's logarithm.
    ///   - tail: what the slowest tenth takes longer by.
    ///   - permille: what is taken off a candidate's latencies; nil for the baseline.
    init(errors: Double, median: Double = 20e6, spread: Double = 0.5, tail: Double = 1, permille: Int64? = nil) {
        self.errors = UInt64(errors * 0x1p20)
        buckets = (0..<1_024).map { index in
            let place = (Double(index) + 0.5) / 1_024
            // The logistic distribution is near the normal one and has a closed form.
            let deviation = Self.logarithm(place / (1 - place)) * 0.551
            let time = Int64(median * Self.exponential(spread * deviation) * (place > 0.9 ? tail : 1))
            return LatencyScale.bucket(of: permille.map { LatencyScale.adjusted(time, permille: $0) } ?? time)
        }
    }

    func answer(_ random: UInt64, to side: inout SideFigures) {
        side.answers += 1
        if (random >> 20) & 0xF_FFFF < errors {
            side.errors += 1
        } else {
            side.latencies[buckets[Int(random >> 50) & 1_023]] += 1
        }
    }

    // By series, so that tests need no C library: the arguments are small.
    private static func exponential(_ x: Double) -> Double {
        let half = x / 16
        var term = 1.0
        var sum = 1.0
        for n in 1..<18 {
            term *= half / Double(n)
            sum += term
        }
        return (0..<4).reduce(sum) { power, _ in power * power }
    }

    private static func logarithm(_ x: Double) -> Double {
        var guess = 0.0
        for _ in 0..<60 { guess += 2 * (x - exponential(guess)) / (x + exponential(guess)) }
        return guess
    }
}

/// One release from its first step to its end, request by request.
struct SimulatedRelease {
    enum End: Hashable {
        case promoted
        case rolledBack(CanaryReason)
        /// Still waiting when the time was over.
        case open
    }

    var rules: CanaryRules
    var baseline: SimulatedService
    var candidate: SimulatedService
    var requestsPerSecond = 100
    /// Seconds between two looks.
    var tick = 5
    /// Seconds after which the simulation ends.
    var limit = 3_600

    func run(seed: UInt64) -> End {
        var random = SeededRandom(seed: seed &* 0x9E37_79B9 &+ 1)
        var machine = CanaryMachine(rules: rules)
        var figures = Ledger().pair
        var seconds = 0
        _ = try? machine.start(0, figures, by: .configuration)
        while seconds < limit {
            let share = UInt64(machine.share ?? 0)
            for _ in 0..<requestsPerSecond * tick {
                let word = random.next()
                if (word & 0xFFFFF) * 10_000 < share << 20 {
                    candidate.answer(word, to: &figures.candidate)
                } else {
                    baseline.answer(word, to: &figures.baseline)
                }
            }
            seconds += tick
            _ = machine.tick(Int64(seconds) * 1_000_000_000, figures)
            switch machine.state {
            case .promoted: return .promoted
            case .rolledBack(let reason): return .rolledBack(reason)
            case .idle, .running, .paused: break
            }
        }
        return .open
    }

    /// How many of the seeds ended how.
    func run(seeds: Int) -> [End: Int] {
        var ends: [End: Int] = [:]
        for seed in 0..<seeds { ends[run(seed: UInt64(seed)), default: 0] += 1 }
        return ends
    }
}
