/// Numbers as text, written straight into the arena: `String(_:radix:)` would allocate.
extension ByteArena {
    /// The decimal digits of `value`.
    func append(decimal value: Int) {
        if value < 0 { append(byte: UInt8(ascii: "-")) }
        append(digitsOf: UInt64(value.magnitude), radixBits: 0)
    }

    /// The hexadecimal digits of `value` in lower case; nothing on the wire is negative, so negative counts as zero.
    func append(hex value: Int) {
        append(digitsOf: UInt64(max(value, 0)), radixBits: 4)
    }

    /// Writes from the last digit backwards into reserved room: 20 digits hold any 64-bit number in decimal, 16 in hex.
    private func append(digitsOf value: UInt64, radixBits: UInt64) {
        reserve(20)
        var rest = value
        var length = 1
        var probe = radixBits == 0 ? value / 10 : value >> radixBits
        while probe != 0 {
            probe = radixBits == 0 ? probe / 10 : probe >> radixBits
            length += 1
        }
        var position = count + length
        repeat {
            let digit = UInt8(truncatingIfNeeded: radixBits == 0 ? rest % 10 : rest & 0xF)
            rest = radixBits == 0 ? rest / 10 : rest >> radixBits
            position -= 1
            // Within the room reserved above: `position` runs from count + length - 1 down to count.
            unsafe base[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        } while rest != 0
        commit(length)
    }
}
