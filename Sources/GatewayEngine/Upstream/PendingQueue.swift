internal import Reactor

/// The requests that wait for one endpoint, in their order, each until its time is over.
///
/// One timer serves them all: they wait equally long, so the first is always the next to give up.
final class PendingQueue: TimerNode {
    private struct Entry {
        let request: UpstreamRequest
        let deadline: Int64
    }

    private var entries: [Entry] = []
    /// Whose queue it is; set once, when the pool is made.
    unowned var pool: EndpointPool?
    private let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    func append(_ request: UpstreamRequest, deadline: Int64) {
        entries.append(Entry(request: request, deadline: deadline))
        look()
    }

    func popFirst() -> UpstreamRequest? {
        guard !entries.isEmpty else { return nil }
        let entry = entries.removeFirst()
        look()
        return entry.request
    }

    /// False when the request does not wait here.
    func remove(_ request: UpstreamRequest) -> Bool {
        guard let index = entries.firstIndex(where: { $0.request === request }) else { return false }
        entries.remove(at: index)
        look()
        return true
    }

    /// The first whose time is over.
    func popExpired(now: Int64) -> UpstreamRequest? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        return popFirst()
    }

    /// Sets the timer to the first deadline, or sooner where only looking again can tell that a connection may be made.
    func look(within time: Int64 = Deadline.never) {
        guard let first = entries.first else { return loop.timers.disarm(self) }
        arm(at: min(first.deadline, loop.now + time))
    }

    /// Sets it to then, whoever's time is over meanwhile.
    func look(after time: Int64) { arm(at: loop.now + time) }

    private func arm(at due: Int64) {
        if due < Deadline.never { loop.timers.arm(self, at: due) } else { loop.timers.pause(self) }
    }

    override func timerDidFire() { pool?.lookAtQueue() }
}
