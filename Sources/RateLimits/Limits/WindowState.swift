/// How the requests of a sliding window are put into parts.
struct WindowParts: Equatable, Sendable {
    /// In nanoseconds. A microsecond for small limits, whose requests are remembered one by one; else a 63rd of the
    /// window, so that the window, wherever it begins, touches at most 64 parts.
    let width: Int64
    /// In how many low bits of a word the count of a part stands; above it, the number of the part since the clock
    /// began: enough for microseconds of two thousand years with counts up to 64, or for counts of 2^24.
    let countBits: UInt64
    /// Parts that can be alive at once.
    let capacity: Int

    static let most = 64

    init(limit: Int, window: Int64) {
        let isSmall = limit <= Self.most
        width = isSmall ? 1_000 : (window - 1) / 63 + 1
        countBits = isSmall ? 8 : 24
        capacity = min(limit, Self.most)
    }

    func word(part: Int64, count: UInt64) -> UInt64 { UInt64(bitPattern: part) << countBits | count }

    func part(of word: UInt64) -> Int64 { Int64(word >> countBits) }

    func count(of word: UInt64) -> Int { Int(word & (1 << countBits - 1)) }
}

/// What is kept of a sliding window: a ring of parts, each with its count, oldest first.
///
/// A part is given up only when all of it lies before the window. So what is counted is never less than what there was,
/// and no window of the limit's length, wherever it is laid, holds more requests than the limit.
///
/// The ring begins with four words and doubles as it needs more, up to 64: a key that asks little costs little.
struct WindowState: Sendable {
    /// Monotonic nanoseconds at which the last part leaves the window.
    private(set) var expiry: Int64 = 0
    private var words: [UInt64] = []
    private var first = 0
    private var used = 0
    private(set) var total = 0

    init() {}

    func isForgettable(at now: LimitTime) -> Bool { expiry <= now.monotonic }

    func lifetime(at now: LimitTime) -> Int64 { expiry &- now.monotonic }

    /// Bytes that the ring holds beyond the state itself.
    var ringBytes: Int { words.capacity == 0 ? 0 : 32 + words.capacity * 8 }

    /// The monotonic time at which a part is no longer within the window.
    private func end(of part: Int64, _ limit: RateLimit) -> Int64 {
        // The last moment of the part, and one window later: the window does not hold its own beginning.
        (part &+ 1) &* limit.part.width &- 1 &+ limit.window
    }

    /// Gives up what the window has left behind, and says what the limit says. Counts nothing.
    mutating func decide(_ limit: RateLimit, at now: LimitTime) -> LimitOutcome {
        let parts = limit.part
        while used > 0, end(of: parts.part(of: words[first]), limit) <= now.monotonic {
            total -= parts.count(of: words[first])
            first = (first + 1) & (words.count - 1)
            used -= 1
        }
        guard total < limit.limit else {
            let free = end(of: parts.part(of: words[first]), limit) &- now.monotonic
            return LimitOutcome(
                isAllowed: false, remaining: 0, reset: now.epochSecond(in: expiry &- now.monotonic),
                retryAfter: max(LimitTime.seconds(free), 1))
        }
        return LimitOutcome(
            isAllowed: true, remaining: limit.limit - total - 1,
            reset: now.epochSecond(in: max(expiry, end(of: now.monotonic / parts.width, limit)) &- now.monotonic),
            retryAfter: 0)
    }

    /// Counts a request that `decide` admitted at the same time.
    mutating func count(_ limit: RateLimit, at now: LimitTime) {
        let parts = limit.part
        // Loops read their clocks apart: a moment before the newest part belongs to that part, so that the order holds.
        var part = now.monotonic / parts.width
        if used > 0 {
            let newest = (first + used - 1) & (words.count - 1)
            part = max(part, parts.part(of: words[newest]))
            if parts.part(of: words[newest]) == part {
                words[newest] += 1
                total += 1
                return
            }
        }
        if used == words.count { grow() }
        words[(first + used) & (words.count - 1)] = parts.word(part: part, count: 1)
        used += 1
        total += 1
        expiry = end(of: part, limit)
    }

    /// Twice the room, in order from the front.
    private mutating func grow() {
        var larger: [UInt64] = []
        larger.reserveCapacity(max(words.count * 2, 4))
        for offset in 0..<used { larger.append(words[(first + offset) & (words.count - 1)]) }
        while larger.count < max(words.count * 2, 4) { larger.append(0) }
        words = larger
        first = 0
    }
}
