import Testing

@testable import GatewayEngine

/// The order of parts: a function of who refers to whom.
@Suite struct PartOrderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var references: [[Int]]
        var steps: [[Int]]
        var cycles: [[Int]] = []
    }

    static let cases = [
        Case(testDescription: "none", references: [], steps: []),
        Case(testDescription: "all at once", references: [[], [], []], steps: [[0, 1, 2]]),
        Case(testDescription: "one behind the other", references: [[1], [2], []], steps: [[2], [1], [0]]),
        Case(testDescription: "a diamond", references: [[], [0], [0], [1, 2]], steps: [[0], [1, 2], [3]]),
        Case(
            testDescription: "the longest way counts", references: [[], [0], [0, 1], [2, 0]],
            steps: [[0], [1], [2], [3]]),
        Case(testDescription: "a reference said twice", references: [[], [0, 0]], steps: [[0], [1]]),
        Case(testDescription: "itself", references: [[0], []], steps: [[1]], cycles: [[0]]),
        Case(testDescription: "each other", references: [[1], [0]], steps: [], cycles: [[0, 1]]),
        Case(
            testDescription: "behind a knot", references: [[1], [0], [1], []], steps: [[3]], cycles: [[0, 1]]),
        Case(
            testDescription: "two knots", references: [[1], [0], [3], [4], [2]], steps: [],
            cycles: [[0, 1], [2, 3, 4]]),
        Case(
            testDescription: "the short way round", references: [[1], [2], [3, 0], [0]], steps: [], cycles: [[0, 1, 2]]),
    ]

    @Test(arguments: cases)
    func isAsTheReferencesHaveIt(_ example: Case) {
        #expect(PartOrder.steps(example.references) == example.steps)
        #expect(PartOrder.cycles(example.references) == example.cycles)
    }

    /// Whatever refers to whatever: a part stands behind all that it refers to, and in a step unless a cycle keeps it.
    @Test func randomReferences() {
        var walk = Walk()
        let comment: Comment = "replay with GATEHOUSE_SEED=\(walk.seed)"
        for _ in 0..<500 {
            let count = Int.random(in: 1...8, using: &walk)
            let references = (0..<count).map { _ in
                (0..<count).filter { _ in Int.random(in: 0..<5, using: &walk) == 0 }
            }
            let steps = PartOrder.steps(references)
            let place = Dictionary(
                uniqueKeysWithValues: steps.enumerated().flatMap { step, parts in parts.map { ($0, step) } })
            for (part, step) in place {
                let last = references[part].map { place[$0] ?? .max }.max()
                #expect(last.map { $0 + 1 } ?? 0 == step, comment)
            }
            let cycles = PartOrder.cycles(references)
            #expect(cycles.isEmpty == (place.count == count), comment)
            for cycle in cycles {
                for (index, part) in cycle.enumerated() {
                    #expect(references[part].contains(cycle[(index + 1) % cycle.count]), comment)
                    #expect(place[part] == nil, comment)
                }
            }
        }
    }
}
