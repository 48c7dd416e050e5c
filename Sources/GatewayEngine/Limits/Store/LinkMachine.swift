internal import Reactor

/// Which server a connection to the store tries next, when, and whether requests may wait for it: everything about a
/// link that can be decided without a socket.
///
/// 1. Servers are tried in their order, the next one after each failure, and all of them once without a pause.
/// 2. A whole round in vain: the link is down, and rests for a time that grows with full jitter.
/// 3. While it is down nobody waits for it. While it is not (at the start, and after a connection that worked has
///    broken), requests wait for the round that is under way, each no longer than its own time.
///
/// A connection has proved itself by its first decision. One that breaks before counts as a try in vain, so that a server
/// which accepts and then dies is not asked in a tight circle.
struct LinkMachine {
    enum State: Equatable {
        /// Can transition to: trying, closed.
        case idle
        /// A connection is being made. Can transition to: ready, trying, resting, closed.
        case trying
        /// Decisions are asked for. Can transition to: trying, resting, closed.
        case ready(isProved: Bool)
        /// Can transition to: trying, closed.
        case resting
        /// The end.
        case closed
    }

    enum Step: Equatable {
        /// Connect to `server`.
        case connect
        case rest(nanoseconds: Int64)
        case nothing
    }

    private(set) var state = State.idle
    /// The one that is tried, or used.
    private(set) var server = 0
    private(set) var isDown = false
    private var triesInVain = 0
    private var roundsInVain = 0
    private let servers: Int

    static let backoff = Backoff(base: 100_000_000, cap: 3_000_000_000)

    init(servers: Int) { self.servers = max(servers, 1) }

    /// To be called at the start and when a rest is over.
    mutating func begin() -> Step {
        switch state {
        case .idle, .resting:
            state = .trying
            return .connect
        case .trying, .ready, .closed: return .nothing
        }
    }

    /// The server has taken who we are and knows the script.
    mutating func isReady() {
        guard state == .trying else { return }
        state = .ready(isProved: false)
        isDown = false
    }

    /// It has decided something.
    mutating func didAnswer() {
        guard case .ready = state else { return }
        state = .ready(isProved: true)
        triesInVain = 0
        roundsInVain = 0
    }

    /// - Parameter leavesWaiting: false: whoever waits has waited long enough, and nobody else should.
    mutating func failed(leavesWaiting: Bool, random: UInt64) -> Step {
        switch state {
        case .idle, .resting, .closed: return .nothing
        case .ready(isProved: true): triesInVain = 0
        case .trying, .ready: triesInVain += 1
        }
        if !leavesWaiting { isDown = true }
        server = (server + 1) % servers
        guard triesInVain >= servers else {
            state = .trying
            return .connect
        }
        isDown = true
        triesInVain = 0
        state = .resting
        let wait = Self.backoff.wait(roundsInVain, random: random)
        roundsInVain = min(roundsInVain + 1, 30)
        return .rest(nanoseconds: wait)
    }

    /// Connecting goes on, but nobody waits for it.
    mutating func giveUpHope() { isDown = true }

    mutating func close() {
        state = .closed
        isDown = true
    }
}
