/// A path was stopped because it costs too much on this document.
package struct JSONPathTooCostly: Error, Hashable, Sendable {
    package init() {}
}

extension JSONPath {
    /// Values that may be looked at in one evaluation, if not said otherwise. `$..*..*..*` looks at as many as the
    /// document has, to the power of three.
    package static let defaultBudget = 1_000_000

    /// What the path selects, in the order of RFC 9535.
    ///
    /// - Parameter root: what `$` stands for.
    /// - Parameter budget: how many values may be looked at.
    package func nodes(
        in root: JSONNode, budget: Int = defaultBudget
    ) throws(JSONPathTooCostly) -> [JSONNode] {
        var budget = budget
        return try nodes(in: root, spending: &budget)
    }

    /// The same out of a budget that is shared.
    func nodes(in root: JSONNode, spending budget: inout Int) throws(JSONPathTooCostly) -> [JSONNode] {
        var evaluation = PathEvaluation(document: root.document, root: root.index, budget: budget)
        defer { budget = evaluation.budget }
        return try evaluation.select(segments, from: root.index).map { JSONNode(document: root.document, index: $0) }
    }

    /// The first of what the path selects.
    package func first(in root: JSONNode, budget: Int = defaultBudget) throws(JSONPathTooCostly) -> JSONNode? {
        try nodes(in: root, budget: budget).first
    }
}

/// One evaluation of a path. Values are known by their places in the document's index; the values inside a value follow
/// it there without a gap, so descending is counting on.
struct PathEvaluation {
    let document: JSONDocument
    let root: Int
    /// What may still be looked at.
    var budget: Int

    mutating func spend(_ count: Int = 1) throws(JSONPathTooCostly) {
        budget -= count
        guard budget >= 0 else { throw JSONPathTooCostly() }
    }

    func node(_ index: Int) -> JSONNode { JSONNode(document: document, index: index) }

    mutating func select(_ segments: [JSONPath.Segment], from start: Int) throws(JSONPathTooCostly) -> [Int] {
        var nodes = [start]
        for segment in segments {
            var next: [Int] = []
            for node in nodes {
                guard segment.isDescendant else {
                    try select(segment.selectors, node, into: &next)
                    continue
                }
                var index = node
                let end = Int(document.entries[node].next)
                while index < end {
                    try spend()
                    if document.entries[index].kind != .key { try select(segment.selectors, index, into: &next) }
                    index += 1
                }
            }
            nodes = next
            if nodes.isEmpty { break }
        }
        return nodes
    }

    private mutating func select(
        _ selectors: [JSONPath.Selector], _ index: Int, into output: inout [Int]
    ) throws(JSONPathTooCostly) {
        let kind = document.entries[index].kind
        guard kind == .objectStart || kind == .arrayStart else { return }
        let node = node(index)
        for selector in selectors {
            try spend()
            switch selector {
            case .name(let name):
                for member in node.members {
                    try spend()
                    if member.isNamed(name) { output.append(member.value.index) }
                }
            case .wildcard:
                try children(of: node, into: &output)
            case .index(let position):
                guard kind == .arrayStart else { continue }
                var elements: [Int] = []
                try children(of: node, into: &elements)
                let place = position < 0 ? elements.count + position : position
                if elements.indices.contains(place) { output.append(elements[place]) }
            case .slice(let start, let end, let step):
                guard kind == .arrayStart else { continue }
                var elements: [Int] = []
                try children(of: node, into: &elements)
                for place in PathSlice.places(elements.count, start: start, end: end, step: step) {
                    output.append(elements[place])
                }
            case .filter(let filter):
                var candidates: [Int] = []
                try children(of: node, into: &candidates)
                for candidate in candidates where try holds(filter, candidate) { output.append(candidate) }
            }
        }
    }

    private mutating func children(of node: JSONNode, into output: inout [Int]) throws(JSONPathTooCostly) {
        if node.isObject {
            for member in node.members {
                try spend()
                output.append(member.value.index)
            }
        } else {
            for element in node.elements {
                try spend()
                output.append(element.index)
            }
        }
    }
}

/// RFC 9535 §2.3.4.2.2: which places of an array a slice takes.
enum PathSlice {
    static func places(_ count: Int, start: Int?, end: Int?, step: Int) -> StrideTo<Int> {
        func normal(_ position: Int) -> Int { position >= 0 ? position : count + position }
        if step > 0 {
            let lower = min(max(normal(start ?? 0), 0), count)
            let upper = min(max(normal(end ?? count), 0), count)
            return stride(from: lower, to: upper, by: step)
        }
        guard step < 0 else { return stride(from: 0, to: 0, by: 1) }
        let upper = min(max(normal(start ?? count - 1), -1), count - 1)
        // Without an end, down to the first.
        let lower = end.map { min(max(normal($0), -1), count - 1) } ?? -1
        return stride(from: upper, to: lower, by: step)
    }
}
