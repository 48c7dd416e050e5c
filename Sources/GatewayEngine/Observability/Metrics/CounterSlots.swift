internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A fixed row of counters with one writing thread and any number of readers.
///
/// With a single writer, adding needs no locked instruction: a plain load and a plain store, which being relaxed atomics
/// are never torn for a reader. The memory is mapped from the system, zeroed, and untouched pages cost nothing, so a row
/// may have room for a thousand routes of which ten exist. Memory of the allocator would not do: what it gives again
/// is cleared by hand, and so touched.
///
/// Values wrap: a gauge that goes down adds the complement.
@safe
struct CounterSlots: ~Copyable {
    private let slots: UnsafeMutablePointer<Atomic<UInt64>>
    let count: Int

    init(count: Int) {
        self.count = count
        let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Atomic<UInt64>>.stride)
        precondition(!overflow, "more counters than memory can hold")
        let memory = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("out of memory for \(count) counters")
        }
        #if os(Linux)
            // A huge page would come as a whole with its first counter. The advice may be refused; it only saves memory.
            _ = unsafe madvise(memory, bytes, MADV_NOHUGEPAGE)
        #endif
        // An atomic of a zero is 64 zero bits, so zeroed memory holds initialised ones.
        unsafe slots = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
    }

    // Atomics of integers need no deinitialisation.
    deinit { unsafe munmap(slots, memory.count) }

    /// The bytes of the row, which begin at a page.
    var memory: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: slots, count: max(count, 1) * MemoryLayout<Atomic<UInt64>>.stride)
    }

    @inline(__always)
    func add(_ amount: UInt64, at index: Int) {
        precondition(index >= 0 && index < count, "a counter outside of its shard")
        // The index was checked above.
        let old = unsafe slots[index].load(ordering: .relaxed)
        unsafe slots[index].store(old &+ amount, ordering: .relaxed)
    }

    func load(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count, "a counter outside of its shard")
        // The index was checked above.
        return unsafe slots[index].load(ordering: .relaxed)
    }
}

// The pointer never changes, and what it points at is atomic.
extension CounterSlots: @unchecked Sendable {}
