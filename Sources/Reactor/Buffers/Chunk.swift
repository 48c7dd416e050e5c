internal import CSystem

/// A fixed piece of memory for bytes that have to wait. Leased from a loop's pool and given back; never shared.
@safe package final class Chunk {
    package static let capacity = 16 * 1024

    let base: UnsafeMutablePointer<UInt8>
    /// The bytes that wait are `start..<end`.
    package fileprivate(set) var start = 0
    package fileprivate(set) var end = 0
    fileprivate var next: Chunk?

    init() {
        unsafe base = .allocate(capacity: Self.capacity)
    }

    deinit {
        unsafe base.deallocate()
    }
}

/// The free chunks of one loop: last in, first out, so that the next lease is still in the cache.
package struct ChunkPool: ~Copyable {
    private var free: Chunk?
    private var freeCount = 0
    /// Chunks kept for later at most; the rest goes back to the system.
    private let keep: Int
    /// Chunks out on lease: what slow peers cost right now.
    package private(set) var leasedCount = 0

    package init(keep: Int = 256) {
        self.keep = keep
    }

    /// Gives all free chunks back to the system.
    package mutating func shrink() {
        while let chunk = free {
            free = chunk.next
            chunk.next = nil
        }
        freeCount = 0
    }

    mutating func lease() -> Chunk {
        leasedCount += 1
        guard let chunk = free else { return Chunk() }
        free = chunk.next
        chunk.next = nil
        freeCount -= 1
        return chunk
    }

    mutating func giveBack(_ chunk: Chunk) {
        leasedCount -= 1
        chunk.start = 0
        chunk.end = 0
        if freeCount >= keep { return }
        chunk.next = free
        free = chunk
        freeCount += 1
    }
}

/// Bytes that wait, in order, in pooled chunks. Empty it owns no memory at all.
@safe package struct ByteQueue: ~Copyable {
    private var first: Chunk?
    private var last: Chunk?
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ bytes: Span<UInt8>, pool: inout ChunkPool) {
        var offset = 0
        let total = bytes.count
        while offset < total {
            let chunk = chunkWithRoom(&pool)
            let size = min(total - offset, Chunk.capacity - chunk.end)
            // The source is inside `bytes` (offset + size <= total) and the target inside the chunk.
            unsafe bytes.withUnsafeBufferPointer { source in
                _ = unsafe memcpy(chunk.base + chunk.end, source.baseAddress! + offset, size)
            }
            chunk.end += size
            offset += size
        }
        count += total
    }

    /// The first stretch of waiting bytes.
    package var front: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            guard let chunk = first else { return Span() }
            // start...end stays within the chunk, which this queue keeps alive.
            let span = unsafe Span(
                _unsafeStart: UnsafePointer(chunk.base + chunk.start), count: chunk.end - chunk.start)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Describes up to `parts.count` waiting stretches for a gathering write; returns how many.
    func gather(into parts: UnsafeMutableBufferPointer<iovec>) -> Int {
        var used = 0
        var cursor = first
        while let chunk = cursor, used < parts.count {
            unsafe parts[used] = iovec(iov_base: chunk.base + chunk.start, iov_len: chunk.end - chunk.start)
            used += 1
            cursor = chunk.next
        }
        return used
    }

    package mutating func drop(_ bytes: Int, pool: inout ChunkPool) {
        precondition(bytes <= count, "dropped more bytes than wait")
        count -= bytes
        var left = bytes
        while left > 0, let chunk = first {
            let size = min(left, chunk.end - chunk.start)
            chunk.start += size
            left -= size
            if chunk.start == chunk.end { removeFirst(&pool) }
        }
    }

    package mutating func removeAll(pool: inout ChunkPool) {
        while first != nil { removeFirst(&pool) }
        count = 0
    }

    private mutating func chunkWithRoom(_ pool: inout ChunkPool) -> Chunk {
        if let last, last.end < Chunk.capacity { return last }
        let chunk = pool.lease()
        if let last { last.next = chunk } else { first = chunk }
        last = chunk
        return chunk
    }

    private mutating func removeFirst(_ pool: inout ChunkPool) {
        guard let chunk = first else { return }
        first = chunk.next
        if first == nil { last = nil }
        chunk.next = nil
        pool.giveBack(chunk)
    }
}
