import Testing

@testable import Reactor

@Suite struct ByteQueueTests {
    /// Appends and drops of random sizes against an array.
    @Test func behavesLikeAnArray() {
        var random = SeededRandom()
        var pool = ChunkPool(keep: 3)
        var queue = ByteQueue()
        var model: [UInt8] = []
        var written = 0
        for step in 0..<1_000 {
            let size = [0, 1, 100, Chunk.capacity - 1, Chunk.capacity, 3 * Chunk.capacity].randomElement(
                using: &random)!
            if Bool.random(using: &random) && model.count < 500_000 {
                let bytes = pattern(size, from: written)
                queue.append(bytes.span, pool: &pool)
                model += bytes
                written += size
            } else {
                let dropped = min(Int.random(in: 0...size, using: &random), model.count)
                queue.drop(dropped, pool: &pool)
                model.removeFirst(dropped)
            }
            #expect(queue.count == model.count, "seed \(random.seed), step \(step)")
            #expect(queue.isEmpty == model.isEmpty)
            let front = queue.front
            #expect(front.isEmpty == model.isEmpty, "seed \(random.seed), step \(step)")
            let copy = unsafe front.withUnsafeBufferPointer { unsafe Array($0) }
            #expect(copy == Array(model[..<copy.count]), "seed \(random.seed), step \(step)")
            // Never more chunks than the bytes fill, and two that are begun.
            #expect(pool.leasedCount <= model.count / Chunk.capacity + 2, "seed \(random.seed), step \(step)")
            if model.isEmpty { #expect(pool.leasedCount == 0) }
        }
        queue.removeAll(pool: &pool)
        #expect(queue.isEmpty && queue.front.isEmpty)
        #expect(pool.leasedCount == 0)
    }

    @Test func everyByteComesOutInOrder() {
        var pool = ChunkPool()
        var queue = ByteQueue()
        let bytes = pattern(5 * Chunk.capacity + 7)
        for start in stride(from: 0, to: bytes.count, by: 1_000) {
            queue.append(bytes.span.extracting(start..<min(start + 1_000, bytes.count)), pool: &pool)
        }
        var out: [UInt8] = []
        while !queue.isEmpty {
            let size = min(queue.front.count, 777)
            for index in 0..<size { out.append(queue.front[index]) }
            queue.drop(size, pool: &pool)
        }
        #expect(out == bytes)
        #expect(pool.leasedCount == 0)
    }

    @Test func aChunkComesBackEmptyAndTheLastOneFirst() {
        var pool = ChunkPool(keep: 1)
        var queue = ByteQueue()
        queue.append(pattern(10).span, pool: &pool)
        queue.drop(10, pool: &pool)
        let chunk = pool.lease()
        #expect(chunk.start == 0 && chunk.end == 0)
        let other = pool.lease()
        #expect(pool.leasedCount == 2)
        pool.giveBack(chunk)
        pool.giveBack(other)
        #expect(pool.lease() === chunk)
        #expect(pool.leasedCount == 1)
        pool.giveBack(chunk)
    }
}
