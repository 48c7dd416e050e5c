import GatehouseTesting
import Testing

@testable import GatewayEngine

@Suite struct SplitTableTests {
    @Test(arguments: [
        [95, 5], [50, 50], [1, 2, 3], [7, 0, 3], [1], [100, 1], [33, 33, 34], [0, 4], [9_500, 500],
    ])
    func everyWindowOfTurnsHoldsExactlyTheWeights(weights: [Int]) {
        let table = SplitTable(weights)
        let sum = weights.reduce(0, +)
        let picks = (0..<sum * 3).map { table.side(turn: UInt64($0)) }
        for (side, weight) in weights.enumerated() {
            var inWindow = picks[..<sum].count { $0 == side }
            #expect(inWindow == weight)
            for start in 1...sum * 2 {
                inWindow += (picks[start + sum - 1] == side ? 1 : 0) - (picks[start - 1] == side ? 1 : 0)
                if inWindow != weight {
                    Issue.record("side \(side) has \(inWindow) in the window at \(start)")
                    break
                }
            }
        }
    }

    /// 5 of 100 are spread, not five in a row; and a smaller sum makes the window smaller.
    @Test func sidesAreMixedAndWeightsReduced() {
        for table in [SplitTable([95, 5]), SplitTable([9_500, 500])] {
            let picks = (0..<200).map { table.side(turn: UInt64($0)) }
            #expect(!zip(picks, picks.dropFirst()).contains { $0 == 1 && $1 == 1 })
            for start in 0..<180 { #expect(picks[start..<start + 20].count { $0 == 1 } == 1) }
        }
    }

    /// Ten thousand places, evenly spread over all 64 bits.
    static let points = (0..<10_000).map { UInt64((Double($0) + 0.5) / 10_000 * 0x1p64) }

    @Test(arguments: [
        (from: [95, 5], to: [90, 10], moved: 500), (from: [99, 1], to: [95, 5], moved: 400),
        (from: [90, 10], to: [95, 5], moved: 500), (from: [100, 0], to: [0, 100], moved: 10_000),
        (from: [19, 1], to: [9, 1], moved: 500), (from: [9_900, 100], to: [75, 25], moved: 2_400),
        (from: [50, 30, 20], to: [50, 25, 25], moved: 500), (from: [50, 50], to: [1, 1], moved: 0),
    ])
    func movingWeightMovesExactlyThoseKeys(_ change: (from: [Int], to: [Int], moved: Int)) {
        let (before, after) = (SplitTable(change.from), SplitTable(change.to))
        var moves: Set<[Int]> = []
        var count = 0
        for point in Self.points {
            let (old, new) = (before.side(at: point), after.side(at: point))
            if old != new {
                count += 1
                moves.insert([old, new])
            }
        }
        #expect(count == change.moved)
        // All in one direction: none comes back.
        #expect(moves.count <= 1)
    }

    @Test func sharesOfKeysAreTheWeights() {
        var random = SeededRandom()
        for _ in 0..<50 {
            let first = Int.random(in: 0...100, using: &random)
            let table = SplitTable([first, 100 - first])
            #expect(Self.points.count { table.side(at: $0) == 0 } == first * 100, "seed \(random.seed)")
        }
    }

    /// Any sums and any points: a side of weight 0 never answers.
    @Test func aSideOfWeightZeroGetsNothing() {
        var random = SeededRandom()
        for _ in 0..<500 {
            var weights = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                Bool.random(using: &random) ? 0 : Int.random(in: 1...1_000_000, using: &random)
            }
            weights[0] = max(weights[0], 1)
            let table = SplitTable(weights)
            for point in [0, UInt64.max, random.next(), random.next()] {
                #expect(weights[table.side(at: point)] > 0, "seed \(random.seed)")
                #expect(weights[table.side(turn: point)] > 0, "seed \(random.seed)")
            }
        }
    }
}
