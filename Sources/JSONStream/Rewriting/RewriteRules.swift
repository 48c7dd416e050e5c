/// The operations as a machine that walks down a document: in each object or array, it is at some of these nodes.
///
/// A node stands for the beginning of one or more paths. Going to a child of the document, the machine goes to the nodes
/// that the child's name or position leads to; one that `loops` also stays where it is, which makes descendants. Plain
/// names are children of a node that loops from the root on. What is to be done with a value is written at the nodes
/// that it leads to.
///
/// Everything lies in flat blocks, because each name of a document is looked up here. Immutable once made, hence
/// sendable.
@safe
final class RewriteRules: @unchecked Sendable {
    /// Where a name leads to.
    struct Name {
        var start: Int32
        var count: Int32
        /// The node, or -1.
        var child: Int32
        /// The rename that makes this name in this object, or -1.
        var target: Int32
    }

    struct Position {
        /// Every so many elements from the first on, up to before the last.
        var first: Int
        var last: Int
        var step: Int
        var child: Int32
    }

    struct Node {
        /// One bit for each hash of a name, so that nearly all names need no comparison.
        var filter: UInt64 = 0
        var names: Int32 = 0
        var nameCount: Int32 = 0
        var positions: Int32 = 0
        var positionCount: Int32 = 0
        var wildcard: Int32 = -1
        /// The node of the descendants of this one.
        var descendants: Int32 = -1
        var loops = false
        var removes = false
        var keeps = false
        /// The value that is set; -1 for none.
        var value: Int32 = -1
        var isDefault = false
        /// The rename of what leads here; -1 for none.
        var rename: Int32 = -1
        /// Members may have to be added to an object at this node.
        var adds = false
    }

    struct Blocks {
        var nodes: [Node] = []
        var names: [Name] = []
        var positions: [Position] = []
        var bytes: [UInt8] = []
        /// As they are written.
        var quotedNames: [[UInt8]] = []
        /// New names, in quotes, and for each the name itself.
        var renames: [(text: [UInt8], name: [UInt8])] = []
        var values: [RewriteValue] = []
        /// Paths that are looked up in the whole document, and the nodes that their values lead to.
        var marks: [(path: JSONPath, node: Int32)] = []
        var keeps = false
        /// Members may have to be added to objects.
        var adds = false
        /// What is taken from a place gives way to what is put there.
        var moves = false
    }

    let blocks: Blocks
    let nodes: UnsafeMutablePointer<Node>
    let names: UnsafeMutablePointer<Name>
    let positions: UnsafeMutablePointer<Position>
    let bytes: UnsafeMutablePointer<UInt8>

    init(_ blocks: Blocks) {
        self.blocks = blocks
        unsafe nodes = Self.copy(blocks.nodes)
        unsafe names = Self.copy(blocks.names)
        unsafe positions = Self.copy(blocks.positions)
        unsafe bytes = Self.copy(blocks.bytes)
    }

    /// Trivial values, freed with this object and never written again.
    private static func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
        for (index, element) in elements.enumerated() { unsafe (copy + index).initialize(to: element) }
        return unsafe copy
    }

    deinit {
        unsafe nodes.deallocate()
        unsafe names.deallocate()
        unsafe positions.deallocate()
        unsafe bytes.deallocate()
    }

    /// The bit of a name in a node's filter.
    @inline(__always)
    static func bit(_ name: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        guard count > 0 else { return 1 }
        // The name has a first byte and a last.
        let first = unsafe UInt64(name[0])
        let last = unsafe UInt64(name[count &- 1])
        let hash = first &* 31 &+ last &* 7 &+ UInt64(truncatingIfNeeded: count) &* 11
        return 1 &<< (hash & 63)
    }

    /// The entry of a name at a node; -1 if there is none. The filter has said that there may be one.
    func find(_ name: UnsafePointer<UInt8>, _ count: Int, at node: Int) -> Int {
        // Nodes and names refer to each other by places that the compiler of the rules has made.
        let start = unsafe Int(nodes[node].names)
        let end = unsafe start + Int(nodes[node].nameCount)
        next: for index in start..<end {
            let entry = unsafe names[index]
            guard Int(entry.count) == count else { continue }
            for offset in 0..<count where unsafe bytes[Int(entry.start) + offset] != name[offset] { continue next }
            return index
        }
        return -1
    }
}

/// What a member is set to.
enum RewriteValue: Sendable {
    case text([UInt8])
    /// What a move has taken out, by its number; nothing if there was nothing.
    case slot(Int)
    /// What a template has made of this document and its inputs, by its number; nothing leaves the member out.
    case made(Int)
}
