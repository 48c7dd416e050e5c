/// A time or a span of time in nanoseconds and a fraction of one: `part` counts in n-ths of a nanosecond, n being the
/// limit's number of requests. So n tokens take exactly the limit's window, for any n.
struct RationalTime: Equatable, Sendable {
    var whole: Int64
    var part: UInt32

    init(whole: Int64, part: UInt32) {
        self.whole = whole
        self.part = part
    }

    /// `window` in `count` equal parts.
    init(dividing window: UInt64, by count: UInt64) {
        let (quotient, remainder) = window.quotientAndRemainder(dividingBy: count)
        // A window is at most 2^55 and a count at most 2^24: both fit.
        whole = Int64(quotient)
        part = UInt32(remainder)
    }

    /// The sum; `count` parts make one nanosecond. Overflow would take a clock past the year 2200.
    func adding(_ other: RationalTime, count: UInt32) -> RationalTime {
        let parts = part &+ other.part
        return parts >= count
            ? RationalTime(whole: whole &+ other.whole &+ 1, part: parts &- count)
            : RationalTime(whole: whole &+ other.whole, part: parts)
    }

    /// The difference; `other` is not the later one.
    func subtracting(_ other: RationalTime, count: UInt32) -> RationalTime {
        part >= other.part
            ? RationalTime(whole: whole &- other.whole, part: part &- other.part)
            : RationalTime(whole: whole &- other.whole &- 1, part: part &+ count &- other.part)
    }

    static func <= (first: RationalTime, second: RationalTime) -> Bool {
        first.whole < second.whole || (first.whole == second.whole && first.part <= second.part)
    }

    /// In whole nanoseconds, rounded up.
    var roundedUp: Int64 { part == 0 ? whole : whole &+ 1 }
}
