/// A block of bytes that grows at its end: the storage under `WireBuffer` and `HeaderBlock`.
///
/// It is a plain allocation and not an array because the hot paths write into it at known offsets, many small pieces a
/// request, and must not pay a uniqueness test and a bounds check for each. In exchange every offset that reaches it is
/// checked by its owner, which is one of the two classes named above.
///
/// Appending bytes that lie in the arena itself is allowed: when it has to grow, the old block is freed only after the
/// new bytes have been copied out of it.
/// It is a class, and its properties are read and written at once and not held through a call, so that the compiler can
/// prove their accesses exclusive; as a struct within its owners each write would ask the runtime.
@safe
final class ByteArena {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private(set) var capacity: Int

    /// `ByteRange` counts in 32 bits; half of that leaves every sum of an offset and a count in range.
    static let maximumCount = Int(Int32.max)

    init(capacity: Int) {
        unsafe base = .allocate(capacity: max(capacity, 16))
        self.capacity = max(capacity, 16)
    }

    deinit { unsafe base.deallocate() }

    /// Copies `size` bytes to the end. They may lie in this arena.
    @inline(__always)
    func append(_ source: UnsafePointer<UInt8>, _ size: Int) {
        let old = unsafe makeRoom(size)
        // Room for `size` bytes is there, and what `source` points to is freed only below.
        unsafe base.advanced(by: count).update(from: source, count: size)
        count &+= size
        unsafe old?.deallocate()
    }

    @inline(__always)
    func append(_ bytes: Span<UInt8>) {
        // The pointer is used within the closure only; an empty span may have none.
        unsafe bytes.withUnsafeBufferPointer { buffer in
            if let source = buffer.baseAddress { unsafe append(source, buffer.count) }
        }
    }

    @inline(__always)
    func append(_ text: StaticString) {
        unsafe append(text.utf8Start, text.utf8CodeUnitCount)
    }

    @inline(__always)
    func append(byte: UInt8) {
        if _slowPath(count == capacity) { reserve(1) }
        unsafe base[count] = byte
        count &+= 1
    }

    /// Makes room for `size` further bytes.
    @inline(__always)
    func reserve(_ size: Int) {
        unsafe makeRoom(size)?.deallocate()
    }

    /// Makes room for `size` further bytes; hands back the old block if the bytes had to move, which the caller frees
    /// when it has copied what it wants out of it.
    @inline(__always)
    func makeRoom(_ size: Int) -> UnsafeMutablePointer<UInt8>? {
        if _fastPath(size <= capacity &- count) { return nil }
        return unsafe grow(by: size)
    }

    /// Takes over bytes that were written behind `count` into reserved room.
    @inline(__always)
    func commit(_ size: Int) {
        assert(size <= capacity - count)
        count &+= size
    }

    func truncate(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count, "truncation beyond the bytes that are there")
        count = newCount
    }

    /// Forgets the bytes and keeps the allocation, unless one unusual message made it larger than `bound`.
    func removeAll(keepingAtMost bound: Int, initial: Int) {
        count = 0
        guard capacity > bound else { return }
        unsafe base.deallocate()
        unsafe base = .allocate(capacity: initial)
        capacity = initial
    }

    /// Moves to a block of at least twice the size and hands back the old one, which the caller frees.
    @inline(never)
    private func grow(by size: Int) -> UnsafeMutablePointer<UInt8> {
        // The callers' limits lie far below; reaching this is a broken invariant of ours, not a message.
        precondition(size <= Self.maximumCount - count, "a byte arena cannot hold 2 GiB")
        let newCapacity = max(capacity * 2, count + size)
        let old = unsafe base
        unsafe base = .allocate(capacity: newCapacity)
        unsafe base.update(from: old, count: count)
        capacity = newCapacity
        return unsafe old
    }
}
