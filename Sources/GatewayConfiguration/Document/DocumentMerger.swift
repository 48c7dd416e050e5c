/// Joins the fragments of a directory: lists appended in the order of the file names, mappings merged key by key, and
/// the same scalar in two places an error, since no order of files should decide which of two values counts.
struct DocumentMerger {
    var document: Document
    var findings = Findings()

    /// Joins `other` into `base`; both are roots in `document`.
    mutating func merge(_ other: NodeID, into base: NodeID) {
        let added = document.node(other)
        let existing = document.node(base)
        switch (existing.kind, added.kind) {
        case (.mapping, .mapping): mergeMappings(other, into: base)
        case (.sequence, .sequence): appendChildren(of: other, to: base)
        case (.mapping, .plain) where added.count == 0, (.sequence, .plain) where added.count == 0:
            break  // an empty fragment adds nothing
        default:
            let first = document.location(document.resolve(base))
            findings.error(
                at: document.location(document.resolve(other)),
                "\(document.display(other)) is given a second time; first at \(first)",
                fix: "keep one of the two: only lists and mappings are joined")
        }
    }

    /// By symbol, in linear time: a directory may hold thousands of services in as many files.
    private mutating func mergeMappings(_ other: NodeID, into base: NodeID) {
        let target = document.resolve(base)
        var values: [UInt32: NodeID] = [:]
        var last: NodeID?
        for (key, value) in document.entries(target) {
            values[document.nodes[Int(key.index)].first] = value
            last = value
        }
        for (key, value) in Array(document.entries(other)) {
            let symbol = document.nodes[Int(key.index)].first
            if let present = values[symbol] {
                let own = document.nodes[Int(present.index)].kind == .alias ? unshare(present) : present
                merge(value, into: own)
                continue
            }
            // The entry moves over: its nodes are hung behind the last ones.
            document.nodes[Int(value.index)].next = Node.none
            if let last {
                document.nodes[Int(last.index)].next = key.index
            } else {
                document.nodes[Int(target.index)].first = key.index
            }
            document.nodes[Int(target.index)].count += 1
            last = value
        }
    }

    /// The children are chained: appending is one link.
    private mutating func appendChildren(of other: NodeID, to base: NodeID) {
        let target = document.resolve(base)
        let children = Array(document.children(other))
        guard let first = children.first else { return }
        if let last = Array(document.children(target)).last {
            document.nodes[Int(last.index)].next = first.index
        } else {
            document.nodes[Int(target.index)].first = first.index
        }
        document.nodes[Int(target.index)].count += UInt32(children.count)
    }

    /// Turns an alias into a container of its own whose children are aliases, so that adding to it leaves what it stood
    /// for as it was.
    private mutating func unshare(_ id: NodeID) -> NodeID {
        let target = document.resolve(id)
        let original = document.nodes[Int(target.index)]
        guard original.kind == .sequence || original.kind == .mapping else { return id }
        var last = Node.none
        var first = Node.none
        for child in Array(document.children(target)) {
            var copy = document.nodes[Int(child.index)]
            if copy.kind != .key, copy.kind != .alias {
                copy.kind = .alias
                copy.first = child.index
            }
            copy.next = Node.none
            let index = UInt32(document.nodes.count)
            document.nodes.append(copy)
            if last == Node.none { first = index } else { document.nodes[Int(last)].next = index }
            last = index
        }
        document.nodes[Int(id.index)].kind = original.kind
        document.nodes[Int(id.index)].first = first
        document.nodes[Int(id.index)].count = original.count
        return id
    }
}
