/// Questions about eight bytes at once, for the loops that look at every byte of a head.
///
/// A word is loaded so that its lowest byte is the first in memory. Each answer has the high bit of a byte set where the
/// byte fits, and only ever there: no sum carries into a neighbour, because high bits are masked out before.
enum Words {
    @inline(__always)
    static func load(_ at: UnsafePointer<UInt8>) -> UInt64 {
        // Eight bytes must be there; the callers see to that.
        unsafe UInt64(littleEndian: UnsafeRawPointer(at).loadUnaligned(as: UInt64.self))
    }

    /// Bytes below 0x20, and 0x7f: control characters, HTAB among them.
    @inline(__always)
    static func controls(_ word: UInt64) -> UInt64 {
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        let atLeastSpace = low &+ 0x6060_6060_6060_6060
        let isDelete = low &+ 0x0101_0101_0101_0101
        return (~atLeastSpace | isDelete) & ~word & 0x8080_8080_8080_8080
    }

    /// Colons.
    @inline(__always)
    static func colons(_ word: UInt64) -> UInt64 {
        let difference = word ^ 0x3A3A_3A3A_3A3A_3A3A
        let low = difference & 0x7F7F_7F7F_7F7F_7F7F
        return ~(low &+ 0x7F7F_7F7F_7F7F_7F7F) & ~difference & 0x8080_8080_8080_8080
    }

    /// Which byte is the first that fits; there must be one.
    @inline(__always)
    static func first(_ marks: UInt64) -> Int { marks.trailingZeroBitCount &>> 3 }
}
