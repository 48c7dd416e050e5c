internal import HTTPWire

/// Which messages hold JSON, by what their fields say: `application/json`, and every type with the suffix `+json`
/// (RFC 6839 §3.1). Parameters do not matter: JSON has none.
enum JSONMediaType {
    /// Of several `Content-Type` fields one is enough: what is read as JSON by anyone is treated as JSON.
    static func isNamed(by fields: HeaderBlock) -> Bool {
        var index = fields.firstIndex(of: .contentType)
        while index >= 0 {
            if isJSON(fields.value(index)) { return true }
            index = fields.nextIndex(of: .contentType, after: index)
        }
        return false
    }

    static func isJSON(_ value: Span<UInt8>) -> Bool {
        var end = 0
        while end < value.count, value[end] != UInt8(ascii: ";"), value[end] != UInt8(ascii: ",") { end += 1 }
        while end > 0, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
        if Text.equals(value.extracting(0..<end), "application/json") { return true }
        return end > 5 && Text.equals(value.extracting(end - 5..<end), "+json")
    }
}
