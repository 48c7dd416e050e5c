extension KnownField {
    /// The known field of this name in any case, or `none`.
    package static func lookup(_ name: Span<UInt8>) -> KnownField {
        // The pointer is used within the closure only; an empty name has none and is no known name.
        unsafe name.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return .none }
            return unsafe knownFieldTable.lookup(start, buffer.count)
        }
    }
}

/// Made on first use, never changed afterwards, and shared by all loops.
let knownFieldTable = KnownFieldTable()

/// An open-addressing hash table from a name to its `KnownField`.
///
/// Names are compared as words: the first eight bytes and the last eight (they overlap in names under sixteen bytes), with
/// the bit set that turns upper into lower case. Only the few names of more than sixteen bytes need a third and a fourth
/// word. A hit is exact: the case bit is set only where the known name has a letter, so that `^` never passes for `~`.
@safe
struct KnownFieldTable: @unchecked Sendable {  // Written in `init` only.
    /// 48 bytes an entry, 256 of them: a quarter full, so that a name that is not known ends its search at once.
    private struct Entry {
        var length = 0
        var words = SIMD4<UInt64>(repeating: 0)
        var field = KnownField.none
    }

    private static let size = 256
    private let entries: UnsafeMutablePointer<Entry>
    /// One bit of each position where the known name has a letter, by field, in the same four words.
    private let masks: UnsafeMutablePointer<SIMD4<UInt64>>

    init() {
        unsafe entries = .allocate(capacity: Self.size)
        unsafe entries.initialize(repeating: Entry(), count: Self.size)
        unsafe masks = .allocate(capacity: KnownField.allCases.count)
        unsafe masks.initialize(repeating: SIMD4(repeating: 0), count: KnownField.allCases.count)
        for field in KnownField.allCases where field != .none { insert(field) }
    }

    private func insert(_ field: KnownField) {
        let name = field.canonicalName
        let length = name.utf8CodeUnitCount
        // `utf8Start` points to constant data of the program, `length` bytes of it.
        let start = unsafe name.utf8Start
        let folded = unsafe Self.words(start, length) | SIMD4(repeating: 0x2020_2020_2020_2020)
        let mask = unsafe Self.letterBits(start, length)
        var slot = Self.hash(folded[0], folded[1], length)
        while unsafe entries[slot].length != 0 { slot = (slot &+ 1) & (Self.size - 1) }
        unsafe entries[slot] = Entry(length: length, words: Self.words(start, length) | mask, field: field)
        unsafe masks[Int(field.rawValue)] = mask
    }

    /// The field whose name stands in `length` bytes from `start`.
    @inline(__always)
    func lookup(_ start: UnsafePointer<UInt8>, _ length: Int) -> KnownField {
        // No known name is longer; and this bounds what `words` reads.
        if length == 0 || length > 32 { return .none }
        let first = unsafe Self.head(start, length)
        let last = unsafe Self.tail(start, length)
        var slot = Self.hash(first | 0x2020_2020_2020_2020, last | 0x2020_2020_2020_2020, length)
        while true {
            // `slot` is masked to the table's size.
            let entry = unsafe entries[slot]
            if entry.length == 0 { return .none }
            if entry.length == length {
                let mask = unsafe masks[Int(entry.field.rawValue)]
                if first | mask[0] == entry.words[0] && last | mask[1] == entry.words[1] {
                    if length <= 16 { return entry.field }
                    if unsafe Self.words(start, length) | mask == entry.words { return entry.field }
                }
            }
            slot = (slot &+ 1) & (Self.size - 1)
        }
    }

    @inline(__always)
    private static func hash(_ first: UInt64, _ last: UInt64, _ length: Int) -> Int {
        // A multiplication by an odd constant spreads differences of any byte into the top bits.
        let mixed = (first ^ (last &<< 7 | last &>> 57) ^ UInt64(length)) &* 0x9E37_79B9_7F4A_7C15
        return Int(mixed &>> 56)
    }

    /// All four words of a name: first, last, and for names over 16 bytes the two in the middle.
    private static func words(_ start: UnsafePointer<UInt8>, _ length: Int) -> SIMD4<UInt64> {
        var result = unsafe SIMD4(head(start, length), tail(start, length), 0, 0)
        guard length > 16 else { return result }
        // Both lie within the name: 8 + 8 ≤ 16 < length, and the second ends 8 bytes before the end or at 24.
        result[2] = unsafe load8(start + 8)
        result[3] = unsafe load8(start + (length >= 24 ? 16 : length - 8))
        return result
    }

    private static func letterBits(_ start: UnsafePointer<UInt8>, _ length: Int) -> SIMD4<UInt64> {
        // A scratch copy of the name in which each letter is 0x20 and every other byte 0, read as words.
        let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: length)
        defer { unsafe scratch.deallocate() }
        for index in 0..<length {
            unsafe scratch[index] = ByteClass.lowercase(start[index]) &- 0x61 < 26 ? 0x20 : 0
        }
        return unsafe words(scratch, length)
    }

    /// The first eight bytes, or all of a shorter name.
    @inline(__always)
    private static func head(_ start: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        if length >= 8 { return unsafe load8(start) }
        if length >= 4 { return unsafe UInt64(load4(start)) }
        return unsafe UInt64(start[0])
    }

    /// The last eight bytes; of a shorter name its last four, or what it has.
    @inline(__always)
    private static func tail(_ start: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        if length >= 8 { return unsafe load8(start + (length - 8)) }
        if length >= 4 { return unsafe UInt64(load4(start + (length - 4))) }
        return unsafe UInt64(start[length &>> 1]) | UInt64(start[length &- 1]) &<< 8
    }

    @inline(__always)
    private static func load8(_ at: UnsafePointer<UInt8>) -> UInt64 {
        unsafe UnsafeRawPointer(at).loadUnaligned(as: UInt64.self)
    }

    @inline(__always)
    private static func load4(_ at: UnsafePointer<UInt8>) -> UInt32 {
        unsafe UnsafeRawPointer(at).loadUnaligned(as: UInt32.self)
    }
}
