internal import Synchronization

/// Ports for listeners of tests: one after the other, from below those that systems give to connections.
///
/// One that was closed is not handed out again for long: where a test says that nobody listens, nobody does, and who has
/// closed a port can open it again. Ports of the system's choice are soon another listener's, or a connection's end.
enum FreePorts {
    static let range: Range<UInt16> = 20_000..<32_000
    /// Anywhere at first: others may run tests beside these.
    private static let count = Atomic<UInt32>(UInt32.random(in: 0..<UInt32(range.count)))

    /// Whether it is free is seen when it is bound.
    static func next() -> UInt16 {
        let number = count.add(1, ordering: .relaxed).oldValue
        return range.lowerBound + UInt16(number % UInt32(range.count))
    }
}
