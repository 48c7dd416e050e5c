internal import JSONStream

/// What parts may refer to of the client's request, taken out of it once, as far as the plan asks for it.
struct AggregateRequest {
    var method: [UInt8] = Array("GET".utf8)
    /// The route's parameters, percent-decoded.
    var parameters: [[UInt8]] = []
    var parameterNames: [String] = []
    /// The last parameter takes the rest of the path: its slashes are slashes.
    var lastIsRest = false
    /// Decoded; of equal names the first counts.
    var query: [(name: [UInt8], value: [UInt8])] = []
    /// Names in lower case.
    var fields: [(name: [UInt8], value: [UInt8])] = []
    /// nil: there is none, or it is no JSON.
    var body: JSONDocument?
    /// nil: nobody is known.
    var claims: JSONNode?

    /// All of it as one document: `{"method":…,"path":{…},"query":{…},"header":{…},"body":…}`.
    func document() -> JSONNode? {
        var text = Array("{\"method\":".utf8)
        JSONStream.JSONText.appendQuoted(method.span, to: &text)
        append("path", zip(parameterNames, parameters).map { (Array($0.utf8), $1) }, to: &text)
        append("query", query, to: &text)
        append("header", fields, to: &text)
        if let body {
            text += Array(",\"body\":".utf8)
            text += body.root.text
        }
        text.append(UInt8(ascii: "}"))
        return try? JSONDocument(text, limits: Self.limits, duplicates: .keep).root
    }

    /// What is inside may be as deep as any document; what is put around it adds a few levels.
    static let limits = JSONLimits(depth: 256)

    private func append(_ name: String, _ members: [(name: [UInt8], value: [UInt8])], to text: inout [UInt8]) {
        text += Array(",\"\(name)\":{".utf8)
        // Of names that stand twice, paths take the last.
        for (index, member) in members.reversed().enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            JSONStream.JSONText.appendQuoted(member.name.span, to: &text)
            text.append(UInt8(ascii: ":"))
            JSONStream.JSONText.appendQuoted(member.value.span, to: &text)
        }
        text.append(UInt8(ascii: "}"))
    }
}

/// Where the values of references come from while a part is put together.
struct PartValues {
    let request: AggregateRequest
    let item: JSONNode?
    /// The value of an input; asked only for those that are referred to.
    let node: (Int) -> JSONNode?

    func isRest(_ reference: PartReference) -> Bool {
        guard case .parameter(let index) = reference else { return false }
        return request.lastIsRest && index == request.parameters.count - 1
    }

    /// The values as text; none: it is missing.
    func texts(of reference: PartReference) -> [[UInt8]] {
        switch reference {
        case .parameter(let index):
            return request.parameters.indices.contains(index) ? [request.parameters[index]] : []
        case .header(let name): return first(request.fields, name)
        case .query(let name): return first(request.query, name)
        case .method: return [request.method]
        case .input(let input, let path):
            guard let root = input == AggregateInput.item ? item : node(input),
                let nodes = try? path.nodes(in: root)
            else { return [] }
            // Names that stand twice: the last, as everywhere.
            if path.isSingular { return nodes.last.flatMap(Self.texts) ?? [] }
            return nodes.flatMap { Self.texts($0) ?? [] }
        }
    }

    private func first(_ members: [(name: [UInt8], value: [UInt8])], _ name: [UInt8]) -> [[UInt8]] {
        members.first { $0.name == name }.map { [$0.value] } ?? []
    }

    private static func texts(_ node: JSONNode) -> [[UInt8]]? {
        if !node.isArray { return text(node).map { [$0] } }
        let texts = node.elements.compactMap(text)
        return texts.isEmpty ? nil : texts
    }

    private static func text(_ node: JSONNode) -> [UInt8]? {
        switch node.kind {
        case .string: node.stringBytes
        case .number, .true, .false: Array(node.text)
        default: nil
        }
    }
}
