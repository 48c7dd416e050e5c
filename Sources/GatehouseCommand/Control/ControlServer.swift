internal import CSystem
internal import Gatehouse
internal import GatewayConfiguration
internal import GatewayEngine
internal import Reactor
internal import Synchronization

/// The running program's end of the control socket: one conversation at a time, on a thread of its own.
///
/// | it hears | it does |
/// |---|---|
/// | `compare PATH` | tells what a reload of that file would change |
/// | `ticket keys` | tells the keys of TLS session tickets, so that clients resume with the successor |
/// | `take over` | passes its listening sockets and what is drained, waits for `ready`, and ends by draining |
///
/// Whoever takes over has loaded and compiled its configuration before it asks, and says `ready` when it accepts. Until
/// then nothing has happened here: when the conversation ends early, this program goes on as it was.
final class ControlServer: Sendable {
    let path: String
    private let gateway: Gateway
    private let report: Console
    private let listener: LocalSocket.Listener
    private struct State {
        /// What stands at the path while it is ours.
        var inode: UInt64?
        var isHandedOver = false
    }
    private let state = Mutex(State())

    /// For a successor to listen and start its workers.
    private static let patience: Int32 = 30

    /// Listens beside the path: it may be another program's still.
    init(path: String, gateway: Gateway, report: Console) throws(Outcome) {
        let draft = "\(path).\(getpid())"
        // The path is passed for the length of the call.
        _ = unsafe unlink(draft)
        do throws(LocalSocket.Failure) {
            listener = try LocalSocket.Listener(path: draft)
        } catch {
            throw Outcome(.cannotStart, "cannot listen on the control socket \(path): \(ControlText.reason(error))")
        }
        self.path = path
        self.gateway = gateway
        self.report = report
    }

    /// Moves to the path, in one step: whoever connects reaches the one program or the other.
    func takePath() -> Bool {
        // The paths are passed for the length of the call.
        guard unsafe rename(listener.path, path) == 0 else { return false }
        let inode = Self.inode(path)
        state.withLock { $0.inode = inode }
        return true
    }

    /// Nothing was started.
    func giveUp() { _ = unsafe unlink(listener.path) }

    /// - Parameter onHandOver: the successor accepts connections; its process id, 0 where the system does not tell. It
    ///   must not wait.
    func start(onHandOver: @escaping @Sendable (Int32) -> Void) {
        PlainThread.start { [self] in
            while let client = listener.accept(seconds: Self.patience) {
                do throws(LocalSocket.Failure) {
                    try talk(client, onHandOver)
                } catch {
                    report.say("a conversation on the control socket broke off: \(ControlText.reason(error))")
                }
                if state.withLock({ $0.isHandedOver }) { return }
            }
        }
    }

    /// The program ends: the path goes, unless it is another program's by now.
    func remove() {
        let inode = state.withLock { $0.inode }
        if let inode, Self.inode(path) == inode { _ = unsafe unlink(path) }
    }

    private func talk(
        _ client: LocalSocket, _ onHandOver: (Int32) -> Void
    ) throws(LocalSocket.Failure) {
        let request = try client.receive().text
        if request == "take over" {
            try handOver(to: client, onHandOver)
        } else if request == "ticket keys" {
            // Whoever asks is of the same user: the listener has seen to that.
            try client.send(.init(TLSCompiler.ticketKeys.export()))
        } else if request.hasPrefix("compare ") {
            let answer = gateway.rehearse(String(request.dropFirst(8)))
            try client.send(.init(ControlText.encode(answer)))
        } else {
            try client.send(.init("what?"))
        }
    }

    private func handOver(
        to client: LocalSocket, _ onHandOver: (Int32) -> Void
    ) throws(LocalSocket.Failure) {
        for (number, sockets) in gateway.sockets.enumerated() {
            var rest = sockets.descriptors[...]
            while !rest.isEmpty {
                let part = Array(rest.prefix(LocalSocket.mostDescriptors))
                rest = rest.dropFirst(part.count)
                try client.send(.init(ControlText.describe(sockets, number: number), descriptors: part))
            }
        }
        for endpoint in gateway.drained { try client.send(.init(ControlText.describe(endpoint))) }
        try client.send(.init("all"))
        guard try client.receive().text == "ready" else { throw LocalSocket.Failure(code: 0) }
        state.withLock { $0.isHandedOver = true }
        onHandOver(client.peer?.process ?? 0)
        try? client.send(.init("draining"))
    }

    private static func inode(_ path: String) -> UInt64? {
        var status = stat()
        // A local variable that the call fills.
        return unsafe lstat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}
