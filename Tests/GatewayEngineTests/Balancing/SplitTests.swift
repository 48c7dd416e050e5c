import Testing

@testable import GatewayEngine

@Suite struct SplitTests {
    @Test(arguments: [[95, 5], [50, 50], [1, 2, 3], [7, 0, 3], [1], [100, 1], [33, 33, 34]])
    func everyWindowHoldsExactlyTheWeights(weights: [Int]) {
        let split = CompiledSplit(weights.enumerated().map { CompiledSplit.Side(service: $0, weight: $1) })
        let sum = weights.reduce(0, +)
        let picks = (0..<sum * 4).map { _ in split.next() }
        for start in 0...sum * 3 {
            let window = picks[start..<start + sum]
            for (side, weight) in weights.enumerated() {
                #expect(window.count { $0 == side } == weight, "window at \(start)")
            }
        }
    }

    /// 5 of 100 are spread, not five in a row.
    @Test func sidesAreMixed() {
        let split = CompiledSplit([
            CompiledSplit.Side(service: 0, weight: 95), CompiledSplit.Side(service: 1, weight: 5),
        ])
        let picks = (0..<200).map { _ in split.next() }
        #expect(!zip(picks, picks.dropFirst()).contains { $0 == 1 && $1 == 1 })
    }
}
