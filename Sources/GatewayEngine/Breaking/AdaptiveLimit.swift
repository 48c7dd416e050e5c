internal import Synchronization

/// How many requests a service does best with, found by how long its answers take.
///
/// A service that is asked for more than it can do does not do more, it answers later. So the limit grows while answers
/// take about as long as they do at the best, and shrinks as soon as they take longer, which keeps the queue in front of
/// the service, where it can be refused at once, instead of inside of it, where it makes everyone wait. This is the
/// gradient of Netflix's and Envoy's limiters:
///
///     gradient = best / now, tolerating half as much again, between 1/2 and 1
///     limit    = limit × gradient + √limit
///
/// The root is the room for a queue, and what lets the limit grow when the gradient is 1.
struct Gradient {
    /// Low, since a service's best is seen only when it is not asked for too much; what is needed comes in a second.
    static let start = 20.0
    static let floor = 4.0
    /// Answers may take this much longer than the best before the limit shrinks.
    static let tolerance = 1.5
    /// How long a best counts: a service that has become slower for good is measured anew in twice this time.
    static let memory: Int64 = 30_000_000_000

    private(set) var limit = start
    private var best = Double.infinity
    private var earlierBest = Double.infinity
    private var renewed: Int64?
    private var windowsToMeasure = 0

    /// What requests are held to. While the best is measured anew it is a quarter: at the full limit the queue would be
    /// measured with it, and the best would creep up.
    var effectiveLimit: Int { Int(windowsToMeasure > 0 ? max(Self.floor, limit / 4) : limit) }

    /// - Parameters:
    ///   - mean: nanoseconds that answers took in the last window.
    ///   - peak: the most requests that were under way in it.
    ///   - ceiling: beyond which the limit does not grow.
    mutating func windowEnded(mean: Double, peak: Int, ceiling: Int, now: Int64) {
        let mean = max(mean, 1)
        if renewed.map({ now - $0 >= Self.memory }) ?? true {
            renewed = now
            earlierBest = best
            best = .infinity
            // Where the limit is not in force there is no queue, and nobody has to be refused for measuring.
            if Double(peak) >= limit * 0.9 { windowsToMeasure = 2 }
        } else if windowsToMeasure > 0 {
            windowsToMeasure -= 1
        }
        best = min(best, mean)
        let gradient = max(0.5, min(1, Self.tolerance * min(best, earlierBest) / mean))
        let next = limit * gradient + limit.squareRoot()
        // A limit that nobody reaches has not been tried: it says nothing about more.
        if next > limit && Double(peak) * 2 < limit { return }
        limit = min(max(next, Self.floor), max(Self.floor, Double(ceiling)))
    }
}

/// The gradient shared by all workers: samples are added up by atomics, and one worker takes the window's end.
final class AdaptiveLimit: Sendable {
    static let window: Int64 = 100_000_000
    static let minimumSamples = 20

    /// Read by every admission.
    private let published = Atomic<Int>(Int(Gradient.start))
    private let windowEnd = Atomic<Int64>(0)
    private let count = Atomic<Int>(0)
    private let sum = Atomic<Int64>(0)
    private let peak = Atomic<Int>(0)
    private let gradient = Mutex(Gradient())

    var limit: Int { published.load(ordering: .relaxed) }

    /// A try has come out. Failures are left out: a refused connection is quick and says nothing good.
    func note(_ outcome: TryOutcome, inFlight: Int, ceiling: Int, now: Int64) {
        switch outcome.kind {
        case .response where outcome.status < 500: break
        // What was given up took at least so long.
        case .timeout, .abandoned: break
        case .response, .connectFailure, .broken: return
        }
        sum.add(max(0, outcome.latency), ordering: .relaxed)
        if inFlight > peak.load(ordering: .relaxed) { peak.store(inFlight, ordering: .relaxed) }
        let samples = count.add(1, ordering: .relaxed).newValue
        guard samples >= Self.minimumSamples, now >= windowEnd.load(ordering: .relaxed) else { return }
        endWindow(ceiling: ceiling, now: now)
    }

    private func endWindow(ceiling: Int, now: Int64) {
        // Whoever comes second finds the lock taken and goes on.
        _ = gradient.withLockIfAvailable { gradient in
            guard now >= windowEnd.load(ordering: .relaxed) else { return }
            windowEnd.store(now + Self.window, ordering: .relaxed)
            let samples = count.exchange(0, ordering: .relaxed)
            let total = sum.exchange(0, ordering: .relaxed)
            let highest = peak.exchange(0, ordering: .relaxed)
            guard samples > 0 else { return }
            gradient.windowEnded(
                mean: Double(total) / Double(samples), peak: highest, ceiling: ceiling, now: now)
            published.store(gradient.effectiveLimit, ordering: .relaxed)
        }
    }
}
