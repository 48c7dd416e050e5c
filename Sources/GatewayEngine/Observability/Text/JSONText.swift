/// What of a byte string can stand in JSON as it is, and what must be written otherwise.
///
/// Names and values that come from the network are bytes, not text: they may hold quotes, control characters and
/// sequences that are no UTF-8. Everything written here is valid JSON whatever came in: quotes, backslashes and control
/// characters (DEL too, for the sake of terminals) are escaped, and each ill-formed sequence becomes one U+FFFD, by the
/// rule of "maximal subparts" that decoders use (Unicode §3.9), so that no byte of a neighbour is swallowed.
enum JSONText {
    /// Whether a byte is a control character, `"`, `\`, or not ASCII.
    @inline(__always)
    static func needsAttention(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x22 || byte == 0x5C || byte >= 0x7F
    }

    /// The same for eight bytes at once. May say yes for a clean byte that stands behind one that is not, never no for
    /// one that needs attention.
    @inline(__always)
    static func needsAttention(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let quotes = word ^ (ones &* 0x22)
        let slashes = word ^ (ones &* 0x5C)
        let deletes = word ^ (ones &* 0x7F)
        let found =
            word | ((word &- ones &* 0x20) & ~word) | ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
            | ((deletes &- ones) & ~deletes)
        return found & tops != 0
    }

    /// How many bytes the well-formed UTF-8 sequence at `index` has; negative: an ill-formed one, to be skipped by that
    /// many bytes. The byte at `index` is at least 0x80.
    static func sequence(_ bytes: borrowing Span<UInt8>, at index: Int) -> Int {
        let lead = bytes[index]
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, low) = (3, 0xA0)  // below: longer than needed
        case 0xED: (length, high) = (3, 0x9F)  // above: surrogates
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, low) = (4, 0x90)
        case 0xF4: (length, high) = (4, 0x8F)  // above: beyond U+10FFFF
        case 0xF1...0xF3: length = 4
        default: return -1
        }
        var offset = 1
        while offset < length {
            guard index + offset < bytes.count else { return -offset }
            let byte = bytes[index + offset]
            guard byte >= low && byte <= high else { return -offset }
            (low, high) = (0x80, 0xBF)
            offset += 1
        }
        return length
    }
}

extension LineWriter {
    /// `bytes` as the inside of a JSON string.
    mutating func append(json bytes: borrowing Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            // The buffer is used within the call only.
            index = unsafe bytes.withUnsafeBufferPointer { unsafe appendPlainJSON($0, from: index) }
            guard index < bytes.count else { return }
            let byte = bytes[index]
            if byte < 0x80 {
                appendEscape(byte)
                index += 1
                continue
            }
            let length = JSONText.sequence(bytes, at: index)
            if length > 0 {
                append(bytes.extracting(index..<index + length))
                index += length
            } else {
                append("\u{FFFD}")
                index -= length
            }
        }
    }

    mutating func append(json text: String) {
        append(json: text.utf8.span)
    }

    /// `"text"`.
    mutating func append(quotedJSON text: String) {
        append(byte: UInt8(ascii: "\""))
        append(json: text)
        append(byte: UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        append(byte: UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte: byte)
        case 0x0A: append(byte: UInt8(ascii: "n"))
        case 0x0D: append(byte: UInt8(ascii: "r"))
        case 0x09: append(byte: UInt8(ascii: "t"))
        default:
            append("u00")
            append(byte: hexDigit(byte >> 4))
            append(byte: hexDigit(byte & 15))
        }
    }
}
