/// One name and the addresses it has now: asked for again when its time to live ends, kept when the servers fail.
///
/// A gateway that forgets its endpoints because DNS is down for a minute turns one outage into two. So a failed look-up
/// changes nothing but the time of the next one: after 1 s, 2 s, 4 s … 30 s. A successful one counts from its own time to
/// live, less up to a tenth at random, so that a thousand names learned at once do not stay in step.
package final class CachedName: TimerNode {
    package let host: String
    package let port: UInt16
    /// The last good answer; empty until there was one.
    package private(set) var addresses: [SocketAddress] = []
    /// What the last look-up failed with; nil when it did not.
    package private(set) var lastError: ResolutionError?
    /// Told when the set of addresses has changed, not when only their order has.
    package var onChange: (CachedName) -> Void = { _ in }
    /// Told after every failed look-up.
    package var onFailure: (CachedName, ResolutionError) -> Void = { _, _ in }

    private let resolver: NameResolver
    private let loop: EventLoop
    private let random: () -> UInt64
    private var failures = 0
    private var isAsking = false
    private var isStopped = true

    package init(
        host: String, port: UInt16, resolver: NameResolver, loop: EventLoop,
        random: @escaping () -> UInt64 = { UInt64.random(in: 0 ... .max) }
    ) {
        self.host = host
        self.port = port
        self.resolver = resolver
        self.loop = loop
        self.random = random
    }

    /// Looks the name up and keeps it up to date until `stop()`.
    package func start() {
        guard isStopped else { return }
        isStopped = false
        ask()
    }

    /// Before it is let go.
    package func stop() {
        isStopped = true
        loop.timers.disarm(self)
    }

    package override func timerDidFire() {
        ask()
    }

    private func ask() {
        if isAsking || isStopped { return }
        isAsking = true
        resolver.resolve(host, port: port) { [weak self] result in self?.take(result) }
    }

    private func take(_ result: Result<Resolution, ResolutionError>) {
        isAsking = false
        if isStopped { return }
        switch result {
        case .success(let resolution):
            failures = 0
            lastError = nil
            scheduleNext(after: RefreshSchedule.refresh(timeToLive: resolution.timeToLive, random: random()))
            if Set(resolution.addresses) == Set(addresses) { return }
            addresses = resolution.addresses
            onChange(self)
        case .failure(let error):
            failures += 1
            lastError = error
            scheduleNext(after: RefreshSchedule.retry(failures: failures))
            onFailure(self, error)
        }
    }

    private func scheduleNext(after nanoseconds: Int64) {
        loop.timers.arm(self, at: loop.now + nanoseconds)
    }
}

/// When a name is asked for again, in nanoseconds.
enum RefreshSchedule {
    private static let second: Int64 = 1_000_000_000

    /// The time to live, less 0…10 %.
    static func refresh(timeToLive: Int, random: UInt64) -> Int64 {
        let whole = Int64(timeToLive) * second
        return whole - Int64(random % UInt64(whole / 10 + 1))
    }

    /// 1, 2, 4, 8, 16, 30, 30 … seconds.
    static func retry(failures: Int) -> Int64 {
        min(30, 1 << min(max(failures - 1, 0), 5)) * second
    }
}
