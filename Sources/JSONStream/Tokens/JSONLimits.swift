/// What a document may cost, and what is made of the two things that RFC 8259 leaves open.
package struct JSONLimits: Sendable, Hashable {
    /// Open objects and arrays at once; at most `deepest`.
    package var depth: Int
    /// Bytes of the document, white space included.
    package var size: Int
    /// Accept `\ud800` without its other half. It then passes as it is written, and reads as U+FFFD where it is
    /// decoded. Refused if not asked for: what is one name to one reader and another to the next is a way around rules.
    package var keepsLoneSurrogates: Bool

    /// The largest depth: the tokeniser keeps one bit a level, in itself.
    package static let deepest = 1024
    /// Offsets are kept in 32 bits where there are many of them.
    package static let largest = Int(Int32.max)

    package init(depth: Int = 128, size: Int = largest, keepsLoneSurrogates: Bool = false) {
        self.depth = min(max(depth, 0), Self.deepest)
        self.size = min(max(size, 0), Self.largest)
        self.keepsLoneSurrogates = keepsLoneSurrogates
    }
}
