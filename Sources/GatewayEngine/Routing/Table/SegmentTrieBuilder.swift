/// Puts a `SegmentTrie` together: nodes as routes come, candidate lists as chains, and everything flattened at the end.
struct SegmentTrieBuilder {
    enum List: Int, CaseIterable { case exact, oneOrMore, noneOrMore, regex }

    /// A candidate on the way: chains end in -1, newest first.
    struct Link {
        var candidate: Candidate
        var next: Int32
    }

    private(set) var nodes: [TrieNode] = []
    private var slots: [SegmentTrie.Slot]
    private var text: [UInt8] = []
    /// While building, a node's lists hold indices into `links`.
    private var links: [Link] = []
    private var usedSlots = 0

    /// Longer ones could not be matched anyway: a request line has less.
    static let maximumLiteral = Int(UInt16.max)

    private static let empty = SegmentTrie.Slot(node: TrieNode.none, tag: 0)

    init() { slots = Array(repeating: Self.empty, count: 64) }

    /// A node without parent: where the patterns of a host begin.
    mutating func addRoot() -> UInt32 {
        nodes.append(TrieNode(parent: TrieNode.none, textStart: 0, textCount: 0))
        return UInt32(nodes.count - 1)
    }

    /// The child of `parent` by a literal, made when it is missing. The literal has no slash in it and at most
    /// `maximumLiteral` bytes.
    mutating func child(of parent: UInt32, _ literal: Span<UInt8>) -> UInt32 {
        let hash = SegmentScanner.hash(literal)
        let key = SegmentTrie.key(parent, hash)
        let tag = UInt32(truncatingIfNeeded: key >> 32)
        var index = Int(truncatingIfNeeded: key) & (slots.count - 1)
        while slots[index].node != TrieNode.none {
            if slots[index].tag == tag, isChild(slots[index].node, parent, literal) { return slots[index].node }
            index = (index + 1) & (slots.count - 1)
        }
        let node = UInt32(nodes.count)
        nodes.append(TrieNode(parent: parent, textStart: UInt32(text.count), textCount: UInt16(literal.count)))
        if parent < UInt32(nodes.count) { nodes[Int(parent)].hasLiterals = 1 }
        for position in 0..<literal.count { text.append(literal[position]) }
        slots[index] = SegmentTrie.Slot(node: node, tag: tag)
        usedSlots += 1
        if usedSlots * 2 > slots.count { grow() }
        return node
    }

    mutating func parameterChild(of parent: UInt32) -> UInt32 {
        let existing = nodes[Int(parent)].parameterChild
        if existing != TrieNode.none { return existing }
        let node = UInt32(nodes.count)
        nodes.append(TrieNode(parent: TrieNode.none, textStart: 0, textCount: 0))
        nodes[Int(parent)].parameterChild = node
        return node
    }

    mutating func add(_ candidate: Candidate, to node: UInt32, _ list: List) {
        let head = self[node, list]
        links.append(Link(candidate: candidate, next: head == TrieNode.none ? -1 : Int32(head)))
        self[node, list] = UInt32(links.count - 1)
    }

    /// Flattens. `order` says whether one route's candidate comes before another's of the same list.
    mutating func finish(order: (Candidate, Candidate) -> Bool) -> SegmentTrie {
        var candidates: [Candidate] = []
        candidates.reserveCapacity(links.count)
        for node in nodes.indices {
            for list in List.allCases {
                let head = self[UInt32(node), list]
                guard head != TrieNode.none else { continue }
                self[UInt32(node), list] = UInt32(candidates.count)
                flatten(Int(head), into: &candidates, order: order)
            }
        }
        return SegmentTrie(
            nodes: FlatArray(nodes), slots: FlatArray(slots), candidates: FlatArray(candidates), text: FlatArray(text))
    }

    private func flatten(_ head: Int, into candidates: inout [Candidate], order: (Candidate, Candidate) -> Bool) {
        if links[head].next < 0 {
            candidates.append(links[head].candidate)
        } else {
            var list: [Candidate] = []
            var index = Int32(head)
            while index >= 0 {
                list.append(links[Int(index)].candidate)
                index = links[Int(index)].next
            }
            list.sort(by: order)
            candidates.append(contentsOf: list)
        }
        candidates[candidates.count - 1].flags |= Candidate.last
    }

    private func isChild(_ index: UInt32, _ parent: UInt32, _ literal: Span<UInt8>) -> Bool {
        let node = nodes[Int(index)]
        guard node.parent == parent, Int(node.textCount) == literal.count else { return false }
        return Bytes.has(text.span, at: Int(node.textStart), literal)
    }

    /// Twice the slots. The key is computed again from the text: loading is rare, and slots of 8 bytes are worth more.
    private mutating func grow() {
        slots = Array(repeating: Self.empty, count: slots.count * 2)
        for (index, node) in nodes.enumerated() where node.parent != TrieNode.none {
            let range = Int(node.textStart)..<(Int(node.textStart) + Int(node.textCount))
            let hash = SegmentScanner.hash(text.span.extracting(range))
            let key = SegmentTrie.key(node.parent, hash)
            var slot = Int(truncatingIfNeeded: key) & (slots.count - 1)
            while slots[slot].node != TrieNode.none { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = SegmentTrie.Slot(node: UInt32(index), tag: UInt32(truncatingIfNeeded: key >> 32))
        }
    }

    private subscript(node: UInt32, list: List) -> UInt32 {
        get {
            switch list {
            case .exact: nodes[Int(node)].exact
            case .oneOrMore: nodes[Int(node)].oneOrMore
            case .noneOrMore: nodes[Int(node)].noneOrMore
            case .regex: nodes[Int(node)].regex
            }
        }
        set {
            switch list {
            case .exact: nodes[Int(node)].exact = newValue
            case .oneOrMore: nodes[Int(node)].oneOrMore = newValue
            case .noneOrMore: nodes[Int(node)].noneOrMore = newValue
            case .regex: nodes[Int(node)].regex = newValue
            }
        }
    }
}
