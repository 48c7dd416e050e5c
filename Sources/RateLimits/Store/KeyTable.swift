/// What a table needs to know of a state to forget it.
protocol ForgettableState {
    /// Whether nothing would be lost if it were forgotten.
    func isForgettable(at now: LimitTime) -> Bool
    /// For how many nanoseconds it will still matter.
    func lifetime(at now: LimitTime) -> Int64
}

extension BucketState: ForgettableState {}
extension WindowState: ForgettableState {}

/// States by key: open addressing with linear probing, so that a key costs its slot and nothing else, and a look-up
/// touches one or two cache lines.
///
/// Memory is bounded three ways. A state that no longer matters (a bucket that is full again) is swept out: each new
/// key pays for looking at four slots, and the store's timer sweeps on when there are no new keys. A table that is
/// mostly empty shrinks. And a table that is full of states that matter gives up, of sixteen, the one that would have
/// been forgotten soonest: who floods the store with keys wins back the least that can be won.
struct KeyTable<State: ForgettableState> {
    private struct Slot {
        var digest: KeyDigest
        var state: State?
    }

    private var slots: [Slot] = []
    private(set) var count = 0
    /// States that were given up while they mattered.
    private(set) var evictions = 0
    private var hand = 0
    private let limit: Int

    private static var smallest: Int { 16 }
    /// Slots looked at for each new key: a table is swept through before it can fill.
    private static var step: Int { 4 }

    /// For at most so many keys.
    init(limit: Int) { self.limit = max(limit, 1) }

    /// Where the search for a key begins: its digest as a fraction of the table, so that a table may have any size.
    private func home(_ digest: KeyDigest) -> Int {
        Int(truncatingIfNeeded: digest.low.multipliedFullWidth(by: UInt64(slots.count)).high)
    }

    private func following(_ place: Int) -> Int { place &+ 1 == slots.count ? 0 : place &+ 1 }

    /// How far `place` lies behind `start`, around the end.
    private func distance(_ start: Int, _ place: Int) -> Int {
        place >= start ? place &- start : place &- start &+ slots.count
    }

    /// The bytes of the slots.
    var bytes: Int { slots.capacity * MemoryLayout<Slot>.stride }

    /// The sum of something over all states.
    func sum(_ value: (State) -> Int) -> Int {
        slots.reduce(0) { $0 + ($1.state.map(value) ?? 0) }
    }

    /// The place of a key, or nil. Good until the next change.
    func find(_ digest: KeyDigest) -> Int? {
        guard count > 0 else { return nil }
        var place = home(digest)
        while slots[place].state != nil {
            if slots[place].digest == digest { return place }
            place = following(place)
        }
        return nil
    }

    /// The state at a place that `find` or `insert` gave.
    subscript(place: Int) -> State {
        get {
            guard let state = slots[place].state else { preconditionFailure("an empty place of a key table was read") }
            return state
        }
        set { slots[place].state = newValue }
    }

    /// Changes the state in its place, without taking it out: a window's ring is not copied.
    mutating func update<Result>(_ place: Int, _ body: (inout State) -> Result) -> Result {
        guard slots[place].state != nil else { preconditionFailure("an empty place of a key table was changed") }
        return body(&slots[place].state!)
    }

    /// Puts in a key that is not there, and gives its place.
    mutating func insert(_ digest: KeyDigest, _ state: State, at now: LimitTime) -> Int {
        sweep(Self.step, at: now)
        if count >= limit { evict(near: digest, at: now) }
        // At most five sixths full: beyond that, runs of slots grow long. A half more each time, and not twice as much,
        // so that a table is never less than five ninths full while it grows.
        if (count + 1) * 6 > slots.count * 5 { resize(to: max(slots.count / 2 * 3, Self.smallest)) }
        return place(digest, state)
    }

    private mutating func place(_ digest: KeyDigest, _ state: State) -> Int {
        var place = home(digest)
        while slots[place].state != nil { place = following(place) }
        slots[place] = Slot(digest: digest, state: state)
        count += 1
        return place
    }

    /// Looks at so many slots and empties those that no longer matter. Gives how many it emptied.
    @discardableResult
    mutating func sweep(_ steps: Int, at now: LimitTime) -> Int {
        guard count > 0 else {
            slots = []
            return 0
        }
        var emptied = 0
        for _ in 0..<min(steps, slots.count) {
            hand = following(hand)
            // What moves up into a slot that was emptied is looked at too.
            while let state = slots[hand].state, state.isForgettable(at: now) {
                remove(hand)
                emptied += 1
            }
        }
        // Half of the slots would be enough eight times over.
        if slots.count > Self.smallest, count * 8 < slots.count { resize(to: slots.count / 2) }
        return emptied
    }

    /// Empties a slot, and moves up what probing would no longer find behind it.
    private mutating func remove(_ place: Int) {
        var gap = place
        var next = following(place)
        while slots[next].state != nil {
            // It may move if its home is not in the stretch behind the gap, up to where it stands.
            if distance(home(slots[next].digest), next) >= distance(gap, next) {
                slots[gap] = slots[next]
                gap = next
            }
            next = following(next)
        }
        slots[gap].state = nil
        count -= 1
    }

    private mutating func evict(near digest: KeyDigest, at now: LimitTime) {
        var place = home(KeyDigest(low: digest.high, high: 0))
        var victim: (place: Int, lifetime: Int64)?
        var seen = 0
        for _ in 0..<slots.count where seen < 16 {
            if let state = slots[place].state {
                let lifetime = state.lifetime(at: now)
                if lifetime < victim?.lifetime ?? .max { victim = (place, lifetime) }
                seen += 1
            }
            place = following(place)
        }
        guard let victim else { return }
        remove(victim.place)
        evictions += 1
    }

    private mutating func resize(to size: Int) {
        let old = slots
        slots = [Slot](repeating: Slot(digest: KeyDigest(low: 0, high: 0), state: nil), count: size)
        count = 0
        hand = 0
        for slot in old {
            if let state = slot.state { _ = place(slot.digest, state) }
        }
    }
}
