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
        var position = 0
        while let name = Text.nextElement(of: list, from: &position) {
            if Text.equals(name, "identity") { continue }
            if self == .identity, let coding = ContentCoding(name) {
                self = .coded(coding)
            } else {
                self = .unknown
            }
        }
    }
}

/// Words in lists of field values.
enum FieldWord {
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
        var position = 0
        while let element = Text.nextElement(of: list, from: &position) {
            var end = 0
            while end < element.count, element[end] != 0x20, element[end] != 0x09, element[end] != UInt8(ascii: "=") {
                end += 1
            }
            if Text.equals(element.extracting(0..<end), word) { return true }
        }
        return false
    }
}
