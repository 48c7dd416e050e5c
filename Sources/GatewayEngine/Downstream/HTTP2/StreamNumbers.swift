/// Which numbers of streams a client has used lately.
///
/// Numbers only go up (RFC 9113 §5.1.1). A header block on a lower one may be the trailers of a stream that is open, or
/// was until we ended it; on one that was passed over it is an error of the connection. The last 64 are remembered, one
/// bit each; the library ignores what comes for older ones.
struct StreamNumbers {
    private var highest: UInt32 = 0
    /// Bit n stands for `highest - 2n`.
    private var used: UInt64 = 0

    /// A header block begins on this stream. False: that cannot be.
    mutating func note(_ number: UInt32) -> Bool {
        // What a client may not open at all is for the library to say.
        guard number & 1 == 1 else { return true }
        if number > highest {
            let steps = UInt64(number - highest) / 2
            used = highest == 0 || steps >= 64 ? 1 : used << steps | 1
            highest = number
            return true
        }
        let steps = UInt64(highest - number) / 2
        return steps >= 64 || used & (1 << steps) != 0
    }
}
