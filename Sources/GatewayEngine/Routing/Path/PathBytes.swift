/// Classes of path bytes, as bitmaps in constants: one shift answers, and no table has to be loaded or initialised.
enum PathBytes {
    /// Bytes at which the normaliser's fast pass stops for a closer look: `%`, `/`, `;`, `\`, and all that may not
    /// stand in a path at all (controls, space, DEL; beyond ASCII is tested apart).
    private static let notableLow: UInt64 = 0x0800_8021_FFFF_FFFF
    private static let notableHigh: UInt64 = 0x8000_0000_1000_0000

    /// RFC 3986 §2.3: letters, digits, `-`, `.`, `_`, `~`.
    private static let unreservedLow: UInt64 = 0x03FF_6000_0000_0000
    private static let unreservedHigh: UInt64 = 0x47FF_FFFE_87FF_FFFE

    @inline(__always)
    static func isNotable(_ byte: UInt8) -> Bool { isIn(byte, notableLow, notableHigh) || byte >= 0x80 }

    @inline(__always)
    static func isUnreserved(_ byte: UInt8) -> Bool { isIn(byte, unreservedLow, unreservedHigh) }

    /// May stand in a path as it is: visible ASCII but `?` and `#`. (`?` and `#` cannot reach a path from a request line.)
    @inline(__always)
    static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    @inline(__always)
    private static func isIn(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        let word = byte & 0x40 == 0 ? low : high
        return byte < 0x80 && (word &>> UInt64(byte & 0x3F)) & 1 != 0
    }

    /// The value of a hexadecimal digit; 0xFF when it is none.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8 {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = byte | 0x20
        return letter &- 0x61 < 6 ? letter &- 0x61 &+ 10 : 0xFF
    }

    /// The upper-case digit of a value below 16.
    @inline(__always)
    static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 0x30 : value &- 10 &+ 0x41 }

    @inline(__always)
    static func lowercase(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
