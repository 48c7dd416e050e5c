/// One node of the trie: a path prefix of one or more routes, or a host.
///
/// A node is the child of one parent by one literal segment, so the edge is stored in the child: who its parent is and
/// where its text stands. 32 bytes, two to a cache line.
struct TrieNode: BitwiseCopyable, Sendable {
    static let none = UInt32.max

    var parent: UInt32
    var textStart: UInt32
    var textCount: UInt16
    /// 1 when some literal leads on from here; without one a walk need not look.
    var hasLiterals: UInt16 = 0
    /// The child for a segment of any text: `{id}`.
    var parameterChild: UInt32 = none
    /// Candidate lists (offsets into `SegmentTrie.candidates`): of patterns that end here …
    var exact: UInt32 = none
    /// … whose `{x+}` or final `*` stands here …
    var oneOrMore: UInt32 = none
    /// … whose `**` stands here …
    var noneOrMore: UInt32 = none
    /// … and regular expressions whose literal prefix ends here.
    var regex: UInt32 = none
}

/// A route in the list of a node, with what decides most cases at once, so that a refused candidate costs no further
/// memory access.
struct Candidate: BitwiseCopyable, Sendable {
    var route: UInt32
    var flags: UInt32
    /// The methods it takes, HEAD where it takes GET.
    var methods: UInt64

    /// The last one of its list.
    static let last: UInt32 = 1
    /// Has conditions beyond path, host and method.
    static let conditional: UInt32 = 2
    /// Names HEAD itself.
    static let namesHead: UInt32 = 4
    /// Has named parameters.
    static let capturing: UInt32 = 16
    /// Has a method list.
    static let namesMethods: UInt32 = 8

    @inline(__always)
    func has(_ flag: UInt32) -> Bool { flags & flag != 0 }
}

/// All hosts and path patterns of a table as one trie, flattened: one array of nodes, one open-addressing table that finds
/// a node's child by segment, one array of candidate lists, one of text.
///
/// 1. A lookup hashes (parent, segment), probes, and compares the bytes; its cost does not depend on how many routes
///    there are. At most half of the slots are taken, so runs are short.
/// 2. Hosts and service names are children of pseudo parents, so they need no tables of their own.
/// 3. Every node has one parent, and a walk goes down one level a segment. So a walk with backtracking enters each node
///    at most once, whatever the request is: there is no exponential case to guard against.
struct SegmentTrie: Sendable {
    /// Pseudo parents. Node indices stay far below.
    static let exactHosts = UInt32.max - 1
    static let wildcardHosts = UInt32.max - 2
    static let serviceNames = UInt32.max - 3

    struct Slot: BitwiseCopyable, Sendable {
        var node: UInt32
        var tag: UInt32
    }

    let nodes: FlatArray<TrieNode>
    let slots: FlatArray<Slot>
    let candidates: FlatArray<Candidate>
    let text: FlatArray<UInt8>

    /// Frees the blocks; for the owner.
    func deallocate() {
        nodes.deallocate()
        slots.deallocate()
        candidates.deallocate()
        text.deallocate()
    }

    /// Where to begin looking, and what to compare before the bytes.
    @inline(__always)
    static func key(_ parent: UInt32, _ hash: UInt64) -> UInt64 {
        let product = (hash ^ UInt64(parent)).multipliedFullWidth(by: 0x9FB2_1C65_1E98_DF25)
        return product.high ^ product.low
    }

    /// The child of `parent` by the segment `bytes[start..<end]`; `TrieNode.none` when there is none.
    @inline(__always)
    func child(of parent: UInt32, _ bytes: Span<UInt8>, _ start: Int, _ end: Int, hash: UInt64) -> UInt32 {
        let key = Self.key(parent, hash)
        let mask = slots.count &- 1
        var index = Int(truncatingIfNeeded: key) & mask
        let tag = UInt32(truncatingIfNeeded: key &>> 32)
        while true {
            let slot = slots[index]
            if slot.node == TrieNode.none { return TrieNode.none }
            if slot.tag == tag, isChild(slot.node, parent, bytes, start, end) { return slot.node }
            index = (index &+ 1) & mask
        }
    }

    @inline(__always)
    private func isChild(_ index: UInt32, _ parent: UInt32, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        let node = nodes[Int(index)]
        guard node.parent == parent, Int(node.textCount) == end &- start else { return false }
        let offset = Int(node.textStart)
        for position in 0..<(end &- start) where text[offset &+ position] != bytes[start &+ position] { return false }
        return true
    }
}
