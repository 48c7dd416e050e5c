import CNghttp2
import Testing

@testable import GatewayEngine

/// The memory of sessions: every block is its owner's alone, whatever became of it before, and what waits is bounded.
@Suite struct HTTP2MemoryTests {
    @safe private struct Block {
        let start: UnsafeMutableRawPointer
        let count: Int
        let mark: UInt8

        /// nil: there was no memory, which fails the test.
        init?(_ start: UnsafeMutableRawPointer?, count: Int, mark: UInt8 = 0) {
            guard let start = unsafe start else {
                Issue.record("no memory")
                return nil
            }
            unsafe self.start = start
            self.count = count
            self.mark = mark
        }

        func fill() { unsafe start.initializeMemory(as: UInt8.self, repeating: mark, count: count) }

        /// The first so many bytes are still what was put there.
        func isIntact(_ first: Int) -> Bool {
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: first)
            for index in 0..<first where unsafe bytes[index] != mark { return false }
            return true
        }
    }

    @Test func blocksKeepTheirBytes() {
        var walk = Walk()
        let memory = HTTP2Memory()
        let functions = unsafe memory.functions
        let user = unsafe functions.mem_user_data
        var blocks: [Block] = []
        for step in 0..<20_000 {
            let count = Int.random(in: 1...(step % 50 == 0 ? 20_000 : 1_200), using: &walk)
            let mark = UInt8.random(in: 0...255, using: &walk)
            var made: Block?
            switch Int.random(in: 0..<5, using: &walk) {
            case 0, 1:
                made = unsafe Block(functions.malloc(count, user), count: count, mark: mark)
            case 2:
                let zeros = unsafe Block(functions.calloc(count, 3, user), count: 3 * count)
                #expect(zeros?.isIntact(3 * count) == true, "seed \(walk.seed)")
                made = unsafe Block(zeros?.start, count: 3 * count, mark: mark)
            case 3 where !blocks.isEmpty:
                let old = blocks.remove(at: Int.random(in: blocks.indices, using: &walk))
                let moved = unsafe Block(functions.realloc(old.start, count, user), count: count, mark: old.mark)
                #expect(moved?.isIntact(min(count, old.count)) == true, "seed \(walk.seed)")
                made = unsafe Block(moved?.start, count: count, mark: mark)
            default:
                if blocks.isEmpty { continue }
                let block = blocks.remove(at: Int.random(in: blocks.indices, using: &walk))
                #expect(block.isIntact(block.count), "seed \(walk.seed)")
                unsafe functions.free(block.start, user)
            }
            if let made {
                made.fill()
                blocks.append(made)
            }
            #expect(memory.kept <= HTTP2Memory.limit)
        }
        for block in blocks {
            #expect(block.isIntact(block.count), "seed \(walk.seed)")
            unsafe functions.free(block.start, user)
        }
        memory.shrink()
        #expect(memory.kept == 0)
    }

    @Test func whatWaitsIsTakenAgain() {
        let memory = HTTP2Memory()
        guard let first = unsafe Block(memory.take(100), count: 100) else { return }
        unsafe memory.giveBack(first.start)
        #expect(memory.kept == 128)
        let second = unsafe Block(memory.take(65), count: 65)
        let isSame = unsafe second?.start == first.start
        #expect(isSame)
        #expect(memory.kept == 0)
        // What fits stays where it is.
        let third = unsafe Block(memory.change(first.start, to: 128), count: 128)
        let stays = unsafe third?.start == first.start
        #expect(stays)
        unsafe memory.giveBack(first.start)
        unsafe memory.giveBack(nil)
        #expect(memory.kept == 128)
        memory.shrink()
        #expect(memory.kept == 0)
    }

    @Test func whatWaitsIsBounded() {
        let memory = HTTP2Memory()
        let blocks = (0..<2 * HTTP2Memory.limit / 1_024).compactMap { _ in
            unsafe Block(memory.take(1_024), count: 1_024)
        }
        for block in blocks { unsafe memory.giveBack(block.start) }
        #expect(memory.kept == HTTP2Memory.limit)
        memory.shrink()
        // Large ones are the system's at once.
        if let large = unsafe Block(memory.take(1_025), count: 1_025) { unsafe memory.giveBack(large.start) }
        #expect(memory.kept == 0)
    }

    @Test func sizesThatDoNotExistAreRefused() {
        let memory = HTTP2Memory()
        let functions = unsafe memory.functions
        let user = unsafe functions.mem_user_data
        let refused = unsafe [
            functions.malloc(Int.max, user) == nil, functions.malloc(-1, user) == nil,
            functions.calloc(Int.max, 2, user) == nil,
        ]
        #expect(refused == [true, true, true])
        #expect(memory.kept == 0)
    }
}
