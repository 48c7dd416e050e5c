/// `application/json;version=2`: what a `mediaType` condition asks of `Accept` or `Content-Type`.
///
/// Type and parameter names compare without case, parameter values exactly, with or without quotes (RFC 9110 §8.3.1). A
/// range that the client gave the weight 0 is one it does not accept, so it never matches.
struct MediaTypePattern: Sendable {
    private struct Parameter: Sendable {
        var name: [UInt8]
        var value: [UInt8]
    }

    private var type: [UInt8]
    private var parameters: [Parameter]

    init(_ text: String) {
        let pieces = text.split(separator: ";", omittingEmptySubsequences: true)
        type = Bytes.lowercased(Self.trimmed(pieces.first ?? ""))
        parameters = pieces.dropFirst().map { piece in
            let sides = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            var value = Self.trimmed(sides.count > 1 ? sides[1] : "")
            if value.count >= 2, value.first == "\"", value.last == "\"" {
                value = String(value.dropFirst().dropLast())
            }
            return Parameter(name: Bytes.lowercased(Self.trimmed(sides[0])), value: Array(value.utf8))
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }

    /// Whether one of the media types of a field line is this one.
    func matches(_ field: Span<UInt8>) -> Bool {
        var reader = MediaTypeReader()
        var found = reader.nextType(field)
        while found {
            if Bytes.equalIgnoringCase(field.extracting(reader.name), lower: type.span), hasParameters(&reader, field) {
                return true
            }
            found = reader.nextType(field)
        }
        return false
    }

    /// Reads the parameters of one media type to their end and says whether all that are asked for are there.
    private func hasParameters(_ reader: inout MediaTypeReader, _ field: Span<UInt8>) -> Bool {
        var missing = parameters.count > 63 ? UInt64.max : (UInt64(1) << UInt64(parameters.count)) - 1
        while reader.nextParameter(field) {
            let name = field.extracting(reader.name)
            if name.count == 1, name[0] | 0x20 == UInt8(ascii: "q"), reader.isZeroWeight(field) { return false }
            for index in parameters.indices.prefix(63) where missing & (1 << UInt64(index)) != 0 {
                let wanted = parameters[index]
                guard Bytes.equalIgnoringCase(name, lower: wanted.name.span),
                    reader.value(field, equals: wanted.value.span)
                else { continue }
                missing &= ~(1 << UInt64(index))
            }
        }
        return missing == 0
    }
}
