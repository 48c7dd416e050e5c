/// Numbers as text, written straight into the arena: `String(_:radix:)` would allocate.
extension ByteArena {
    /// The decimal digits of `value`.
    func append(decimal value: Int) {
        if value < 0 { append(byte: UInt8(ascii: "-")) }
        reserve(DecimalDigits.longest)
        // Room for any number, as just made.
        commit(unsafe DecimalDigits.write(UInt64(value.magnitude), to: base + count))
    }

    /// The hexadecimal digits of `value` in lower case; nothing on the wire is negative, so negative counts as zero.
    func append(hex value: Int) {
        var rest = UInt64(max(value, 0))
        let length = max((64 - rest.leadingZeroBitCount + 3) / 4, 1)
        reserve(length)
        var position = count + length
        while position > count {
            position -= 1
            let digit = UInt8(truncatingIfNeeded: rest & 0xF)
            rest >>= 4
            // Within the room reserved above.
            unsafe base[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
        commit(length)
    }
}
