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

/// A hash table from a name to its `KnownField`, open addressing.
///
/// Names are compared as words: the first eight bytes and the last eight (they overlap in names under sixteen bytes),
/// with the bit set that turns upper into lower case. Only the few names of more than sixteen bytes need the two words
/// between. A hit is exact: the case bit is set only where the known name has a letter, so that `^` never passes for
/// `~`.
@safe
struct KnownFieldTable: @unchecked Sendable {  // Written in `init` only.
    /// What a name is compared with.
    private struct Entry {
        var first: UInt64 = 0
        var firstLetters: UInt64 = 0
        var last: UInt64 = 0
        var lastLetters: UInt64 = 0
        /// The words between, for names of more than sixteen bytes.
        var middle = SIMD2<UInt64>()
        var middleLetters = SIMD2<UInt64>()
        var length = 0
    }

    /// A quarter full, so that the search for a name that is not known ends at once.
    private static let size = 256
    /// The field at each place, `none` where it is free.
    private let slots: UnsafeMutablePointer<KnownField>
    /// By the field's raw value.
    private let entries: UnsafeMutablePointer<Entry>

    init() {
        let count = KnownField.allCases.count
        unsafe slots = .allocate(capacity: Self.size)
        unsafe slots.initialize(repeating: .none, count: Self.size)
        unsafe entries = .allocate(capacity: count)
        unsafe entries.initialize(repeating: Entry(), count: count)
        for field in KnownField.allCases where field != .none { insert(field) }
    }

    private func insert(_ field: KnownField) {
        let name = field.canonicalName
        let length = name.utf8CodeUnitCount
        // The text is constant data of the program, `length` bytes of it.
        let start = unsafe name.utf8Start
        // The same length of bytes, with the case bit where the name has a letter, and zero elsewhere.
        let letters = UnsafeMutablePointer<UInt8>.allocate(capacity: length)
        defer { unsafe letters.deallocate() }
        for index in 0..<length {
            unsafe letters[index] = ByteClass.lowercase(start[index]) &- 0x61 < 26 ? 0x20 : 0
        }
        var entry = Entry()
        entry.length = length
        entry.firstLetters = unsafe Self.first(letters, length)
        entry.lastLetters = unsafe Self.last(letters, length)
        entry.first = unsafe Self.first(start, length) | entry.firstLetters
        entry.last = unsafe Self.last(start, length) | entry.lastLetters
        if length > 16 {
            entry.middleLetters = unsafe Self.middle(letters, length)
            entry.middle = unsafe Self.middle(start, length) | entry.middleLetters
        }
        var slot = unsafe Self.hash(Self.first(start, length), Self.last(start, length), length)
        while unsafe slots[slot] != .none { slot = (slot &+ 1) & (Self.size - 1) }
        unsafe slots[slot] = field
        unsafe entries[Int(field.rawValue)] = entry
    }

    /// The field whose name stands in `length` bytes from `start`.
    @inline(__always)
    func lookup(_ start: UnsafePointer<UInt8>, _ length: Int) -> KnownField {
        // No known name is longer; and the words between cover no more.
        if length == 0 || length > 32 { return .none }
        let first = unsafe Self.first(start, length)
        let last = unsafe Self.last(start, length)
        var slot = Self.hash(first, last, length)
        while true {
            // `slot` is masked to the table's size, and a field's raw value is an index of `entries`.
            let field = unsafe slots[slot]
            if field == .none { return .none }
            let entry = unsafe entries + Int(field.rawValue)
            if unsafe first | entry.pointee.firstLetters == entry.pointee.first
                && last | entry.pointee.lastLetters == entry.pointee.last && entry.pointee.length == length
                && (length <= 16
                    || Self.middle(start, length) | entry.pointee.middleLetters == entry.pointee.middle)
            {
                return field
            }
            slot = (slot &+ 1) & (Self.size - 1)
        }
    }

    /// The same for both cases of a name: the case bit is set in every byte.
    @inline(__always)
    private static func hash(_ first: UInt64, _ last: UInt64, _ length: Int) -> Int {
        let folded = (first | 0x2020_2020_2020_2020) ^ ((last | 0x2020_2020_2020_2020) &* 31) ^ UInt64(length)
        // A multiplication by an odd constant spreads differences of any byte into the top bits.
        return Int((folded &* 0x9E37_79B9_7F4A_7C15) &>> 56)
    }

    /// The first eight bytes, or the first four or one of a shorter name.
    @inline(__always)
    private static func first(_ start: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        if length >= 8 { return unsafe Words.load(start) }
        if length >= 4 { return unsafe UInt64(load4(start)) }
        return unsafe UInt64(start[0])
    }

    /// The last eight bytes; of a shorter name the last four, or what `first` has left.
    @inline(__always)
    private static func last(_ start: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        if length >= 8 { return unsafe Words.load(start + (length &- 8)) }
        if length >= 4 { return unsafe UInt64(load4(start + (length &- 4))) }
        return unsafe UInt64(start[length &>> 1]) | UInt64(start[length &- 1]) &<< 8
    }

    /// The words between the first and the last, which lie within any name of more than sixteen bytes.
    private static func middle(_ start: UnsafePointer<UInt8>, _ length: Int) -> SIMD2<UInt64> {
        unsafe SIMD2(Words.load(start + 8), Words.load(start + (length >= 24 ? 16 : length - 8)))
    }

    @inline(__always)
    private static func load4(_ at: UnsafePointer<UInt8>) -> UInt32 {
        unsafe UnsafeRawPointer(at).loadUnaligned(as: UInt32.self)
    }
}
