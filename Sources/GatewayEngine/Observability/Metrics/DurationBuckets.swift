/// The buckets that all durations are counted in: from a tenth of a millisecond, which a local service needs, to a minute.
/// Fixed, so that histograms of all gateways can be added up.
enum DurationBuckets {
    /// Upper bounds in nanoseconds, inclusive, as Prometheus has them. One more bucket counts what is longer.
    static let bounds: InlineArray<18, UInt64> = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000,
        60_000_000_000,
    ]

    /// The same in seconds, as the text of the label `le`.
    static let labels: InlineArray<18, StaticString> = [
        "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1",
        "2.5", "5", "10", "30", "60",
    ]

    /// Buckets and, behind them, the sum.
    static let slots = 20
    static let sumSlot = 19

    static func index(of nanoseconds: UInt64) -> Int {
        var index = 0
        while index < 18, nanoseconds > bounds[index] { index += 1 }
        return index
    }
}
