/// Questions about eight bytes at once, for the loops that look at every byte of a head.
///
/// A word is loaded so that its lowest byte is the first in memory. Each answer has the high bit of a byte set where
/// the byte fits. Borrows and carries may set further ones, as each function says, but they never hide one.
enum Words {
    @inline(__always)
    static func load(_ at: UnsafePointer<UInt8>) -> UInt64 {
        // Eight bytes must be there; the callers see to that.
        unsafe UInt64(littleEndian: UnsafeRawPointer(at).loadUnaligned(as: UInt64.self))
    }

    /// Bytes below 0x20, and 0x7f: control characters, HTAB among them.
    ///
    /// A borrow can only mark bytes behind one that is rightly marked. A carry comes from 0xff only, and marks a 0x7e
    /// behind it.
    @inline(__always)
    static func controls(_ word: UInt64) -> UInt64 {
        let belowSpace = word &- 0x2020_2020_2020_2020
        let delete = word &+ 0x0101_0101_0101_0101
        return (belowSpace | delete) & ~word & 0x8080_8080_8080_8080
    }

    /// Colons; and perhaps, behind the first, bytes that are none.
    @inline(__always)
    static func colons(_ word: UInt64) -> UInt64 {
        let difference = word ^ 0x3A3A_3A3A_3A3A_3A3A
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }

    /// Which byte is the first that fits; there must be one.
    @inline(__always)
    static func first(_ marks: UInt64) -> Int { marks.trailingZeroBitCount &>> 3 }
}
