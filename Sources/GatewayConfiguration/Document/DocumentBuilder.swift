/// What stops a file from being read at all, unlike a value that is wrong: its first occurrence ends the file.
struct ReadFailure: Error {
    var line: Int
    var column: Int
    var message: String
    var fix: String?
}

/// Turns the events of either front end into nodes, and enforces what both formats share: bounds, duplicate keys, and
/// anchors that cannot be used to blow the document up.
struct DocumentBuilder {
    /// Open containers, aliases followed. Checks and decoder recurse, so this also bounds their stack.
    static let maximumDepth = 64
    /// Nodes of one document; 5 million are 120 MB, fifty times the largest configuration foreseen.
    static let maximumNodes = 5_000_000
    /// Nodes that aliases may add by standing for others ("billion laughs").
    static let maximumExpansion = 1_000_000

    struct Position {
        var line: Int
        var column: Int
    }

    private struct Container {
        var id: UInt32
        var last: UInt32 = Node.none
        var isMapping: Bool
        var expectsKey: Bool
        var anchor: String?
        /// Nodes below, with every alias counted as what it stands for.
        var expanded = 0
        /// Levels below.
        var height = 0
    }

    private struct Anchor {
        var id: UInt32
        var expanded: Int
        var height: Int
    }

    var document: Document
    private(set) var root: NodeID?
    private(set) var duplicates: [Diagnostic] = []
    private let file: UInt16
    private var open: [Container] = []
    private var anchors: [String: Anchor] = [:]
    /// By symbol: where it was last a key, to find duplicates in linear time.
    private var lastUse: [KeyUse] = []

    private struct KeyUse {
        var mapping: UInt32
        var key: UInt32
    }

    init(document: consuming Document, file: String, sizeHint: Int) {
        self.document = document
        self.file = UInt16(truncatingIfNeeded: self.document.files.count)
        self.document.files.append(file)
        // About one node per ten bytes of text: one allocation instead of a series of copies.
        // A wrong guess costs a copy, or memory that is never touched and so never real.
        self.document.nodes.reserveCapacity(self.document.nodes.count + sizeHint / 10)
        self.document.bytes.reserveCapacity(self.document.bytes.count + sizeHint / 3)
    }

    /// Whether the next event at this place is a mapping's key.
    var expectsKey: Bool { open.last?.expectsKey ?? false }
    var isComplete: Bool { root != nil && open.isEmpty }

    mutating func key(_ text: Span<UInt8>, at position: Position) throws(ReadFailure) {
        let symbol = document.symbols.intern(text)
        _ = try append(.key, at: position, first: symbol, count: 0)
        open[open.count - 1].expectsKey = false
    }

    mutating func scalar(
        _ text: Span<UInt8>, quoted: Bool, anchor: String?, at position: Position
    ) throws(ReadFailure) {
        guard document.bytes.count + text.count < Int(UInt32.max) else {
            throw failure(position, "the file is too large")
        }
        let offset = UInt32(document.bytes.count)
        let id = try append(quoted ? .quoted : .plain, at: position, first: offset, count: UInt32(text.count))
        var dollar = false
        var holdsReference = false
        for index in text.indices {
            let byte = text[index]
            document.bytes.append(byte)
            if dollar, byte == UInt8(ascii: "{") { holdsReference = true }
            dollar = byte == UInt8(ascii: "$")
        }
        if holdsReference { document.references.append(NodeID(index: id)) }
        if let anchor { anchors[anchor] = Anchor(id: id, expanded: 1, height: 0) }
        try closeValue(expanded: 1, height: 0, at: position)
    }

    mutating func begin(mapping: Bool, anchor: String?, at position: Position) throws(ReadFailure) {
        guard open.count < Self.maximumDepth else {
            throw failure(position, "nested deeper than \(Self.maximumDepth) levels")
        }
        let id = try append(mapping ? .mapping : .sequence, at: position, first: Node.none, count: 0)
        open.append(Container(id: id, isMapping: mapping, expectsKey: mapping, anchor: anchor))
    }

    mutating func end(at position: Position) throws(ReadFailure) {
        guard let closed = open.popLast() else { throw failure(position, "an end without a beginning") }
        if closed.isMapping { findDuplicates(in: closed.id) }
        if let anchor = closed.anchor {
            anchors[anchor] = Anchor(id: closed.id, expanded: closed.expanded + 1, height: closed.height + 1)
        }
        try closeValue(expanded: closed.expanded + 1, height: closed.height + 1, at: position)
    }

    mutating func alias(_ name: String, at position: Position) throws(ReadFailure) {
        guard let anchor = anchors[name] else {
            throw failure(
                position, "the alias \(quote("*" + name)) has no anchor before it",
                fix: "write &\(name) before the value that it stands for, outside of that value")
        }
        // What is inside the anchor nests as deep again as it stands here.
        guard open.count + anchor.height <= Self.maximumDepth else {
            throw failure(position, "aliases nest deeper than \(Self.maximumDepth) levels")
        }
        _ = try append(.alias, at: position, first: anchor.id, count: 0)
        try closeValue(expanded: anchor.expanded, height: anchor.height, at: position)
    }

    /// Adds a node and hangs it behind its elder sibling.
    private mutating func append(
        _ kind: Node.Kind, at position: Position, first: UInt32, count: UInt32
    ) throws(ReadFailure) -> UInt32 {
        guard document.nodes.count < Self.maximumNodes else {
            throw failure(position, "more than \(Self.maximumNodes) values")
        }
        if open.isEmpty, root != nil { throw failure(position, "a second value after the first") }
        let id = UInt32(document.nodes.count)
        document.nodes.append(
            Node(
                kind: kind, file: file, line: UInt32(clamping: position.line),
                column: UInt32(clamping: position.column), first: first, count: count))
        guard !open.isEmpty else {
            root = NodeID(index: id)
            return id
        }
        let parent = open.count - 1
        if open[parent].last == Node.none {
            document.nodes[Int(open[parent].id)].first = id
        } else {
            document.nodes[Int(open[parent].last)].next = id
        }
        open[parent].last = id
        if !open[parent].isMapping || kind == .key { document.nodes[Int(open[parent].id)].count += 1 }
        return id
    }

    /// A value is complete: its parent learns its weight and, if a mapping, expects a key again.
    private mutating func closeValue(expanded: Int, height: Int, at position: Position) throws(ReadFailure) {
        guard !open.isEmpty else { return }
        let parent = open.count - 1
        open[parent].expanded += expanded
        open[parent].height = max(open[parent].height, height)
        if open[parent].isMapping { open[parent].expectsKey = true }
        if open[parent].expanded > Self.maximumExpansion + document.nodes.count {
            throw failure(position, "aliases expand to more than \(Self.maximumExpansion) values")
        }
    }

    /// One more walk over the keys when a mapping closes: each symbol remembers the mapping that used it last, so a second
    /// use within this one is seen at once, however many keys there are.
    private mutating func findDuplicates(in mapping: UInt32) {
        if lastUse.count < document.symbols.names.count {
            let missing = document.symbols.names.count - lastUse.count
            lastUse.append(contentsOf: repeatElement(KeyUse(mapping: Node.none, key: Node.none), count: missing))
        }
        var current = document.nodes[Int(mapping)].first
        while current != Node.none {
            let key = document.nodes[Int(current)]
            let earlier = lastUse[Int(key.first)]
            if earlier.mapping == mapping {
                let place = document.location(NodeID(index: earlier.key))
                let name = quote(document.symbols.names[Int(key.first)])
                duplicates.append(
                    Diagnostic(
                        .error, at: document.location(NodeID(index: current)),
                        "the key \(name) stands twice in one mapping; first at \(place)", fix: "keep one of the two"))
            } else {
                lastUse[Int(key.first)] = KeyUse(mapping: mapping, key: current)
            }
            guard key.next != Node.none else { return }
            current = document.nodes[Int(key.next)].next
        }
    }

    private func failure(_ position: Position, _ message: String, fix: String? = nil) -> ReadFailure {
        ReadFailure(line: position.line, column: position.column, message: message, fix: fix)
    }
}
