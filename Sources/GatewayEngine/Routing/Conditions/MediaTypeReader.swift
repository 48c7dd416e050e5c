/// Goes through a list of media types with parameters, as in `Accept`, by offsets and without copying.
///
/// A list that breaks the grammar is read as far as it makes sense; every step moves on, so the reader always ends.
struct MediaTypeReader {
    private var position = 0
    /// The type, or the parameter's name, that was read last.
    private(set) var name = 0..<0
    /// The parameter's value, without quotes.
    private var value = 0..<0
    private var isQuoted = false
    /// A type has been read, and its parameters perhaps not.
    private var isBehindType = false

    /// The next media type of the list, after what is left of the current one.
    mutating func nextType(_ field: Span<UInt8>) -> Bool {
        if isBehindType { while nextParameter(field) {} }
        while position < field.count, isBlank(field[position]) || field[position] == UInt8(ascii: ",") { position += 1 }
        guard position < field.count else { return false }
        name = token(field)
        isBehindType = true
        return true
    }

    /// The next parameter of the current media type; false at the comma behind it.
    mutating func nextParameter(_ field: Span<UInt8>) -> Bool {
        while true {
            skipBlanks(field)
            guard position < field.count, field[position] != UInt8(ascii: ",") else { return false }
            guard field[position] == UInt8(ascii: ";") else {
                // Not a parameter: something that does not belong here.
                position += 1
                continue
            }
            position += 1
            skipBlanks(field)
            name = token(field)
            guard position < field.count, field[position] == UInt8(ascii: "=") else { continue }
            position += 1
            readValue(field)
            return true
        }
    }

    /// Compares the value, in which a backslash inside quotes stands for the byte behind it.
    func value(_ field: Span<UInt8>, equals expected: Span<UInt8>) -> Bool {
        guard isQuoted else { return Bytes.equal(field.extracting(value), expected) }
        var index = value.lowerBound
        var matched = 0
        while index < value.upperBound {
            if field[index] == UInt8(ascii: "\\"), index + 1 < value.upperBound { index += 1 }
            guard matched < expected.count, field[index] == expected[matched] else { return false }
            index += 1
            matched += 1
        }
        return matched == expected.count
    }

    /// `0`, `0.`, `0.0` …
    func isZeroWeight(_ field: Span<UInt8>) -> Bool {
        guard !value.isEmpty, field[value.lowerBound] == UInt8(ascii: "0") else { return false }
        for index in value.dropFirst() where field[index] != UInt8(ascii: "0") && field[index] != UInt8(ascii: ".") {
            return false
        }
        return true
    }

    private mutating func readValue(_ field: Span<UInt8>) {
        isQuoted = position < field.count && field[position] == UInt8(ascii: "\"")
        guard isQuoted else {
            value = token(field)
            return
        }
        let start = position + 1
        var end = start
        while end < field.count, field[end] != UInt8(ascii: "\"") {
            end += field[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        value = start..<min(end, field.count)
        position = min(end + 1, field.count)
    }

    /// Up to a separator or a blank.
    private mutating func token(_ field: Span<UInt8>) -> Range<Int> {
        let start = position
        while position < field.count, !isBlank(field[position]) {
            let byte = field[position]
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "=") { break }
            position += 1
        }
        return start..<position
    }

    private mutating func skipBlanks(_ field: Span<UInt8>) {
        while position < field.count, isBlank(field[position]) { position += 1 }
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
