/// The weights of a split, ready for choosing. Immutable; a change of weights makes another one.
///
/// Sides stand side by side on a line as long as the weights' sum, in the order of the configuration. A key has a fixed
/// place on that line, as a fraction of its length; a turn of the counter has one of as many places as the sum counts.
/// When weight goes from one side to its neighbour, the border between the two moves, and exactly the keys that it
/// passes change sides: from 95:5 to 90:10 those between 0.90 and 0.95, and none comes back. (With three sides or more
/// weight should move between neighbours: a side in between is pushed along otherwise.)
package struct SplitTable: Sendable, Hashable {
    package let weights: [Int]
    /// Where each side ends, in the weights' smallest whole numbers.
    private let ends: [UInt64]
    private let total: UInt64
    /// Steps through the places of a turn in an order that mixes the sides; prime to `total`.
    private let stride: UInt64

    /// - Parameter weights: not negative; at least one is more than 0.
    package init(_ weights: [Int]) {
        self.weights = weights
        // 9500 to 500 is 19 to 1: exact over twenty requests already.
        let divisor = max(1, weights.reduce(0) { Self.divisor(UInt64(clamping: $1), $0) })
        var ends: [UInt64] = []
        var sum: UInt64 = 0
        for weight in weights {
            sum += UInt64(clamping: weight) / divisor
            ends.append(sum)
        }
        self.ends = ends
        total = max(sum, 1)
        var stride = total * 618 / 1_000 + 1
        while Self.divisor(stride, total) != 1 { stride += 1 }
        self.stride = stride
    }

    /// The side of a key's place.
    @inline(__always)
    func side(at point: UInt64) -> Int { side(place: point.multipliedFullWidth(by: total).high) }

    /// The side of the counter's turn: in any window of as many turns as the weights' sum (in its smallest terms), each
    /// side gets exactly its weight.
    @inline(__always)
    func side(turn: UInt64) -> Int { side(place: (turn % total) * stride % total) }

    @inline(__always)
    private func side(place: UInt64) -> Int {
        for index in ends.indices where place < ends[index] { return index }
        return max(ends.count - 1, 0)
    }

    private static func divisor(_ one: UInt64, _ other: UInt64) -> UInt64 {
        var (one, other) = (one, other)
        while other != 0 { (one, other) = (other, one % other) }
        return one
    }
}
