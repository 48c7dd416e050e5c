/// What the sides of a split have done, counted by each worker for itself: a few plain stores for a response.
///
/// A tally belongs to one list of sides and one way to count latencies; other sides, or another canary, make another.
final class SplitTally: Sendable {
    /// One worker's counters, which only that worker changes.
    final class Row: Sendable {
        private let slots: CounterSlots
        private let layout: Layout

        fileprivate init(_ layout: Layout) {
            self.layout = layout
            slots = CounterSlots(count: layout.sides * layout.stride)
        }

        /// A try at a side's service has ended. `latency` is the time from the request's head sent to the response's.
        @inline(__always)
        func note(_ outcome: TryOutcome, side: Int, latency: Int64) {
            guard outcome.kind != .abandoned, side >= 0, side < layout.sides else { return }
            let start = side * layout.stride
            slots.add(1, at: start)
            if outcome.isServerError {
                slots.add(1, at: start + 1)
            } else if layout.candidate >= 0, outcome.kind == .response {
                let time =
                    side == layout.candidate ? LatencyScale.adjusted(latency, permille: layout.permille) : latency
                slots.add(1, at: start + 2 + LatencyScale.bucket(of: time))
            }
        }

        fileprivate func add(to figures: inout SideFigures, side: Int) {
            let start = side * layout.stride
            figures.answers &+= slots.load(start)
            figures.errors &+= slots.load(start + 1)
            for index in figures.latencies.indices { figures.latencies[index] &+= slots.load(start + 2 + index) }
        }
    }

    fileprivate struct Layout: Sendable {
        var sides: Int
        /// The side whose latencies are made smaller; -1: nobody asks for latencies.
        var candidate: Int
        var permille: Int64

        var stride: Int { candidate >= 0 ? 2 + LatencyScale.count : 2 }
    }

    private let layout: Layout
    private let rows: [Row]

    init(sides: Int, candidate: Int?, permille: Int64, workers: Int) {
        let layout = Layout(sides: sides, candidate: candidate ?? -1, permille: permille)
        self.layout = layout
        rows = (0..<workers).map { _ in Row(layout) }
    }

    func row(_ worker: Int) -> Row { rows[worker] }

    /// The sums over all workers.
    func figures(side: Int) -> SideFigures {
        var figures = SideFigures()
        if layout.candidate >= 0 { figures.latencies = [UInt64](repeating: 0, count: LatencyScale.count) }
        for row in rows { row.add(to: &figures, side: side) }
        return figures
    }
}
