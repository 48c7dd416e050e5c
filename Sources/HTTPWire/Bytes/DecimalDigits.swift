/// Decimal digits of numbers, written into memory that the caller has made room in.
///
/// Four digits at a time from the highest on, by multiplying where one would divide: no loop over single digits, and no
/// counting of them beforehand. Lengths, statuses and times of a log have few digits, so small numbers come first.
package enum DecimalDigits {
    /// The digits of any 64-bit number.
    package static let longest = 20

    /// Writes the digits of `value`, without leading zeros, and returns how many there are.
    ///
    /// - Parameter target: has room for `longest` bytes.
    package static func write(_ value: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
        if value < 100 {
            // Within the room that the caller promised, as are all below.
            if value >= 10 {
                unsafe writePair(value, to: target)
                return 2
            }
            unsafe target[0] = digit(value)
            return 1
        }
        if value < 10_000 {
            let high = value / 100
            if high >= 10 {
                unsafe writeFour(value, to: target)
                return 4
            }
            unsafe target[0] = digit(high)
            unsafe writePair(value &- high &* 100, to: target + 1)
            return 3
        }
        let high = value / 10_000
        // At most four times one inside the other: 20 digits are five fours.
        let length = unsafe write(high, to: target)
        unsafe writeFour(value &- high &* 10_000, to: target + length)
        return length &+ 4
    }

    /// Three digits of a number below 1,000, leading zeros included.
    package static func writeThree(_ value: UInt64, to target: UnsafeMutablePointer<UInt8>) {
        let high = value / 100
        unsafe target[0] = digit(high)
        unsafe writePair(value &- high &* 100, to: target + 1)
    }

    @inline(__always)
    private static func writeFour(_ value: UInt64, to target: UnsafeMutablePointer<UInt8>) {
        let high = value / 100
        unsafe writePair(high, to: target)
        unsafe writePair(value &- high &* 100, to: target + 2)
    }

    @inline(__always)
    private static func writePair(_ value: UInt64, to target: UnsafeMutablePointer<UInt8>) {
        // A tenth of a number below 100.
        let tens = (value &* 103) &>> 10
        unsafe target[0] = digit(tens)
        unsafe target[1] = digit(value &- tens &* 10)
    }

    @inline(__always)
    private static func digit(_ value: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: value) &+ UInt8(ascii: "0") }
}
