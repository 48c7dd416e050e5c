/// Waits before further tries: full jitter, so between nothing and a bound that doubles.
///
/// Jitter over the whole range and not around the bound: clients that failed together must not come back together, and
/// the mean wait is half as long.
struct Backoff: Sendable {
    /// Nanoseconds.
    let base: Int64
    let cap: Int64

    /// The longest wait before the retry of this number, the first being 0.
    func bound(_ retry: Int) -> Int64 {
        var bound = min(base, cap)
        var doublings = max(0, retry)
        while doublings > 0 && bound < cap {
            // A cap is a year at most, so that doubling stays far from the end of the range.
            bound = min(cap, bound * 2)
            doublings -= 1
        }
        return bound
    }

    func wait(_ retry: Int, random: UInt64) -> Int64 {
        Int64(random % UInt64(bound(retry) + 1))
    }
}
