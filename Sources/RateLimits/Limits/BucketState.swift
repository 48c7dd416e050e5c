/// What is kept of a token bucket or a quota: 16 bytes.
///
/// Of a bucket (GCRA, the "virtual scheduling" of ITU-T I.371) that is the time at which it will be full again, with
/// its fraction. That time lies one interval further for each token taken, and never before now; a request is admitted
/// when it would then lie no more than the whole bucket's filling time ahead. Of a quota it is the epoch second at
/// which its period ends, and the count.
///
/// Both are values: deciding gives the new state, which is written only where every limit of the request admits.
struct BucketState: Equatable, Sendable {
    /// Nanoseconds of the monotonic clock; of a quota the epoch second of its end.
    var time: Int64
    /// n-ths of a nanosecond, or the quota's count.
    var count: UInt32
    var isQuota: Bool

    /// A bucket that is full, a quota that has not begun.
    static func fresh(_ limit: RateLimit) -> BucketState {
        var isQuota = false
        if case .quota = limit.algorithm { isQuota = true }
        return BucketState(time: 0, count: 0, isQuota: isQuota)
    }

    /// Whether nothing would be lost if this were forgotten.
    func isForgettable(at now: LimitTime) -> Bool { time <= (isQuota ? now.epoch / LimitTime.second : now.monotonic) }

    /// How far away that is, in nanoseconds, for choosing whom to forget first.
    func lifetime(at now: LimitTime) -> Int64 {
        isQuota ? (time &- now.epoch / LimitTime.second) &* LimitTime.second : time &- now.monotonic
    }

    /// What the limit says, and the state after it.
    func decide(_ limit: RateLimit, at now: LimitTime) -> (outcome: LimitOutcome, next: BucketState) {
        if case .quota(let period) = limit.algorithm { return decideQuota(limit, period, at: now) }
        let count = UInt32(limit.limit)
        let present = RationalTime(whole: now.monotonic, part: 0)
        let kept = RationalTime(whole: time, part: self.count)
        let full = kept <= present ? present : kept
        let next = full.adding(limit.interval, count: count)
        let backlog = next.subtracting(present, count: count)

        guard backlog <= limit.capacity else {
            let wait = backlog.subtracting(limit.capacity, count: count).roundedUp
            return (
                LimitOutcome(
                    isAllowed: false, remaining: 0, reset: now.epochSecond(in: full.roundedUp &- now.monotonic),
                    retryAfter: max(LimitTime.seconds(wait), 1)),
                self
            )
        }
        let left = limit.capacity.subtracting(backlog, count: count)
        // Tokens in what is left: (whole × n + part) / window. What is left is at most the capacity, so the quotient is
        // at most the burst, and the high half of the product below the window.
        let product = UInt64(left.whole).multipliedFullWidth(by: UInt64(limit.limit))
        let (low, carry) = product.low.addingReportingOverflow(UInt64(left.part))
        let remaining = UInt64(limit.window).dividingFullWidth((product.high &+ (carry ? 1 : 0), low)).quotient
        return (
            LimitOutcome(
                isAllowed: true, remaining: Int(remaining),
                reset: now.epochSecond(in: next.roundedUp &- now.monotonic), retryAfter: 0),
            BucketState(time: next.whole, count: next.part, isQuota: false)
        )
    }

    private func decideQuota(
        _ limit: RateLimit, _ period: CalendarPeriod, at now: LimitTime
    ) -> (outcome: LimitOutcome, next: BucketState) {
        let second = now.epoch / LimitTime.second
        let end = period.end(after: second)
        // An end that lies further ahead was counted before the wall clock was put back: it still counts, so that
        // putting the clock back gives nobody a second quota.
        let used = time >= end ? Int(count) : 0
        let ends = max(time, end)
        guard used < limit.limit else {
            return (
                LimitOutcome(isAllowed: false, remaining: 0, reset: ends, retryAfter: max(ends - second, 1)), self
            )
        }
        return (
            LimitOutcome(isAllowed: true, remaining: limit.limit - used - 1, reset: ends, retryAfter: 0),
            BucketState(time: ends, count: UInt32(used + 1), isQuota: true)
        )
    }
}
