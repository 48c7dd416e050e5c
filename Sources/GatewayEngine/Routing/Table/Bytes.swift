/// Comparisons of short byte strings.
enum Bytes {
    @inline(__always)
    static func equal(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
        guard one.count == other.count else { return false }
        for index in 0..<one.count where one[index] != other[index] { return false }
        return true
    }

    /// Whether `whole` has `part` at `offset`.
    @inline(__always)
    static func has(_ whole: Span<UInt8>, at offset: Int, _ part: Span<UInt8>) -> Bool {
        guard part.count <= whole.count &- offset else { return false }
        for index in 0..<part.count where whole[offset &+ index] != part[index] { return false }
        return true
    }

    /// Without regard to the case of ASCII letters; `lower` has none in upper case.
    @inline(__always)
    static func equalIgnoringCase(_ bytes: Span<UInt8>, lower: Span<UInt8>) -> Bool {
        guard bytes.count == lower.count else { return false }
        for index in 0..<bytes.count where PathBytes.lowercase(bytes[index]) != lower[index] { return false }
        return true
    }

    static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy
    }

    static func lowercased(_ text: String) -> [UInt8] { text.utf8.map(PathBytes.lowercase) }
}
