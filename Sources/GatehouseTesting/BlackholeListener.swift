#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A port on 127.0.0.1 that neither accepts nor refuses: a connection attempt to it hangs.
///
/// It listens with the smallest backlog and fills it with connections of its own, so that the system drops the
/// handshakes of others, as a host that is switched off would.
public final class BlackholeListener: Sendable {
    private let listener: Socket
    private let fillers: [Socket]

    public let port: UInt16

    /// - Throws: `KitFailure` when the system goes on completing connections, so that no black hole can be had.
    public init() throws {
        listener = try Socket.listen(backlog: 0)
        port = listener.localPort
        var fillers: [Socket] = []
        var unanswered = 0
        // Two attempts in a row that hang: the queue is full.
        while unanswered < 2 {
            guard fillers.count < 64 else { throw KitFailure(.system, "the backlog does not fill") }
            let descriptor = try Socket.make()
            let filler = Socket(adopting: descriptor)
            fillers.append(filler)
            if Socket.startConnecting(descriptor, port: port) { continue }
            unanswered += try filler.poll(writable, until: Deadline(after: .milliseconds(200))) ? 0 : 1
        }
        self.fillers = fillers
    }
}
