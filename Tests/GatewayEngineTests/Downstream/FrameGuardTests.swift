import Testing

@testable import GatewayEngine

/// The guards against floods, frame by frame: how much is still good use, and what is one too many.
@Suite struct FrameGuardTests {
    private typealias Head = FrameReader.Head

    private func frame(_ kind: Head.Kind, length: Int = 1, flags: UInt8 = 0) -> FrameReader.Head {
        var head = FrameReader.Head()
        head.length = length
        head.type = kind.rawValue
        head.flags = flags
        return head
    }

    /// How many of the frames pass before one is refused, and why that one is.
    private func passes(
        _ frames: inout FrameGuard, _ head: FrameReader.Head, atMost most: Int = 100_000, now: Int64 = 0
    ) -> (Int, FrameGuard.Flood?) {
        for count in 0..<most {
            if let flood = frames.note(head, now: now) { return (count, flood) }
        }
        return (most, nil)
    }

    @Test func eachKindOfFrameHasItsBound() {
        let open = frame(.headers, length: 10)
        let table: [(FrameReader.Head, Int, FrameGuard.Flood)] = [
            (frame(.data, length: 0), 1, .emptyFrames),
            (frame(.continuation, length: 1), 8, .continuations),
            (frame(.continuation, length: 0), 1, .emptyFrames),
            (frame(.ping, length: 8), 1_000, .control),
            (frame(.settings, length: 6), 1_000, .control),
            (frame(.priority, length: 5), 200, .priorities),
            (frame(.priorityUpdate, length: 5), 200, .priorities),
            (frame(.windowUpdate, length: 4), 7, .windowUpdates),
            // One for the stream there is, then as other control frames.
            (frame(.rstStream, length: 4), 1_001, .control),
        ]
        for (head, count, flood) in table {
            var frames = FrameGuard(headLimit: 61_440)
            #expect(frames.note(open, now: 0) == nil)
            let seen = passes(&frames, head)
            #expect(seen.0 == count && seen.1 == flood, "type \(head.type): \(seen)")
        }
    }

    @Test func aHeaderBlockIsBoundedByItsBytes() {
        var frames = FrameGuard(headLimit: 1_000)
        #expect(frames.note(frame(.headers, length: frames.blockLimit), now: 0) == nil)
        #expect(frames.isInsideBlock)
        #expect(frames.note(frame(.continuation, length: 1), now: 0) == .headerBytes)
    }

    @Test func aNewBlockBeginsToCountAgain() {
        var frames = FrameGuard(headLimit: 1_000)
        for _ in 0..<1_000 {
            #expect(frames.note(frame(.headers, length: 900), now: 0) == nil)
            #expect(frames.note(frame(.continuation, length: 100, flags: Head.endHeaders), now: 0) == nil)
            #expect(!frames.isInsideBlock)
        }
    }

    @Test func useOfTheConnectionAllowsMore() {
        var frames = FrameGuard(headLimit: 1_000)
        for _ in 0..<10 { _ = frames.note(frame(.headers, flags: Head.endHeaders), now: 0) }
        frames.dataFramesSent = 100
        #expect(passes(&frames, frame(.windowUpdate)).0 == 5 + 2 * (10 + 10 * 100))
        #expect(passes(&frames, frame(.priority)).0 == 1_100)
    }

    @Test func pingsMayComeForEver() {
        var frames = FrameGuard(headLimit: 1_000)
        var now: Int64 = 0
        for _ in 0..<100_000 {
            now += 1_000_000_000
            #expect(frames.note(frame(.ping), now: now) == nil)
        }
    }

    @Test func anEmptyFrameThatEndsTheStreamIsNone() {
        var frames = FrameGuard(headLimit: 1_000)
        #expect(passes(&frames, frame(.data, length: 0, flags: Head.endStream), atMost: 1_000).1 == nil)
    }

    @Test func halfOfTheLastStreamsMayBeReset() {
        var resets = ResetGuard()
        for round in 0..<10 {
            for index in 0..<500 {
                let isOver = resets.streamEnded(byReset: index < 249, age: 0)
                #expect(!isOver, "round \(round), stream \(index)")
            }
        }
        var count = 0
        while !resets.streamEnded(byReset: true, age: 0) { count += 1 }
        #expect(count == 249)
    }

    @Test func aStreamThatLivedIsNoRapidReset() {
        var resets = ResetGuard()
        for _ in 0..<10_000 {
            let isOver = resets.streamEnded(byReset: true, age: ResetGuard.early)
            #expect(!isOver)
        }
    }
}

/// The reader of frame heads finds the same ones wherever the bytes are cut.
@Suite struct FrameReaderTests {
    private func read(_ pieces: [[UInt8]]) -> ([String], Bool) {
        var reader = FrameReader()
        var found: [String] = []
        for piece in pieces {
            var offset = 0
            while let head = reader.next(piece.span, from: &offset) {
                found.append("\(head.type) \(head.flags) \(head.length) \(head.stream)")
            }
        }
        return (found, reader.isInside)
    }

    @Test func cutsDoNotMatter() {
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        let headers: [UInt8] = [0, 0, 3, 1, 5, 0x81, 0, 0, 1, 7, 8, 9]
        let large: [UInt8] = [1, 0, 2, 0xEE, 9, 0, 0, 0, 0] + Array(repeating: 0, count: 65_538)
        let bytes = preface + settings + headers + large + settings
        let expected = ["4 0 0 0", "1 5 3 16777217", "238 9 65538 0", "4 0 0 0"]
        #expect(read([bytes]).0 == expected)
        #expect(read(bytes.map { [$0] }).0 == expected)
        for cut in 0..<60 {
            let seen = read([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(seen.0 == expected && !seen.1, "cut at \(cut)")
        }
        #expect(read([Array(bytes.dropLast())]).1)
    }
}

/// Numbers of streams go up; those that were passed over never come back.
@Suite struct StreamNumbersTests {
    @Test(
        arguments: [
            ([1, 3, 9, 9, 3, 1, 11, 5, 7], [true, true, true, true, true, true, true, false, false]),
            // Far ahead: what lies more than 64 back is not known any more.
            ([1, 1_001, 1, 5, 1_001, 999, 875, 873], [true, true, true, true, true, false, false, true]),
            ([0x7FFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFD], [true, true, false]),
            ([129, 127, 129, 2, 0], [true, false, true, true, true]),
        ] as [([UInt32], [Bool])])
    func onlyUsedOnesComeAgain(_ sent: [UInt32], _ isGood: [Bool]) {
        var numbers = StreamNumbers()
        var seen: [Bool] = []
        for number in sent { seen.append(numbers.note(number)) }
        #expect(seen == isGood)
    }
}
