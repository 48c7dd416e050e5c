@testable import Reactor

/// A handler that remembers what it was told.
final class Recorder: StreamHandler {
    var socket: StreamSocket?
    var received: [UInt8] = []
    var receives = 0
    var connects = 0
    var ends = 0
    var drains = 0
    var failures: [Int32] = []
    var onReceive: (Recorder) -> Void = { _ in }
    var onEnd: (Recorder) -> Void = { _ in }
    var onDrain: (Recorder) -> Void = { _ in }

    override func socketDidConnect() { connects += 1 }
    override func socketDidReceive(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe received.append(contentsOf: $0) }
        receives += 1
        onReceive(self)
    }
    override func socketDidReachEnd() {
        ends += 1
        onEnd(self)
    }
    override func socketDidFail(_ error: Int32) { failures.append(error) }
    override func socketDidDrain() {
        drains += 1
        onDrain(self)
    }

    /// Lets go of what the test's closures hold, which is often this object.
    func forget() {
        (onReceive, onEnd, onDrain) = ({ _ in }, { _ in }, { _ in })
        socket = nil
    }

    /// Nothing has been told at all.
    var isUntouched: Bool { receives + connects + ends + drains + failures.count == 0 }
}

/// Bytes in which a lost, doubled or moved stretch shows.
func pattern(_ count: Int, from start: Int = 0) -> [UInt8] {
    (start..<start + count).map { UInt8(truncatingIfNeeded: ($0 &* 31) &+ ($0 >> 8) &+ ($0 >> 16)) }
}
