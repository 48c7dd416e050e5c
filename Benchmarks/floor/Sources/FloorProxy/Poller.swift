/// Something a descriptor is ready for. `token` is what the descriptor was added with: it carries a generation, so
/// that an event for a closed connection is not taken for one of the connection that got its number next.
struct Ready {
    var token: UInt64
    var readable: Bool
    var writable: Bool
    var hangup: Bool
}

/// What the three variants differ in. The proxy above is the same code, specialised for each.
///
/// Edge-triggered pollers report a change once and ignore the three calls about interest; level-triggered ones report
/// a state for as long as it lasts, and so have to be told when it does not matter.
protocol Poller: ~Copyable {
    mutating func add(_ descriptor: Int32, token: UInt64)
    mutating func remove(_ descriptor: Int32)
    mutating func pauseReading(_ descriptor: Int32)
    mutating func resumeReading(_ descriptor: Int32)
    mutating func wantWritable(_ descriptor: Int32, _ wanted: Bool)
    /// Waits for at least one event and puts what is ready into `ready`.
    mutating func wait(into ready: inout [Ready])
}
