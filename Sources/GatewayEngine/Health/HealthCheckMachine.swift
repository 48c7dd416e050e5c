/// What the results of one endpoint's checks add up to, and when the next check is due. It knows neither clocks nor
/// sockets: time and randomness are given.
///
/// The very first result decides at once, either way: about an endpoint of which nothing is known there is no history
/// that it could be outvoted by. From then on it takes `unhealthyAfter` failures in a row to lose a good name, and
/// `healthyAfter` successes in a row to win it back.
///
/// The time between two checks counts from the start of one to the start of the next, and is drawn a tenth around its
/// middle each time, so that many gateways, or many endpoints, do not ask in step.
struct HealthCheckMachine {
    /// Nanoseconds and counts.
    struct Plan: Sendable, Hashable {
        var interval: Int64
        /// While the endpoint is unhealthy.
        var unhealthyInterval: Int64
        /// While results differ from the state; nil: as without.
        var edgeInterval: Int64?
        var healthyAfter: Int
        var unhealthyAfter: Int
    }

    enum State: Equatable {
        /// No result yet. Can transition to: healthy, unhealthy.
        case unknown
        /// `failures`: in a row, since the last success. Can transition to: unhealthy.
        case healthy(failures: Int)
        /// `successes`: in a row, since the last failure. Can transition to: healthy.
        case unhealthy(successes: Int)
    }

    enum Verdict: Equatable {
        case unchanged
        /// `isFirst`: by the very first result.
        case becameHealthy(isFirst: Bool)
        case becameUnhealthy(isFirst: Bool)
    }

    private(set) var state = State.unknown
    private var begun: Int64 = 0

    /// Checks of many endpoints begin spread over this time at most.
    static let spread: Int64 = 1_000_000_000

    /// When the first check of all is due: soon, but not all endpoints' at once.
    static func firstCheck(_ plan: Plan, now: Int64, random: UInt64) -> Int64 {
        now + Int64(random % UInt64(max(1, min(plan.interval, spread))))
    }

    mutating func begin(now: Int64) { begun = now }

    mutating func end(isSuccess: Bool, _ plan: Plan) -> Verdict {
        switch (state, isSuccess) {
        case (.unknown, true):
            state = .healthy(failures: 0)
            return .becameHealthy(isFirst: true)
        case (.unknown, false):
            state = .unhealthy(successes: 0)
            return .becameUnhealthy(isFirst: true)
        case (.healthy, true):
            state = .healthy(failures: 0)
            return .unchanged
        case (.unhealthy, false):
            state = .unhealthy(successes: 0)
            return .unchanged
        case (.healthy(let failures), false):
            if failures + 1 >= plan.unhealthyAfter {
                state = .unhealthy(successes: 0)
                return .becameUnhealthy(isFirst: false)
            }
            state = .healthy(failures: failures + 1)
            return .unchanged
        case (.unhealthy(let successes), true):
            if successes + 1 >= plan.healthyAfter {
                state = .healthy(failures: 0)
                return .becameHealthy(isFirst: false)
            }
            state = .unhealthy(successes: successes + 1)
            return .unchanged
        }
    }

    /// When the next check is due; never before `now`.
    func nextCheck(_ plan: Plan, now: Int64, random: UInt64) -> Int64 {
        let interval = interval(plan)
        // From nine tenths to eleven tenths, both included.
        let tenth = interval / 10
        let jitter = Int64(random % UInt64(2 * tenth + 1)) - tenth
        return max(now, begun + interval + jitter)
    }

    private func interval(_ plan: Plan) -> Int64 {
        switch state {
        case .unknown, .healthy(failures: 0): plan.interval
        case .healthy: plan.edgeInterval ?? plan.interval
        case .unhealthy(successes: 0): plan.unhealthyInterval
        case .unhealthy: plan.edgeInterval ?? plan.unhealthyInterval
        }
    }
}
