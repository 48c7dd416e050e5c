/// What one side of a split has done: responses and failures of its service, and how long it took. Sums over all workers,
/// only ever growing; two of them subtracted are what happened between.
package struct SideFigures: Sendable, Hashable {
    /// Responses, and tries that ended without one. What a client gave up is not among them.
    package var answers: UInt64 = 0
    /// Of these, statuses from 500 on and tries without a response.
    package var errors: UInt64 = 0
    /// Responses below 500 by the time to their head (`LatencyScale`); empty where nobody judges.
    var latencies: [UInt64] = []

    package init() {}

    init(answers: UInt64, errors: UInt64, latencies: [UInt64] = []) {
        self.answers = answers
        self.errors = errors
        self.latencies = latencies
    }

    static func - (later: SideFigures, earlier: SideFigures) -> SideFigures {
        var difference = later
        difference.answers &-= earlier.answers
        difference.errors &-= earlier.errors
        for index in difference.latencies.indices where index < earlier.latencies.count {
            difference.latencies[index] &-= earlier.latencies[index]
        }
        return difference
    }

    var errorShare: Proportion { Proportion(hits: Double(errors), trials: Double(answers)) }

    var timed: UInt64 { latencies.reduce(0, &+) }

    /// How many responses took longer than the upper end of a bucket.
    func slower(than bucket: Int) -> Proportion {
        guard bucket + 1 < latencies.count else { return Proportion(hits: 0, trials: Double(timed)) }
        return Proportion(hits: Double(latencies[(bucket + 1)...].reduce(0, &+)), trials: Double(timed))
    }

    /// The first bucket at whose upper end at least this share of the responses is done; nil without any.
    func quantile(_ share: Double) -> Int? {
        let wanted = Double(timed) * share
        var sum: UInt64 = 0
        for (index, count) in latencies.enumerated() where count > 0 {
            sum &+= count
            if Double(sum) >= wanted { return index }
        }
        return nil
    }
}
