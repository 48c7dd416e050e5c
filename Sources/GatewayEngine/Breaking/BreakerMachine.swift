/// A breaker's states and what moves it between them: a value, with the clock and the random numbers given to it.
///
/// Closed, everything passes and is counted. Too many failures open it: then nothing passes for a while, since a service
/// that is down needs rest and its clients an answer. After that one request is let through, alone. When it succeeds,
/// the share that passes grows over some seconds, because a service that has just come back cannot take the whole load
/// at once; when it fails, the rest begins again.
struct BreakerMachine {
    /// What logs and metrics tell.
    enum Phase: UInt8, CaseIterable {
        case closed
        case open
        case halfOpen
        case ramping
    }

    enum State: Equatable {
        /// Can transition to: open.
        case closed
        /// Nothing passes. Can transition to: halfOpen.
        case open(until: Int64)
        /// This probe is under way, alone. Can transition to: open, ramping, closed.
        case halfOpen(probe: UInt32)
        /// A growing share passes. Can transition to: open, closed.
        case ramping(since: Int64)

        var phase: Phase {
            switch self {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            case .ramping: .ramping
            }
        }
    }

    enum Admission: Equatable {
        case admitted
        /// It alone decides how the breaker goes on; whoever gets it reports its end by `probeEnded` or `probeLeft`.
        case probe(UInt32)
        /// - Parameter wait: nanoseconds until somebody may pass; 0: not known.
        case refused(wait: Int64)
    }

    private(set) var state = State.closed
    private var lastProbe: UInt32 = 0

    /// The smallest share that passes in a ramp: one of twenty.
    static let firstShare: Int64 = 500

    mutating func admit(_ rule: BreakerRule, now: Int64, random: UInt64) -> Admission {
        switch state {
        case .closed:
            return .admitted
        case .open(let until):
            if now < until { return .refused(wait: until - now) }
            lastProbe = lastProbe == .max ? 1 : lastProbe + 1
            state = .halfOpen(probe: lastProbe)
            return .probe(lastProbe)
        case .halfOpen:
            return .refused(wait: 0)
        case .ramping(let since):
            if now - since >= rule.ramp {
                state = .closed
                return .admitted
            }
            return Self.passes(rule, elapsed: now - since, random: random) ? .admitted : .refused(wait: 0)
        }
    }

    /// Whether one request passes at this point of the ramp. Drawn by chance and not counted, so that all workers may
    /// ask without sharing anything.
    static func passes(_ rule: BreakerRule, elapsed: Int64, random: UInt64) -> Bool {
        // A ramp is a year at most; in microseconds it is far below what can be multiplied by ten thousand.
        let share = max(firstShare, elapsed / 1_000 * 10_000 / max(1, rule.ramp / 1_000))
        return Int64(random % 10_000) < share
    }

    /// The counts have passed what the rule allows.
    mutating func trip(_ rule: BreakerRule, now: Int64) {
        switch state {
        case .closed, .ramping: state = .open(until: now + rule.openFor)
        case .open, .halfOpen: break
        }
    }

    /// A try that began after the breaker half-opened has come out.
    mutating func probeEnded(succeeded: Bool, _ rule: BreakerRule, now: Int64) {
        switch state {
        case .halfOpen:
            state =
                succeeded
                ? rule.ramp > 0 ? .ramping(since: now) : .closed
                : .open(until: now + rule.openFor)
        case .closed, .open, .ramping: break
        }
    }

    /// The request that was the probe is over. When nothing was learned from it (its client left, or it never reached
    /// an endpoint), the next request is the probe.
    mutating func probeLeft(_ probe: UInt32, now: Int64) {
        if case .halfOpen(probe) = state { state = .open(until: now) }
    }
}

extension BreakerMachine.Phase {
    var label: StaticString {
        switch self {
        case .closed: "closed"
        case .open: "open"
        case .halfOpen: "half_open"
        case .ramping: "ramping"
        }
    }
}
