internal import GatewayConfiguration
internal import Reactor

/// Whether anybody is still there at the other end of a connection of HTTP/2: says when to ask, and when nobody has answered.
/// The time is its driver's.
///
/// 1. Any byte that comes is a sign of life.
/// 2. A request that begins after a long silence asks along: what was there minutes ago may be gone without a word.
/// 3. While requests are under way a long silence asks by itself. A connection at rest is not asked: nobody waits for it.
/// 4. A question without an answer in time, and the connection is of no use.
struct PingMachine: Sendable {
    /// In nanoseconds; `Deadline.never`: not for this.
    struct Rules: Sendable, Hashable {
        /// The silence after which a request asks.
        var idle: Int64
        /// The silence that asks by itself.
        var interval: Int64
        /// For the answer.
        var timeout: Int64
    }

    private enum State: Sendable {
        /// Can transition to: asked.
        case quiet(since: Int64)
        /// Can transition to: quiet.
        case asked(at: Int64)
    }

    enum Action: Sendable, Hashable {
        /// Send a PING.
        case ask
        /// Nobody is there.
        case end
        case none
    }

    private let rules: Rules
    private var heardAt: Int64
    private var state: State

    init(_ rules: Rules, at now: Int64) {
        self.rules = rules
        heardAt = now
        state = .quiet(since: now)
    }

    // MARK: Events

    /// Bytes came.
    mutating func heard(at now: Int64) {
        heardAt = now
        state = .quiet(since: now)
    }

    /// - Parameter isFirst: nothing else is under way.
    mutating func requestBegins(isFirst: Bool, at now: Int64) -> Action {
        switch state {
        case .asked: return .none
        case .quiet:
            if now &- heardAt > rules.idle {
                state = .asked(at: now)
                return .ask
            }
            // The rest before it is no silence of anybody who was asked something.
            if isFirst { state = .quiet(since: now) }
            return .none
        }
    }

    /// Some time has passed, perhaps up to `due`.
    mutating func timeHasPassed(isBusy: Bool, at now: Int64) -> Action {
        let due = due(isBusy: isBusy)
        guard due < Deadline.never, now >= due else { return .none }
        switch state {
        case .asked: return .end
        case .quiet:
            state = .asked(at: now)
            return .ask
        }
    }

    // MARK: Time

    /// When to call `timeHasPassed` next.
    ///
    /// - Parameter isBusy: requests are under way.
    func due(isBusy: Bool) -> Int64 {
        switch state {
        case .asked(let moment): Self.sum(moment, rules.timeout)
        case .quiet(let since): isBusy ? Self.sum(since, rules.interval) : Deadline.never
        }
    }

    private static func sum(_ moment: Int64, _ duration: Int64) -> Int64 {
        let (sum, isTooLarge) = moment.addingReportingOverflow(duration)
        return isTooLarge ? Deadline.never : min(sum, Deadline.never)
    }
}

extension PingMachine.Rules {
    init(_ configuration: PingConfiguration) {
        idle = configuration.idle.nanosecondsOrNever
        interval = configuration.interval.nanosecondsOrNever
        timeout = configuration.timeout.nanoseconds
    }
}
