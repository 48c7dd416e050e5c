/// A field section: one byte arena, and for each field where its name and its value stand in it.
///
/// Both protocols fill it and all policies edit it, so none of them needs to know which protocol a message came by. For
/// HTTP/1 the arena is the received head itself: scanning copies the bytes once and then only notes offsets. A field
/// that stands there exactly as `Name: value\r\n` is *canonical*, and a run of canonical neighbours is sent with one
/// copy; that is what makes forwarding thirty fields as cheap as forwarding three.
///
/// 1. Removing marks a field and leaves its bytes. Indices stay what they were; whoever iterates skips `isRemoved`.
/// 2. Adding appends a canonical line to the arena, behind everything else.
/// 3. A bitmap knows which `KnownField`s are present; it is exact at all times, so absence costs one test.
///
/// The block bounds nothing by itself: the scanners and the HTTP/2 session hold the limits. It is used again for the
/// next message after `removeAll()`, and it belongs to one loop. A span taken from it is valid until the next call that
/// changes the block; passing such a span to `append` or `set` of the same block is fine.
@safe
package final class HeaderBlock {
    /// One field. Twenty bytes, so that a usual head's fields fill a few cache lines.
    package struct Field: Sendable {
        package var name: ByteRange
        package var value: ByteRange
        package var known: KnownField
        var flags: UInt8

        package var isRemoved: Bool { flags & Self.removed != 0 }
        /// Stands in the arena exactly as `Name: value\r\n`.
        package var isCanonical: Bool { flags & Self.canonical != 0 }
        /// The name has a `_` in it.
        package var hasUnderscore: Bool { flags & Self.underscored != 0 }

        static let removed: UInt8 = 1
        static let canonical: UInt8 = 2
        static let underscored: UInt8 = 4
    }

    let arena = ByteArena(capacity: HeaderBlock.initialBytes)
    var fields: UnsafeMutablePointer<Field>
    var fieldCount = 0
    var fieldCapacity = HeaderBlock.initialFields
    /// Bits of the known names that are present, removed fields aside.
    var present: UInt64 = 0
    /// Bits of the lengths of the names that are not known, removed fields included: most names that somebody looks for are
    /// told to be absent by this one word.
    var otherLengths: UInt64 = 0
    /// At least one field, perhaps removed since, has a `_` in its name.
    package internal(set) var sawUnderscore = false
    /// What `write(into:)` will append.
    var liveSize = 0

    /// The table of known names, kept here because a global would be asked each time whether it has been made.
    let names = knownFieldTable

    static let initialBytes = 2048
    static let initialFields = 32
    /// What a block keeps when it goes back to its pool; heads beyond that are rare.
    static let keptBytes = 16 * 1024
    static let keptFields = 128

    package init() {
        unsafe fields = .allocate(capacity: Self.initialFields)
    }

    deinit { unsafe fields.deallocate() }

    /// Empties the block for the next message; memory beyond a usual head's goes back.
    package func removeAll() {
        arena.removeAll(keepingAtMost: Self.keptBytes, initial: Self.initialBytes)
        fieldCount = 0
        present = 0
        otherLengths = 0
        sawUnderscore = false
        liveSize = 0
        guard fieldCapacity > Self.keptFields else { return }
        unsafe fields.deallocate()
        unsafe fields = .allocate(capacity: Self.initialFields)
        fieldCapacity = Self.initialFields
    }

    /// How many fields there are, removed ones included: iterate over `0..<count` and skip `isRemoved`.
    package var count: Int { fieldCount }

    /// The bytes of all text in it: of a head as it came over HTTP/1, its size.
    package var byteCount: Int { arena.count }

    /// How much memory the block holds at the moment, for tests and for the memory guard.
    package var capacity: Int { arena.capacity + fieldCapacity * MemoryLayout<Field>.stride }

    /// How many fields there are, removed ones left out.
    package var liveCount: Int {
        var live = 0
        for index in 0..<fieldCount where unsafe !fields[index].isRemoved { live += 1 }
        return live
    }

    /// How many bytes `write(into:)` will append.
    package var wireSize: Int { liveSize }

    package func field(_ index: Int) -> Field {
        precondition(index >= 0 && index < fieldCount, "no such field")
        return unsafe fields[index]
    }

    @_lifetime(borrow self)
    package func name(_ index: Int) -> Span<UInt8> { bytes(field(index).name) }

    @_lifetime(borrow self)
    package func value(_ index: Int) -> Span<UInt8> { bytes(field(index).value) }

    /// The bytes of a range of this block's arena; a range outside of it is a mistake of the caller and traps.
    @_lifetime(borrow self)
    package func bytes(_ range: ByteRange) -> Span<UInt8> {
        precondition(range.end <= arena.count, "range outside of the block")
        let base = unsafe arena.base
        let bytes = unsafe Span(_unsafeStart: base.advanced(by: Int(range.start)), count: Int(range.count))
        // Checked above to lie within the arena, which lives as long as this object.
        return unsafe _overrideLifetime(bytes, borrowing: self)
    }
}
