/// The buckets in which latencies are counted for a canary: sixteen to each doubling, from 64 microseconds to a bit over a
/// minute, so that two latencies in one bucket are within 6 % of each other.
///
/// The two sides are compared by quantiles without computing any: the candidate's latencies are made smaller by what is
/// allowed before they are counted (`adjusted`), and then the candidate is slower than allowed exactly when a greater
/// share of its responses lies above the same edge. That makes of a question about times one about two proportions.
enum LatencyScale {
    static let perDoubling = 16
    /// 2^16 nanoseconds: what is faster stands in the first bucket.
    private static let firstPower = 16
    private static let doublings = 20
    static let count = perDoubling * doublings

    /// A difference below this is the machine's noise, whatever the percentage.
    static let floor: Int64 = 1_000_000

    @inline(__always)
    static func bucket(of nanoseconds: Int64) -> Int {
        let value = UInt64(max(nanoseconds, 1))
        let power = 63 - value.leadingZeroBitCount
        if power < firstPower { return 0 }
        let place = (power - firstPower) * perDoubling + Int((value >> UInt64(power - 4)) & 15)
        return min(place, count - 1)
    }

    /// The lower end of a bucket, in nanoseconds.
    static func lowerEnd(of bucket: Int) -> Int64 {
        let power = bucket / perDoubling + firstPower
        return Int64(16 + bucket % perDoubling) << Int64(power - 4)
    }

    /// What a candidate's latency counts as, when it may be greater by `permille` thousandths (and the noise).
    @inline(__always)
    static func adjusted(_ nanoseconds: Int64, permille: Int64) -> Int64 {
        // Latencies are far below the 292 years of an Int64, but nothing here may overflow.
        let (product, overflow) = max(nanoseconds - floor, 0).multipliedReportingOverflow(by: 1_000)
        return overflow ? nanoseconds : product / (1_000 + permille)
    }

    static func restored(_ adjusted: Int64, permille: Int64) -> Int64 {
        let (product, overflow) = adjusted.multipliedReportingOverflow(by: 1_000 + permille)
        return (overflow ? adjusted : product / 1_000) + floor
    }
}
