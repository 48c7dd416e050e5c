/// Comparing and splitting field values, on spans and without allocating.
package enum Text {
    /// Whether `bytes` are `lowercaseText` in any case of ASCII letters.
    package static func equals(_ bytes: Span<UInt8>, _ lowercaseText: StaticString) -> Bool {
        guard bytes.count == lowercaseText.utf8CodeUnitCount else { return false }
        // The text is constant data of the program, and as long as `bytes`.
        let expected = unsafe lowercaseText.utf8Start
        for index in bytes.indices {
            let wanted = unsafe expected[index]
            if ByteClass.lowercase(bytes[index]) != wanted { return false }
        }
        return true
    }

    /// Whether `bytes` are `text`, case and all.
    @inline(__always)
    static func equalsExactly(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for index in bytes.indices {
            // The text is constant data of the program, and as long as `bytes`.
            if unsafe bytes[index] != text.utf8Start[index] { return false }
        }
        return true
    }

    static func equals(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
        guard first.count == second.count else { return false }
        for index in first.indices where first[index] != second[index] { return false }
        return true
    }

    /// Whether both are the same in any case of ASCII letters.
    static func equalsFoldingCase(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
        guard first.count == second.count else { return false }
        for index in first.indices where ByteClass.lowercase(first[index]) != ByteClass.lowercase(second[index]) {
            return false
        }
        return true
    }

    /// The next element of a comma-separated list (RFC 9110 §5.6.1) from `position` on, without the blanks around it;
    /// nil at the end. Empty elements are skipped. Elements with quoted commas come apart, which suits the fields this
    /// is used for: in none of them does a quoted string have a meaning that the gateway acts on.
    @_lifetime(copy list)
    package static func nextElement(of list: Span<UInt8>, from position: inout Int) -> Span<UInt8>? {
        while position < list.count {
            var start = position
            while position < list.count && list[position] != UInt8(ascii: ",") { position += 1 }
            var end = position
            position += 1
            while start < end && ByteClass.isBlank(list[start]) { start += 1 }
            while end > start && ByteClass.isBlank(list[end - 1]) { end -= 1 }
            if start < end { return list.extracting(start..<end) }
        }
        return nil
    }
}
