/// A stretch of an arena: where it starts and how many bytes it has.
///
/// The arenas of this module move when they grow, so nothing outside of a single synchronous function may hold a
/// pointer or a `Span` into one. What is remembered across calls are offsets, and these are 32 bits wide because no
/// head, field section or scratch buffer comes near 4 GiB: its limits are counted in kilobytes.
package struct ByteRange: Sendable, Hashable, BitwiseCopyable {
    package var start: UInt32
    package var count: UInt32

    package static let empty = ByteRange(start: 0, count: 0)

    package init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    /// From arena offsets. Both are offsets of ours, never numbers out of a message, and so fit by construction.
    init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: end - start)
    }

    package var isEmpty: Bool { count == 0 }

    /// The offset just behind the stretch.
    package var end: Int { Int(start) + Int(count) }
}
