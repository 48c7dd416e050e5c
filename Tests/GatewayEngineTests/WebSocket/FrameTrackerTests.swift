import GatehouseTesting
import Testing

@testable import GatewayEngine

/// Frames of all lengths, masked and not, cut into pieces everywhere: the tracker knows every boundary.
@Suite struct FrameTrackerTests {
    /// A frame as RFC 6455 §5.2 draws it.
    private func frame(_ length: Int, masked: Bool, code: UInt8 = 0x82) -> [UInt8] {
        let mask: UInt8 = masked ? 0x80 : 0
        var bytes = [code]
        if length < 126 {
            bytes.append(mask | UInt8(length))
        } else if length < 65_536 {
            bytes += [mask | 126, UInt8(length >> 8), UInt8(length & 0xFF)]
        } else {
            bytes.append(mask | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: length >> shift))
            }
        }
        if masked { bytes += [1, 2, 3, 4] }
        return bytes + [UInt8](repeating: 0x8A, count: length)
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 70_000], [true, false])
    func aFrameEndsWhereItEnds(_ length: Int, _ masked: Bool) {
        let bytes = frame(length, masked: masked)
        var tracker = FrameTracker()
        #expect(tracker.isBetweenFrames)
        let early = tracker.take(bytes.span.extracting(0..<bytes.count - 1))
        #expect(early == nil && !tracker.isBetweenFrames)
        #expect(tracker.take(bytes.span.extracting(bytes.count - 1..<bytes.count)) == 1)
        #expect(tracker.isBetweenFrames)
    }

    @Test func itStopsAtTheFirstEnd() {
        let first = frame(3, masked: false)
        let bytes = first + frame(5, masked: false)
        var tracker = FrameTracker()
        #expect(tracker.take(bytes.span, stopsThere: true) == first.count)
        #expect(tracker.isBetweenFrames)
    }

    @Test func piecesOfAnySize() {
        var random = SeededRandom()
        for _ in 0..<200 {
            var stream: [UInt8] = []
            var ends: Set<Int> = [0]
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let length = [0, 1, 125, 126, 300, 65_536].randomElement(using: &random) ?? 0
                stream += frame(length, masked: Bool.random(using: &random))
                ends.insert(stream.count)
            }
            var tracker = FrameTracker()
            var place = 0
            while place < stream.count {
                let step = min(
                    stream.count - place, Int.random(in: 1...(Bool.random(using: &random) ? 3 : 70_000), using: &random)
                )
                let firstEnd = tracker.take(stream.span.extracting(place..<place + step))
                let expected = ends.filter { $0 > place && $0 <= place + step }.min()
                #expect(firstEnd == expected.map { $0 - place }, "seed \(random.seed)")
                place += step
                #expect(tracker.isBetweenFrames == ends.contains(place), "seed \(random.seed)")
            }
        }
    }

    /// A length that no one can mean does not trap.
    @Test func anAbsurdLength() {
        let bytes: [UInt8] = [0x82, 127] + [UInt8](repeating: 0xFF, count: 8) + [1, 2, 3]
        var tracker = FrameTracker()
        #expect(tracker.take(bytes.span) == nil)
        #expect(!tracker.isBetweenFrames)
    }
}
