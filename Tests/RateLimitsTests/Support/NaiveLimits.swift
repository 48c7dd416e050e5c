/// The limits as one would explain them, with every request kept and all numbers exact: what the compact states are
/// compared with.
struct NaiveBucket {
    /// Tokens, in n-ths of a nanosecond of filling time: n = `limit`.
    let limit: Int
    let window: Int64
    let burst: Int
    private var level: Int128
    private var last: Int64?

    init(limit: Int, window: Int64, burst: Int) {
        self.limit = limit
        self.window = window
        self.burst = burst
        level = Int128(burst) * Int128(window)
    }

    /// Whether a request is admitted at this time, and how many whole tokens are left.
    mutating func take(at now: Int64) -> (isAllowed: Bool, remaining: Int) {
        let full = Int128(burst) * Int128(window)
        if let last, now > last { level = min(full, level + Int128(now - last) * Int128(limit)) }
        last = max(last ?? now, now)
        guard level >= Int128(window) else { return (false, 0) }
        level -= Int128(window)
        return (true, Int(level / Int128(window)))
    }

    /// Nanoseconds, rounded up, until one more token is there.
    var wait: Int64 {
        let missing = Int128(window) - level
        return missing <= 0 ? 0 : Int64((missing + Int128(limit) - 1) / Int128(limit))
    }
}

/// A window with its requests' times.
struct NaiveWindow {
    let limit: Int
    let window: Int64
    private(set) var times: [Int64] = []

    init(limit: Int, window: Int64) {
        self.limit = limit
        self.window = window
    }

    /// Whether an exact log would admit a request now.
    func admits(at now: Int64) -> Bool { times.count < limit || times[times.count - limit] <= now - window }

    mutating func count(at now: Int64) { times.append(now) }

    /// The most requests that any window of this length holds.
    var fullest: Int {
        var most = 0
        var first = 0
        for index in times.indices {
            while times[first] <= times[index] - window { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }
}
