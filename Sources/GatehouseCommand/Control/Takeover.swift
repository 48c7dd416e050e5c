internal import CSystem
internal import GatewayEngine
internal import Reactor

/// The successor's end of the control socket: gets the listening sockets of the program that runs, and tells it when it
/// may go.
///
/// As long as `finish` was not called, the other program goes on as if nothing had happened; when this one ends, the
/// sockets that it got are closed with it, and the other's are the same ones, still open.
struct Takeover {
    private let connection: LocalSocket
    let sockets: [PassedSockets]
    /// What an operator has taken out of the other program's traffic.
    let drained: [DrainedEndpoint]

    /// How long the other side may take for an answer.
    private static let patience: Int32 = 30

    /// nil when nobody listens on the control socket: then there is nothing to replace.
    static func begin(_ path: String) throws(Outcome) -> Takeover? {
        adoptTicketKeys(path)
        let connection: LocalSocket
        do throws(LocalSocket.Failure) {
            connection = try LocalSocket.connect(to: path, seconds: patience)
        } catch {
            if error.code == ENOENT || error.code == ECONNREFUSED { return nil }
            throw Outcome(.cannotStart, "cannot take over by \(path): \(ControlText.reason(error))")
        }
        guard let peer = connection.peer, peer.user == geteuid() else {
            throw Outcome(.cannotStart, "cannot take over by \(path): it is another user's")
        }
        return try Takeover(connection, path)
    }

    /// Clients of the other program resume their TLS sessions here. An older program does not know the question; then they
    /// shake hands anew.
    ///
    /// The other side has one conversation at a time, so this one is over before the take-over begins.
    private static func adoptTicketKeys(_ path: String) {
        guard let other = try? LocalSocket.connect(to: path, seconds: patience), other.peer?.user == geteuid() else {
            return
        }
        do {
            try other.send(.init("ticket keys"))
            TLSCompiler.ticketKeys.adopt(try other.receive().text)
        } catch {
            return
        }
    }

    private init(_ connection: LocalSocket, _ path: String) throws(Outcome) {
        self.connection = connection
        var all: [PassedSockets] = []
        var drained: [DrainedEndpoint] = []
        do throws(LocalSocket.Failure) {
            try connection.send(.init("take over"))
            while true {
                let message = try connection.receive()
                if message.text == "all" { break }
                if let endpoint = ControlText.drained(message) {
                    drained.append(endpoint)
                    continue
                }
                guard ControlText.take(message, into: &all) else { throw LocalSocket.Failure(code: 0) }
            }
        } catch {
            for sockets in all { sockets.discard() }
            throw Outcome(.cannotStart, "cannot take over by \(path): \(ControlText.reason(error))")
        }
        sockets = all
        self.drained = drained
    }

    /// This program accepts now: the other one drains and ends. False when it is not there any more, which comes to the same.
    func finish() -> Bool {
        do {
            try connection.send(.init("ready"))
            return try connection.receive().text == "draining"
        } catch {
            return false
        }
    }
}
