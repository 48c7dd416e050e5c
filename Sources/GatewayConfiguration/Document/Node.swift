/// One value or key of the document, with its place: 24 bytes in one array, no object of its own.
///
/// A configuration with 100,000 routes has close to a million of these, so a node holds numbers only: text lies in the
/// document's byte arena, keys in its symbol table, and children are chained by index. Which meaning `first` and
/// `count` have depends on the kind:
///
/// | kind | first | count |
/// |---|---|---|
/// | plain, quoted | offset of the text in the arena | bytes |
/// | key | symbol | 0 |
/// | sequence | first child | children |
/// | mapping | first key (the value follows it, then the next key) | entries |
/// | alias | the node it stands for | 0 |
struct Node {
    enum Kind: UInt8 {
        /// A scalar without quotes: `true`, `12` and `null` mean what YAML's core schema says.
        case plain
        /// A scalar in quotes or a block: always a string.
        case quoted
        case key
        case sequence
        case mapping
        /// YAML's `*name`: stands for another node.
        case alias
    }

    static let none = UInt32.max

    var kind: Kind
    /// The scalar's text came (in part) from `${env:}` or `${file:}`: diagnostics show what was written instead.
    var substituted = false
    /// Index into the document's files.
    var file: UInt16
    /// Counted from 1.
    var line: UInt32
    /// Counted from 1, in characters.
    var column: UInt32
    var first: UInt32 = Node.none
    var count: UInt32 = 0
    /// The next sibling, `none` for the last.
    var next: UInt32 = Node.none
}

/// A node's index. A type of its own, so that it is never taken for a count or an offset.
struct NodeID: Hashable {
    var index: UInt32
}
