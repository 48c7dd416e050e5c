/// Something that can have one deadline: connections, exchanges and pools inherit from this, so that a timer costs no
/// allocation of its own and an idle connection carries 32 bytes for it.
///
/// `open` because Swift lets no other module inherit from a `package` class.
///
/// A node is linked into a wheel by plain pointers, not references: whoever arms a node disarms it before letting go,
/// and `deinit` checks that.
@safe open class TimerNode {
    /// Nanoseconds of the monotonic clock; `Int64.max` when nothing is due.
    package fileprivate(set) final var deadline: Int64 = .max
    /// The slot the node is linked in, or -1.
    fileprivate final var slot: Int32 = -1
    /// The tick at which the wheel will look at the node; never later than the deadline's tick.
    fileprivate final var visit: Int64 = 0
    /// Collected as due and not fired yet. Whoever fires before it in the same turn may still change its mind.
    fileprivate final var isDue = false
    fileprivate final var next: Unmanaged<TimerNode>?
    fileprivate final var previous: Unmanaged<TimerNode>?

    public init() {}

    deinit {
        precondition(slot < 0, "a timer node was released while armed")
    }

    /// The deadline has passed. The node is disarmed; it may arm itself again.
    open func timerDidFire() {}

    package final var isArmed: Bool { deadline != .max }

    /// Fires a node that `collectDue` handed out, unless somebody has armed, paused or disarmed it since.
    final func fireIfStillDue() {
        guard isDue else { return }
        isDue = false
        timerDidFire()
    }
}

/// A hashed wheel with coarse ticks: arming, moving and disarming are O(1) and touch one node.
///
/// The common case on the path of a request is that a deadline moves later (every request moves its connection's idle
/// deadline). That is one store: the node stays where it is, and when the wheel comes by it is put where it belongs.
/// Precision is one tick (8 ms), late, never early.
@safe package struct TimerWheel: ~Copyable {
    package static let tick: Int64 = 8_000_000
    private static let slotCount = 1_024

    private var slots: [Unmanaged<TimerNode>?]
    private var currentTick: Int64
    /// No node has to be visited before this tick; it may be too early, never too late.
    private var earliest: Int64 = .max
    /// Nodes linked in any slot.
    package private(set) var linkedCount = 0

    package init(now: Int64) {
        unsafe slots = Array(repeating: nil, count: Self.slotCount)
        currentTick = now / Self.tick
    }

    /// Sets the node's deadline. Nothing else happens when the wheel will look at the node early enough anyway.
    /// `Int64.max` is no deadline at all, as `pause`.
    package mutating func arm(_ node: TimerNode, at deadline: Int64) {
        node.isDue = false
        node.deadline = deadline
        if deadline == .max { return }
        let due = Self.tickAfter(deadline)
        if node.slot >= 0 {
            if node.visit <= due { return }
            unlink(node)
        }
        link(node, at: max(due, currentTick + 1))
    }

    /// Forgets the deadline, leaving the node linked: for a node that will be armed again soon.
    package mutating func pause(_ node: TimerNode) {
        node.isDue = false
        node.deadline = .max
    }

    /// Forgets the deadline and unlinks the node: before it is let go.
    package mutating func disarm(_ node: TimerNode) {
        node.isDue = false
        node.deadline = .max
        if node.slot >= 0 { unlink(node) }
    }

    /// Milliseconds until the wheel has to be looked at again; nil when it is empty.
    package func timeout(now: Int64) -> Int64? {
        if earliest == .max { return nil }
        // The last ticks of the clock's range would not fit; the longest wait there is says the same.
        let (due, isBeyond) = earliest.multipliedReportingOverflow(by: Self.tick)
        if isBeyond { return .max }
        return due <= now ? 0 : (due - now - 1) / 1_000_000 + 1
    }

    /// The next tick whose slot holds a node, perhaps one of a later turn; looked for only when the last one passed.
    private func nextOccupiedTick() -> Int64 {
        if linkedCount == 0 { return .max }
        var ahead: Int64 = 1
        while ahead < Int64(Self.slotCount) {
            if unsafe slots[Int((currentTick + ahead) & Int64(Self.slotCount - 1))] != nil { break }
            ahead += 1
        }
        return currentTick + ahead
    }

    /// Disarms what is due at `now` and appends it to `due`; the caller fires it with `fireIfStillDue`, when the wheel
    /// may be used again.
    package mutating func collectDue(now: Int64, into due: inout [TimerNode]) {
        let target = now / Self.tick
        if target <= currentTick { return }
        // After a long pause one turn of the wheel sees every slot.
        let first = max(currentTick + 1, target - Int64(Self.slotCount) + 1)
        currentTick = target
        if linkedCount == 0 {
            // Everything was disarmed: nothing to wake up for, or the loop would spin on a tick in the past.
            earliest = .max
            return
        }
        var tick = first
        while tick <= target {
            let index = Int(tick & Int64(Self.slotCount - 1))
            var cursor = unsafe slots[index]
            while let entry = unsafe cursor {
                let node = unsafe entry.takeUnretainedValue()
                unsafe cursor = node.next
                if node.visit > target { continue }
                unlink(node)
                if node.deadline == .max { continue }
                let dueTick = Self.tickAfter(node.deadline)
                if dueTick <= target {
                    node.deadline = .max
                    node.isDue = true
                    due.append(node)
                } else {
                    link(node, at: dueTick)
                }
            }
            tick += 1
        }
        if earliest <= target { earliest = nextOccupiedTick() }
    }

    /// The first tick at which the whole deadline has passed.
    private static func tickAfter(_ deadline: Int64) -> Int64 {
        deadline / tick + 1
    }

    private mutating func link(_ node: TimerNode, at tick: Int64) {
        let index = Int(tick & Int64(Self.slotCount - 1))
        let entry = unsafe Unmanaged.passUnretained(node)
        if tick < earliest { earliest = tick }
        node.visit = tick
        node.slot = Int32(truncatingIfNeeded: index)
        unsafe node.previous = nil
        unsafe node.next = slots[index]
        if let head = unsafe slots[index] { unsafe head.takeUnretainedValue().previous = entry }
        unsafe slots[index] = entry
        linkedCount += 1
    }

    private mutating func unlink(_ node: TimerNode) {
        if let previous = unsafe node.previous {
            unsafe previous.takeUnretainedValue().next = node.next
        } else {
            unsafe slots[Int(node.slot)] = node.next
        }
        if let next = unsafe node.next { unsafe next.takeUnretainedValue().previous = node.previous }
        unsafe node.next = nil
        unsafe node.previous = nil
        node.slot = -1
        linkedCount -= 1
    }
}
