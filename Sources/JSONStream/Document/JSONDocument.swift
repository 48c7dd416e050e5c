/// A complete document with an index of where its values stand: what claims, keys, filters and templates read from.
///
/// There is no tree: the bytes stay as they are, and beside them lies one flat array, an entry for each name and value
/// in the order of the document. An entry knows its range of bytes and which entry follows it and all that is inside
/// it, so stepping over a value costs the same whatever its size. Strings and numbers are decoded when somebody asks.
///
/// Names that stand twice in an object are refused unless asked for otherwise: two readers that take different ones of
/// the two are a way around every rule that reads claims or fields. Names are compared by what they mean, so `"\u0061"`
/// is `"a"`. Where they are kept, `member` gives the last, as most readers do, and a path finds each.
package struct JSONDocument: Sendable {
    package enum Duplicates: Sendable {
        case refuse, keep
    }

    /// 16 bytes a name or value. Behind an object's entry come its names, each before its value; behind an array's its
    /// elements.
    package struct Entry: Sendable {
        package var start: UInt32
        package var end: UInt32
        /// The entry behind this one and what is inside it. While an object or array is open: the one around it.
        package var next: UInt32
        package var kind: JSONToken.Kind
        package var isEscaped: Bool
    }

    package let bytes: [UInt8]
    /// For those who walk documents faster than nodes do.
    package let entries: [Entry]

    package init(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits(), duplicates: Duplicates = .refuse
    ) throws(JSONError) {
        self.bytes = bytes
        var builder = JSONIndexBuilder(limits: limits, duplicates: duplicates)
        // The pointer is used within the call only.
        let error = unsafe bytes.withUnsafeBufferPointer { unsafe builder.build($0) }
        if let error { throw error }
        entries = builder.entries
    }

    package var root: JSONNode { JSONNode(document: self, index: 0) }

    /// The value at a place among the entries.
    package func node(_ index: Int) -> JSONNode { JSONNode(document: self, index: index) }

    /// The value at `pointer`, if there is one.
    package func node(at pointer: JSONPointer) -> JSONNode? { pointer.find(from: root) }
}
