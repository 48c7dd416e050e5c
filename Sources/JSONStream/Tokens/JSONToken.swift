/// What stands next in a document.
///
/// Names, strings, numbers and literals come as their raw text, quotes and escapes included, because most of it is
/// passed on as it is. A text that is cut by the end of a piece comes in fragments: the first has `isFirst`, the last
/// `isLast`, and one that came whole has both. A last fragment may be empty: only the byte behind a number ends it.
package struct JSONToken: Sendable, Hashable {
    package enum Kind: UInt8, Sendable {
        case objectStart, objectEnd, arrayStart, arrayEnd
        /// A member's name. Its value follows.
        case key
        case string, number, `true`, `false`, null
        /// All input is used, and there may be more.
        case needMore
        /// The document is complete and has no more bytes.
        case end
        /// The document is refused; for this module's own loops, which do not throw. Never in a token.
        case failed
    }

    package var kind: Kind
    /// Where it stands in the piece.
    package var start: Int
    package var end: Int
    var flags: UInt8

    package var isFirst: Bool { flags & Self.first != 0 }
    package var isLast: Bool { flags & Self.last != 0 }
    /// There is a backslash in the text so far. Without one, the bytes between the quotes are the string.
    package var isEscaped: Bool { flags & Self.escaped != 0 }

    static let first: UInt8 = 1
    static let last: UInt8 = 2
    static let escaped: UInt8 = 4
    static let whole: UInt8 = 3
}
