internal import HTTPWire

/// Base64 (RFC 4648 §4) in pieces, as gRPC-Web's text has it: each piece may end with padding of its own.
enum Base64Text {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// Appends the bytes as text, padded.
    static func write(_ bytes: Span<UInt8>, into buffer: WireBuffer) {
        var index = 0
        while index < bytes.count {
            let count = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if count > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if count > 2 { group |= UInt32(bytes[index + 2]) }
            for place in 0..<4 {
                let value = Int(group >> UInt32(18 - 6 * place)) & 63
                // Below 64, which is how long the constant is.
                buffer.append(byte: place <= count ? unsafe alphabet.utf8Start[value] : UInt8(ascii: "="))
            }
            index += count
        }
    }

    /// Reads text that comes in pieces, cut anywhere.
    struct Reader {
        private var bits: UInt32 = 0
        /// Characters of the present group of four, and how many of them are padding.
        private var count = 0
        private var padding = 0

        var isBetweenGroups: Bool { count == 0 }

        /// False: that is no base64. What was appended until then is of no use.
        mutating func read(_ text: Span<UInt8>, into buffer: WireBuffer) -> Bool {
            for index in text.indices {
                if text[index] == UInt8(ascii: "=") {
                    if count < 2 { return false }
                    padding += 1
                    bits <<= 6
                } else {
                    guard padding == 0, let value = Reader.value(text[index]) else { return false }
                    bits = bits << 6 | UInt32(value)
                }
                count += 1
                if count == 4 { endGroup(into: buffer) }
            }
            return true
        }

        private mutating func endGroup(into buffer: WireBuffer) {
            buffer.append(byte: UInt8(truncatingIfNeeded: bits >> 16))
            if padding < 2 { buffer.append(byte: UInt8(truncatingIfNeeded: bits >> 8)) }
            if padding < 1 { buffer.append(byte: UInt8(truncatingIfNeeded: bits)) }
            bits = 0
            count = 0
            padding = 0
        }

        private static func value(_ letter: UInt8) -> UInt8? {
            switch letter {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): letter - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): letter - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): 62
            case UInt8(ascii: "/"): 63
            default: nil
            }
        }
    }
}
