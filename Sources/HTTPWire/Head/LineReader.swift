#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Finds lines in the bytes that a scanner has copied into its block's arena.
///
/// A line is handed out only when it is complete. So a scanner sees the same lines however the bytes were cut on their
/// way, and gives the same head or the same error; and since the search goes on where it stopped, a client that sends
/// byte by byte costs no more than one that sends at once.
struct LineReader {
    /// Where the line that is not yet complete starts.
    var lineStart = 0
    /// Up to here no LF was found in it.
    var searched = 0

    /// Input is copied into the arena in pieces of this size, so that of a body which follows the head no more than
    /// this is copied in vain.
    static let window = 4096

    /// The end of the next line's content, which is where its CR stands, or -1 if the line is not complete.
    /// The next line starts two bytes further.
    ///
    /// - Parameter limit: the offset that the line may reach with its line end. A line that goes beyond is too long
    ///   before it is anything else, however much of it has arrived; so the error does not depend on how the bytes were
    ///   cut.
    @inline(__always)
    mutating func next(in block: HeaderBlock, limit: Int, orThrow tooLong: WireError) throws(WireError) -> Int {
        let count = block.arena.count
        // The range searched lies within the arena.
        let base = unsafe block.arena.base
        guard let found = unsafe memchr(base + searched, 0x0A, count &- searched) else {
            searched = count
            if count > limit { throw tooLong }
            return -1
        }
        let lineFeed = unsafe found - UnsafeMutableRawPointer(base)
        searched = lineFeed &+ 1
        if searched > limit { throw tooLong }
        // Not before the line's start, so within the arena.
        guard lineFeed > lineStart, unsafe base[lineFeed &- 1] == 0x0D else { throw .bareLF }
        return lineFeed &- 1
    }

    /// Continues with the line behind the one that ended at `end`.
    @inline(__always)
    mutating func move(behind end: Int) { lineStart = end &+ 2 }
}
