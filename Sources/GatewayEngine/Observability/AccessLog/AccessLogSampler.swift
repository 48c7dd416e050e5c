/// Chooses which successful requests are logged: exactly the configured share of any long run, evenly spread, and the
/// same ones each time for the same sequence of requests. The first is always among them, so that a look at a fresh log
/// shows something.
///
/// Each request adds the share, as a fraction of 2^32, to a counter, and those at which it runs over are taken.
struct AccessLogSampler {
    private let step: UInt64
    private var position: UInt64

    /// - Parameter share: 0 (none) to 1 (all).
    init(share: Double) {
        // Written so that a share that is no number counts as 1: too much log is better than none.
        let bounded = share < 1 ? max(share, 0) : 1
        step = UInt64((bounded * 4_294_967_296).rounded())
        position = 4_294_967_296 - step
    }

    mutating func next() -> Bool {
        position += step
        if position < 4_294_967_296 || step == 0 { return false }
        position -= 4_294_967_296
        return true
    }
}
