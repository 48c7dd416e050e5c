/// The one question that the gateway's own answers put to an `Accept` field: is this media type welcome by its name.
enum MediaRange {
    /// The weight, in thousandths, of the first element of `value` that names exactly `type` (lower case); -1 when none
    /// does. Elements that do not follow the grammar are passed over: nobody's request fails for its `Accept`.
    static func quality(of type: StaticString, in value: borrowing Span<UInt8>) -> Int {
        var start = 0
        while start < value.count {
            var end = start
            while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
            let weight = quality(of: type, in: value, from: start, to: end)
            if weight >= 0 { return weight }
            start = end + 1
        }
        return -1
    }

    private static func quality(
        of type: StaticString, in value: borrowing Span<UInt8>, from first: Int, to end: Int
    ) -> Int {
        var start = first
        while start < end, isBlank(value[start]) { start += 1 }
        var nameEnd = start
        while nameEnd < end, value[nameEnd] != UInt8(ascii: ";") { nameEnd += 1 }
        var parameter = nameEnd
        while nameEnd > start, isBlank(value[nameEnd - 1]) { nameEnd -= 1 }
        guard equals(type, value, from: start, to: nameEnd) else { return -1 }
        while parameter < end {
            parameter += 1  // the semicolon
            while parameter < end, isBlank(value[parameter]) { parameter += 1 }
            if parameter + 1 < end, value[parameter] | 0x20 == UInt8(ascii: "q"),
                value[parameter + 1] == UInt8(ascii: "=")
            {
                return weight(value, from: parameter + 2, to: end)
            }
            while parameter < end, value[parameter] != UInt8(ascii: ";") { parameter += 1 }
        }
        return 1000
    }

    /// `0.25` as 250. What is not a weight (RFC 9110 §12.4.2) counts as 0: not asked for.
    private static func weight(_ value: borrowing Span<UInt8>, from start: Int, to end: Int) -> Int {
        guard start < end, value[start] == UInt8(ascii: "0") || value[start] == UInt8(ascii: "1") else { return 0 }
        var total = Int(value[start] - UInt8(ascii: "0")) * 1000
        guard start + 1 < end, value[start + 1] == UInt8(ascii: ".") else { return total }
        var unit = 100
        var index = start + 2
        while index < end, unit > 0, value[index] >= UInt8(ascii: "0"), value[index] <= UInt8(ascii: "9") {
            total += Int(value[index] - UInt8(ascii: "0")) * unit
            unit /= 10
            index += 1
        }
        return min(total, 1000)
    }

    private static func equals(
        _ type: StaticString, _ value: borrowing Span<UInt8>, from start: Int, to end: Int
    ) -> Bool {
        guard end - start == type.utf8CodeUnitCount else { return false }
        for offset in 0..<(end - start) {
            let byte = value[start + offset]
            let folded = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
            // offset < the string's length, which was compared above.
            if unsafe folded != type.utf8Start[offset] { return false }
        }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
