/// Base64 with the URL's alphabet and without padding (RFC 4648 §5, RFC 7515 §2), strictly: each text stands for one
/// value and each value has one text.
///
/// So padding, blanks, line ends, the characters `+` and `/`, a length that no value has, and last bits that are not
/// zero are all refused. A decoder that forgives them lets one token be written in many ways, and whatever recognises a
/// token by its text (a cache, a list of revoked ones) can be walked around.
package enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The value of each byte; 64 and above for those that are not in the alphabet.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    /// The bytes that `text` stands for, or nil where it is not the one spelling of any.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        let rest = text.count % 4
        guard rest != 1 else { return nil }
        let table = values
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 2)

        var position = 0
        while position + 4 <= text.count {
            let first = table[Int(text[position])]
            let second = table[Int(text[position + 1])]
            let third = table[Int(text[position + 2])]
            let fourth = table[Int(text[position + 3])]
            // The four are asked at once: only a value outside of the alphabet has one of the two high bits.
            guard (first | second | third | fourth) < 64 else { return nil }
            bytes.append(first << 2 | second >> 4)
            bytes.append(second << 4 | third >> 2)
            bytes.append(third << 6 | fourth)
            position += 4
        }
        guard rest != 0 else { return bytes }

        let first = table[Int(text[position])]
        let second = table[Int(text[position + 1])]
        guard (first | second) < 64 else { return nil }
        bytes.append(first << 2 | second >> 4)
        if rest == 2 { return second & 0x0F == 0 ? bytes : nil }
        let third = table[Int(text[position + 2])]
        guard third < 64, third & 0x03 == 0 else { return nil }
        bytes.append(second << 4 | third >> 2)
        return bytes
    }

    /// The one text of `bytes`.
    package static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var window: UInt32 = 0
        var bits = 0
        for index in bytes.indices {
            window = window << 8 | UInt32(bytes[index])
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(window >> UInt32(bits)) & 63])
            }
        }
        if bits > 0 { text.append(alphabet[Int(window << UInt32(6 - bits)) & 63]) }
        return text
    }
}
