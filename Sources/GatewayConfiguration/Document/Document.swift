/// The configuration as written: one tree of positioned nodes, whichever front end read it and however many files.
///
/// A YAML event stream and a JSON text both become this, fragments of a directory are joined in it, and everything after
/// it (the check against the vocabulary, the decoder) no longer knows the difference.
struct Document {
    var nodes: [Node] = []
    /// The text of all scalars, end to end.
    var bytes: [UInt8] = []
    var symbols = SymbolTable()
    /// As the user named them.
    var files: [String] = []
    /// What was written where a `${…}` reference was replaced, by node.
    var written: [UInt32: String] = [:]
    /// Nodes whose reference could not be resolved: reported, and not to be reported again.
    var unresolved: Set<UInt32> = []
    /// Scalars that may hold a `${…}` reference.
    var references: [NodeID] = []

    /// Follows an alias to what it stands for (never another alias).
    func resolve(_ id: NodeID) -> NodeID {
        let node = nodes[Int(id.index)]
        return node.kind == .alias ? NodeID(index: node.first) : id
    }

    func isUnresolved(_ id: NodeID) -> Bool { !unresolved.isEmpty && unresolved.contains(resolve(id).index) }

    func node(_ id: NodeID) -> Node { nodes[Int(resolve(id).index)] }

    /// Where the node itself stands; for an alias that is the place of the `*name`.
    func location(_ id: NodeID) -> SourceLocation {
        let node = nodes[Int(id.index)]
        return SourceLocation(file: files[Int(node.file)], line: Int(node.line), column: Int(node.column))
    }

    /// The text of a scalar or key.
    func text(_ id: NodeID) -> String {
        let node = node(id)
        switch node.kind {
        case .key:
            return symbols.names[Int(node.first)]
        case .plain, .quoted:
            let start = Int(node.first)
            return String(copying: bytes.span.extracting(start..<start + Int(node.count)))
        case .sequence, .mapping, .alias:
            return ""
        }
    }

    func children(_ id: NodeID) -> Children { Children(nodes: nodes, following: node(id).first) }

    func entries(_ id: NodeID) -> Entries { Entries(children: children(id)) }

    /// The vocabulary's key that a key node holds, nil for any other text.
    func key(_ id: NodeID) -> Key? { Key(symbol: nodes[Int(id.index)].first) }

    /// How a diagnostic shows a value: quoted, cut where long, and never with what a reference was replaced by.
    func display(_ id: NodeID) -> String {
        let target = resolve(id)
        let node = nodes[Int(target.index)]
        switch node.kind {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .plain where node.count == 0: return "an empty value"
        case .plain, .quoted, .key, .alias:
            return quote(node.substituted ? written[target.index] ?? "${…}" : text(target))
        }
    }

    /// A walk along the chain of siblings. It holds the nodes only, so the document may be read meanwhile.
    struct Children: Sequence, IteratorProtocol {
        let nodes: [Node]
        var following: UInt32

        mutating func next() -> NodeID? {
            guard following != Node.none else { return nil }
            let id = NodeID(index: following)
            following = nodes[Int(following)].next
            return id
        }
    }

    struct Entries: Sequence, IteratorProtocol {
        var children: Children

        mutating func next() -> (key: NodeID, value: NodeID)? {
            guard let key = children.next(), let value = children.next() else { return nil }
            return (key, value)
        }
    }
}

/// `text` between quotation marks, control characters escaped, cut after 80 characters.
func quote(_ text: String) -> String {
    var shown = "\""
    var count = 0
    for scalar in text.unicodeScalars {
        if count == 80 {
            shown += "…"
            break
        }
        count += 1
        switch scalar {
        case "\n": shown += "\\n"
        case "\r": shown += "\\r"
        case "\t": shown += "\\t"
        case "\"": shown += "\\\""
        case _ where scalar.value < 0x20 || scalar.value == 0x7f: shown += "\\u{\(String(scalar.value, radix: 16))}"
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return shown + "\""
}
