/// Keeps the process within its memory, as the last line behind the limits of each connection.
///
/// It looks at the resident size twice a second. From 95 % of the cap, memory that can be had back is given back: idle
/// client connections are closed, spare buffers freed. From 98 % no new connection is taken. Below 93 % all is as before;
/// the gap keeps it from swinging.
struct MemoryGuard {
    enum Level: Int, Comparable {
        /// Can transition to: tight, full.
        case normal
        /// Can transition to: normal, full.
        case tight
        /// Can transition to: normal, tight.
        case full

        static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// Bytes; nil: no cap is known, nothing is guarded.
    var cap: Int?
    private(set) var level = Level.normal

    init(cap: Int?) {
        self.cap = cap
    }

    /// Takes in the present size; returns the level when it changed.
    mutating func update(resident: Int) -> Level? {
        guard let cap, cap > 0 else { return nil }
        let share = Double(resident) / Double(cap)
        let now: Level =
            if share >= 0.98 {
                .full
            } else if share >= 0.95 {
                .tight
            } else if share >= 0.93 {
                min(level, .tight)
            } else {
                .normal
            }
        guard now != level else { return nil }
        level = now
        return now
    }
}
