/// Text of JSON: strings read and written, names compared.
package enum JSONText {
    /// Appends what the inside of a string means: escapes undone. A half of a surrogate pair, where such are kept, is
    /// U+FFFD.
    ///
    /// - Parameter raw: bytes between the quotes, which the tokeniser has let through.
    package static func unescape(_ raw: Span<UInt8>, into output: inout [UInt8]) {
        var reader = Unescaper()
        while let byte = reader.next(raw) { output.append(byte) }
    }

    /// Whether the inside of a string means `name`, however it is spelled.
    package static func equals(_ raw: Span<UInt8>, isEscaped: Bool, _ name: Span<UInt8>) -> Bool {
        guard isEscaped else {
            guard raw.count == name.count else { return false }
            for index in raw.indices where raw[index] != name[index] { return false }
            return true
        }
        var reader = Unescaper()
        var index = 0
        while let byte = reader.next(raw) {
            guard index < name.count, name[index] == byte else { return false }
            index += 1
        }
        return index == name.count
    }

    /// Whether two insides of strings mean the same, or which comes first by their bytes.
    static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        var first = Unescaper()
        var second = Unescaper()
        while true {
            let (one, other) = (first.next(left), second.next(right))
            guard let one else { return other == nil ? 0 : -1 }
            guard let other else { return 1 }
            if one != other { return one < other ? -1 : 1 }
        }
    }

    /// Appends a string in quotes. Escaped is what must be (RFC 8259 §7): quote, backslash, control characters.
    ///
    /// - Parameter text: UTF-8. What is not is replaced by U+FFFD, so that what is written is always a document.
    package static func appendQuoted(_ text: Span<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte < 0x80 {
                appendEscaped(byte, to: &output)
                index += 1
                continue
            }
            let length = characterLength(text, at: index)
            if length == 0 {
                output.append(contentsOf: [0xEF, 0xBF, 0xBD])
                index += 1
            } else {
                for offset in 0..<length { output.append(text[index + offset]) }
                index += length
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    package static func appendQuoted(_ text: String, to output: inout [UInt8]) {
        appendQuoted(Array(text.utf8).span, to: &output)
    }

    /// `text` as a JSON string.
    package static func quoted(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        appendQuoted(text, to: &output)
        return output
    }

    /// The decimal digits of `number`.
    package static func append(_ number: Int, to output: inout [UInt8]) {
        output.append(contentsOf: String(number).utf8)
    }

    /// The shortest text that reads as `number`; `null` for what JSON has no number for.
    package static func append(_ number: Double, to output: inout [UInt8]) {
        guard number.isFinite else {
            output.append(contentsOf: "null".utf8)
            return
        }
        var text = "\(number)"
        if text.hasSuffix(".0") { text.removeLast(2) }
        output.append(contentsOf: text.utf8)
    }

    private static func appendEscaped(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            output.append(UInt8(ascii: "\\"))
            output.append(byte)
        case 0x0A: output.append(contentsOf: "\\n".utf8)
        case 0x0D: output.append(contentsOf: "\\r".utf8)
        case 0x09: output.append(contentsOf: "\\t".utf8)
        case 0..<0x20:
            output.append(contentsOf: "\\u00".utf8)
            let digit = byte & 0xF
            output.append(0x30 + byte >> 4)
            output.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        default: output.append(byte)
        }
    }

    /// How many bytes the character at `index` has; 0 if it is not UTF-8 (RFC 3629 §4).
    static func characterLength(_ text: Span<UInt8>, at index: Int) -> Int {
        let first = text[index]
        if first < 0x80 { return 1 }
        let count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4, text.count - index >= count else { return 0 }
        for offset in 1..<count where text[index + offset] & 0xC0 != 0x80 { return 0 }
        let second = text[index + 1]
        switch first {
        case 0xE0: return second >= 0xA0 ? 3 : 0
        case 0xED: return second < 0xA0 ? 3 : 0
        case 0xF0: return second >= 0x90 ? 4 : 0
        case 0xF4: return second < 0x90 ? 4 : 0
        default: return count
        }
    }
}
