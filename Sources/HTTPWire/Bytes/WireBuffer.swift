/// A growable byte buffer that is used again and again: one per event loop, where heads and chunk lines are put
/// together before they go to the socket.
///
/// It is a class so that the loop, the exchange and the connection can write into the same bytes without handing them
/// around `inout`. It is not thread-safe and need not be: it belongs to one loop.
///
/// A span taken from it is valid until the next call that changes it; take it, use it, let it go.
@safe
package final class WireBuffer {
    private let arena: ByteArena
    private let initialCapacity: Int

    /// What is kept over `removeAll()`. One large answer must not pin its size to the loop for ever.
    package static let keptCapacity = 64 * 1024

    package init(capacity: Int) {
        initialCapacity = max(capacity, 16)
        arena = ByteArena(capacity: initialCapacity)
    }

    package var count: Int { arena.count }

    /// How much memory the buffer holds at the moment, for tests and for the memory guard.
    package var capacity: Int { arena.capacity }

    package var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let base = unsafe arena.base
            let bytes = unsafe Span(_unsafeStart: base, count: arena.count)
            // The arena lives as long as this object, and only calls on it move the bytes.
            return unsafe _overrideLifetime(bytes, borrowing: self)
        }
    }

    /// The bytes of a range; a range outside of the buffer is a mistake of the caller and traps.
    @_lifetime(borrow self)
    package func slice(_ range: ByteRange) -> Span<UInt8> {
        precondition(range.end <= arena.count, "range outside of the buffer")
        let base = unsafe arena.base
        let bytes = unsafe Span(_unsafeStart: base.advanced(by: Int(range.start)), count: Int(range.count))
        // Checked above to lie within the arena, which lives as long as this object.
        return unsafe _overrideLifetime(bytes, borrowing: self)
    }

    package func append(_ bytes: Span<UInt8>) { arena.append(bytes) }

    package func append(_ text: StaticString) { arena.append(text) }

    /// Not for the hot path: a `String` may have to be made contiguous first. Disfavoured, so that a literal is taken
    /// as the `StaticString` it can be.
    @_disfavoredOverload
    package func append(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            // The pointer is used within the closure only.
            if let source = utf8.baseAddress { unsafe arena.append(source, utf8.count) }
        }
    }

    package func append(byte: UInt8) { arena.append(byte: byte) }

    package func append(decimal value: Int) { arena.append(decimal: value) }

    /// Lower case, no leading zeros: a chunk size. Negative numbers have no place on the wire and count as zero.
    package func append(hex value: Int) { arena.append(hex: value) }

    /// Bytes of a head or a field section, such as its target.
    package func append(from other: HeaderBlock, _ range: ByteRange) { arena.append(other.bytes(range)) }

    /// Bytes behind a pointer, for the writers of this module, which work on arenas.
    func append(_ source: UnsafePointer<UInt8>, _ size: Int) { unsafe arena.append(source, size) }

    package func truncate(to count: Int) { arena.truncate(to: count) }

    /// Empties the buffer and keeps its memory, but for what it grew past 64 KiB.
    package func removeAll() {
        arena.removeAll(keepingAtMost: max(Self.keptCapacity, initialCapacity), initial: initialCapacity)
    }
}

extension WireBuffer {
    /// A copy, for what outlives the next use of the buffer.
    package var bytes: [UInt8] {
        // The pointer is used within the call only.
        unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
    }
}
