/// Questions about eight bytes at once, for the loops that look at every byte of a document.
///
/// A word is loaded so that its lowest byte is the first in memory. An answer has the high bit set in each byte that
/// fits; borrows may set further ones, but only behind one that is rightly set, so the first is always right.
enum Words {
    @inline(__always)
    static func load(_ at: UnsafePointer<UInt8>) -> UInt64 {
        // Eight bytes must be there; the callers see to that.
        unsafe UInt64(littleEndian: UnsafeRawPointer(at).loadUnaligned(as: UInt64.self))
    }

    /// What ends a run of plain text in a string: a quote, a backslash, a control character, a byte beyond ASCII.
    ///
    /// The last are marked by their own high bit. In the others the high bit is clear, so each subtraction sets it just
    /// where the byte is zero or too small.
    @inline(__always)
    static func stops(_ word: UInt64) -> UInt64 {
        let quote = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
        let backslash = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
        let control = word &- 0x2020_2020_2020_2020
        return (quote | backslash | control | word) & 0x8080_8080_8080_8080
    }

    /// Which byte is the first that fits; there must be one.
    @inline(__always)
    static func first(_ marks: UInt64) -> Int { marks.trailingZeroBitCount &>> 3 }

    static let spaces: UInt64 = 0x2020_2020_2020_2020
}
