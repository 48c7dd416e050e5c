package import ContentCodings
package import HTTPWire

/// How a message's body is encoded, for whoever has to read it: transformations, validation, aggregation.
///
/// `coded` is what `CoderPool.decoder` (the worker's `coders`) takes. A body that is encoded more than once counts as
/// unknown: nobody sends one, and a bomb in a bomb is not worth the reading.
package enum BodyCoding: Sendable, Hashable {
    /// As it is.
    case identity
    case coded(ContentCoding)
    /// By what this gateway cannot undo.
    case unknown

    /// By all `Content-Encoding` fields together.
    package init(_ fields: HeaderBlock) {
        self = .identity
        var index = fields.firstIndex(of: .contentEncoding)
        while index >= 0 {
            take(fields.value(index))
            index = fields.nextIndex(of: .contentEncoding, after: index)
        }
    }

    private mutating func take(_ list: Span<UInt8>) {
        var start = 0
        while start < list.count {
            var end = start
            while end < list.count, list[end] != UInt8(ascii: ",") { end += 1 }
            var (first, last) = (start, end)
            while first < last, list[first] == 0x20 || list[first] == 0x09 { first += 1 }
            while last > first, list[last - 1] == 0x20 || list[last - 1] == 0x09 { last -= 1 }
            let name = list.extracting(first..<last)
            if !name.isEmpty, !FieldWord.equals(name, "identity") {
                if self == .identity, let coding = ContentCoding(name) {
                    self = .coded(coding)
                } else {
                    self = .unknown
                }
            }
            start = end + 1
        }
    }
}

/// Words in lists of field values.
enum FieldWord {
    static func equals(_ bytes: Span<UInt8>, _ lowercaseText: StaticString) -> Bool {
        guard bytes.count == lowercaseText.utf8CodeUnitCount else { return false }
        for index in bytes.indices {
            let byte = bytes[index]
            let folded = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
            // The text is constant data of the program, and as long as `bytes`.
            if unsafe folded != lowercaseText.utf8Start[index] { return false }
        }
        return true
    }

    /// Whether a word stands in the comma-separated lists of a field; parameters behind it do not count.
    static func stands(_ word: StaticString, in field: KnownField, of fields: HeaderBlock) -> Bool {
        var index = fields.firstIndex(of: field)
        while index >= 0 {
            if stands(word, in: fields.value(index)) { return true }
            index = fields.nextIndex(of: field, after: index)
        }
        return false
    }

    private static func stands(_ word: StaticString, in list: Span<UInt8>) -> Bool {
        var start = 0
        while start < list.count {
            var end = start
            while end < list.count, list[end] != UInt8(ascii: ",") { end += 1 }
            var (first, last) = (start, start)
            while first < end, list[first] == 0x20 || list[first] == 0x09 { first += 1 }
            last = first
            while last < end, list[last] != 0x20, list[last] != 0x09, list[last] != UInt8(ascii: "=") { last += 1 }
            if equals(list.extracting(first..<last), word) { return true }
            start = end + 1
        }
        return false
    }
}
