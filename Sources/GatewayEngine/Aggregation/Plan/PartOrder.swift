/// In which order parts are called: each as soon as what it refers to is there, so parts that refer to nothing go out
/// together. A function of who refers to whom, and nothing else.
enum PartOrder {
    /// Parts that wait for each other: none of them could ever be called. In the order of their references, beginning
    /// with the first of the file.
    typealias Cycle = [Int]

    /// The steps: each part stands in the first step in which all that it refers to has been called.
    ///
    /// - Parameter references: for each part, the parts that it refers to. Those in or behind a cycle stand in no step.
    static func steps(_ references: [[Int]]) -> [[Int]] {
        var unmet = references.map { Set($0).count }
        var dependents = dependents(of: references)
        var steps: [[Int]] = []
        var ready = unmet.indices.filter { unmet[$0] == 0 }
        while !ready.isEmpty {
            steps.append(ready)
            var next: [Int] = []
            for part in ready {
                for dependent in dependents[part] {
                    unmet[dependent] -= 1
                    if unmet[dependent] == 0 { next.append(dependent) }
                }
                dependents[part] = []
            }
            ready = next.sorted()
        }
        return steps
    }

    /// The other direction: for each part, those that refer to it, each once.
    static func dependents(of references: [[Int]]) -> [[Int]] {
        var dependents = [[Int]](repeating: [], count: references.count)
        for (part, referred) in references.enumerated() {
            for other in Set(referred).sorted() { dependents[other].append(part) }
        }
        return dependents
    }

    /// One cycle for each knot of parts that wait for each other; a part that only waits for a knot is in none.
    static func cycles(_ references: [[Int]]) -> [Cycle] {
        var found: [Cycle] = []
        var isKnown = [Bool](repeating: false, count: references.count)
        for start in references.indices where !isKnown[start] {
            guard let cycle = shortestCycle(through: start, references) else { continue }
            found.append(cycle)
            // Whoever can be reached from here and reaches here is in the same knot.
            let reached = reachable(from: start, references)
            for part in reached where reachable(from: part, references).contains(start) { isKnown[part] = true }
        }
        return found
    }

    /// Breadth first, so that what is reported is as short as can be.
    private static func shortestCycle(through start: Int, _ references: [[Int]]) -> Cycle? {
        var previous = [Int: Int]()
        var queue = [start]
        var index = 0
        while index < queue.count {
            let part = queue[index]
            index += 1
            for other in references[part] {
                if other == start {
                    var cycle = [part]
                    while let before = previous[cycle[cycle.count - 1]] { cycle.append(before) }
                    return cycle.reversed()
                }
                if previous[other] == nil {
                    previous[other] = part
                    queue.append(other)
                }
            }
        }
        return nil
    }

    private static func reachable(from start: Int, _ references: [[Int]]) -> Set<Int> {
        var reached: Set<Int> = []
        var stack = references[start]
        while let part = stack.popLast() {
            if reached.insert(part).inserted { stack += references[part] }
        }
        return reached
    }
}
