extension JSONTemplate {
    /// Appends the body that the template makes.
    ///
    /// - Parameter body: what `$` stands for; nil if there is none, and then nothing is found in it.
    /// - Parameter budget: how many values the paths may look at.
    /// - Parameter limit: how large the result may be, in bytes.
    /// - Parameter resolve: gives an input by its place in the list of names. Asked once for each, when it is needed.
    package func render(
        body: JSONNode?, into output: inout [UInt8], budget: Int = JSONPath.defaultBudget,
        limit: Int = Int(Int32.max), resolve: (Int) -> JSONNode? = { _ in nil }
    ) throws(Failure) {
        var inputs: [Int: JSONNode] = [:]
        for input in self.inputs { inputs[input] = resolve(input) }
        var rendering = TemplateRendering(body: body, inputs: inputs, budget: budget, limit: output.count + limit)
        if try !rendering.write(root, body, &output) { output.append(contentsOf: "null".utf8) }
        guard output.count <= rendering.limit else { throw .tooLarge }
    }

    /// What the template makes for a member of something else; nil where it comes to nothing.
    func value(
        body: JSONNode?, inputs: [Int: JSONNode], budget: Int, limit: Int
    ) throws(Failure) -> [UInt8]? {
        var output: [UInt8] = []
        var rendering = TemplateRendering(body: body, inputs: inputs, budget: budget, limit: limit)
        guard try rendering.write(root, body, &output) else { return nil }
        guard output.count <= limit else { throw .tooLarge }
        return output
    }
}

/// One use of a template.
struct TemplateRendering {
    let body: JSONNode?
    let inputs: [Int: JSONNode]
    /// What the paths may still look at.
    var budget: Int
    let limit: Int

    /// False if the part comes to nothing; then nothing was written.
    mutating func write(
        _ part: JSONTemplate.Part, _ current: JSONNode?, _ output: inout [UInt8]
    ) throws(JSONTemplate.Failure) -> Bool {
        guard output.count <= limit else { throw .tooLarge }
        switch part {
        case .constant(let text):
            output += text
            return true
        case .reference(let reference):
            let nodes = try find(reference, current)
            guard let first = nodes.first else { return false }
            if reference.isSingular {
                // Of names that stand twice, the last, as in most readers.
                output += (nodes.last ?? first).text
                return true
            }
            var list = List("[", &output)
            for node in nodes {
                list.separate(&output)
                output += node.text
                guard output.count <= limit else { throw .tooLarge }
            }
            list.close("]", &output)
            return true
        case .object(let members):
            var list = List("{", &output)
            for (name, value) in members {
                let before = output.count
                let wasFirst = list.isFirst
                list.separate(&output)
                output += name
                guard try !write(value, current, &output) else { continue }
                output.removeLast(output.count - before)
                list.isFirst = wasFirst
            }
            list.close("}", &output)
            return true
        case .array(let elements):
            var list = List("[", &output)
            for element in elements { try write(element, current, &list, &output) }
            list.close("]", &output)
            return true
        case .each(let reference, let map):
            let nodes = try find(reference, current)
            guard !nodes.isEmpty else { return false }
            var list = List("[", &output)
            // One array stands for its elements.
            if nodes.count == 1, nodes[0].isArray, reference.isSingular {
                for element in nodes[0].elements { try write(map, element, &list, &output) }
            } else {
                for node in nodes { try write(map, node, &list, &output) }
            }
            list.close("]", &output)
            return true
        case .condition(let reference, let isNegated, let value, let otherwise):
            if try find(reference, current).isEmpty == isNegated { return try write(value, current, &output) }
            guard let otherwise else { return false }
            return try write(otherwise, current, &output)
        }
    }

    private mutating func write(
        _ element: JSONTemplate.Part, _ current: JSONNode?, _ list: inout List, _ output: inout [UInt8]
    ) throws(JSONTemplate.Failure) {
        budget -= 1
        guard budget >= 0 else { throw .tooCostly }
        let before = output.count
        let wasFirst = list.isFirst
        list.separate(&output)
        guard try !write(element, current, &output) else { return }
        output.removeLast(output.count - before)
        list.isFirst = wasFirst
    }

    /// Commas between what is written.
    private struct List {
        var isFirst = true

        init(_ open: Unicode.Scalar, _ output: inout [UInt8]) { output.append(UInt8(ascii: open)) }

        mutating func separate(_ output: inout [UInt8]) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
        }

        func close(_ end: Unicode.Scalar, _ output: inout [UInt8]) { output.append(UInt8(ascii: end)) }
    }

    private mutating func find(
        _ reference: JSONTemplate.Reference, _ current: JSONNode?
    ) throws(JSONTemplate.Failure) -> [JSONNode] {
        let start: JSONNode?
        switch reference.source {
        case .current: start = current
        case .body: start = body
        case .input(let input): start = inputs[input]
        }
        guard let start else { return [] }
        do { return try reference.path.nodes(in: start, spending: &budget) } catch { throw .tooCostly }
    }
}
