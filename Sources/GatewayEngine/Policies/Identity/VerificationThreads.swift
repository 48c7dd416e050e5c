internal import Reactor
internal import Synchronization

/// Threads that check the signatures of new tokens, so that one takes no time from the requests of others on its loop: a
/// signature costs from 30 to 100 µs, a known token less than one.
///
/// Passwords have threads of their own: each takes tens of milliseconds, and must not hold up signatures.
///
/// Shared secrets are not for these: an HMAC is cheaper than the way here and back. When too many wait already, the loop
/// that asks does the work itself; then it takes on less, which is what has to happen.
///
/// They are loops without connections, made when the first signature comes.
final class VerificationThreads: Sendable {
    private let loops = Mutex<[EventLoop]>([])
    private let waiting = Atomic<Int>(0)
    private let turn = Atomic<Int>(0)
    private let count: Int
    /// Pieces of work that may wait or be under way.
    let longestQueue: Int

    init(count: Int, longestQueue: Int = 256) {
        self.count = max(count, 1)
        self.longestQueue = longestQueue
    }

    deinit {
        for loop in loops.withLock({ $0 }) { loop.execute { loop.stop() } }
    }

    /// False: nothing was done, and the caller has to do it.
    func run(_ body: @escaping @Sendable () -> Void) -> Bool {
        guard waiting.add(1, ordering: .relaxed).oldValue < longestQueue, let loop = next() else {
            waiting.subtract(1, ordering: .relaxed)
            return false
        }
        loop.execute { [self] in
            body()
            waiting.subtract(1, ordering: .relaxed)
        }
        return true
    }

    private func next() -> EventLoop? {
        loops.withLock { loops in
            if loops.isEmpty { loops = start() }
            if loops.isEmpty { return nil }
            return loops[turn.wrappingAdd(1, ordering: .relaxed).oldValue % loops.count]
        }
    }

    private func start() -> [EventLoop] {
        (0..<count).compactMap { index in
            let loop = EventLoop(index: index)
            return PlainThread.start({ loop.run() }) ? loop : nil
        }
    }
}
