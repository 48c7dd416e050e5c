internal import CSystem

/// A connection between two programs of this machine, over a socket in the file system: short texts one after the other,
/// and descriptors with them.
///
/// Calls block, up to a time limit that is set on the socket: it is for a thread of its own, never for a loop. A message
/// is its length in four bytes, most significant first, then its text; descriptors come with the first of the four, and
/// since exactly four are asked for, they belong to the message that they were sent with.
package final class LocalSocket {
    /// The system's error number; 0: the other side has ended, or speaks otherwise.
    package struct Failure: Error, Sendable, Hashable {
        package let code: Int32

        package init(code: Int32) { self.code = code }
    }

    package struct Message: Sendable, Hashable {
        package var text: String
        package var descriptors: [Int32]

        package init(_ text: String, descriptors: [Int32] = []) {
            self.text = text
            self.descriptors = descriptors
        }
    }

    /// Who is at the other end.
    package struct Peer: Sendable, Hashable {
        package let user: UInt32
        /// 0 where the system does not tell.
        package let process: Int32
    }

    private let descriptor: Int32
    /// Bytes of a text at most.
    private static let longest = 4 << 20
    /// With one message.
    package static let mostDescriptors = Int(GH_LOCAL_DESCRIPTORS)

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { _ = close(descriptor) }

    package static func connect(to path: String, seconds: Int32) throws(Failure) -> LocalSocket {
        // The path is passed for the length of the call.
        let descriptor = unsafe gh_local_connect(path)
        guard descriptor >= 0 else { throw Failure(code: gh_errno()) }
        _ = gh_local_time_limit(descriptor, seconds)
        return LocalSocket(descriptor: descriptor)
    }

    package var peer: Peer? {
        var (user, process) = (UInt32(0), Int32(0))
        // Two local variables.
        guard unsafe gh_local_peer(descriptor, &user, &process) == 0 else { return nil }
        return Peer(user: user, process: process)
    }

    package func send(_ message: Message) throws(Failure) {
        let text = Array(message.text.utf8)
        guard text.count <= Self.longest, message.descriptors.count <= Self.mostDescriptors else {
            throw Failure(code: EMSGSIZE)
        }
        let count = UInt32(text.count)
        let bytes =
            [UInt8(count >> 24 & 255), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + text
        var sent = 0
        while sent < bytes.count {
            let descriptors = sent == 0 ? message.descriptors : []
            // Two arrays that live across the call; `sent` is less than the count.
            let now = unsafe bytes.withUnsafeBytes { buffer in
                unsafe gh_local_send(
                    self.descriptor, buffer.baseAddress! + sent, buffer.count - sent, descriptors,
                    Int32(descriptors.count))
            }
            if now < 0 && gh_errno() == EINTR { continue }
            guard now > 0 else { throw Failure(code: gh_errno()) }
            sent += now
        }
    }

    /// The next message; whoever gets descriptors has to close them.
    package func receive() throws(Failure) -> Message {
        var descriptors: [Int32] = []
        let head = try receive(4, &descriptors)
        let count = head.reduce(0) { $0 << 8 | Int($1) }
        do throws(Failure) {
            guard count <= Self.longest else { throw Failure(code: 0) }
            let text = try receive(count, &descriptors)
            return Message(String(decoding: text, as: UTF8.self), descriptors: descriptors)
        } catch {
            for descriptor in descriptors { _ = close(descriptor) }
            throw error
        }
    }

    private func receive(_ wanted: Int, _ descriptors: inout [Int32]) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: wanted)
        var taken = 0
        while taken < wanted {
            var room = [Int32](repeating: -1, count: Self.mostDescriptors)
            var received: Int32 = 0
            // Local arrays with as much room as is said.
            let now = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe gh_local_receive(
                    self.descriptor, buffer.baseAddress! + taken, buffer.count - taken, &room, &received)
            }
            descriptors += room.prefix(Int(received))
            if now < 0 && gh_errno() == EINTR { continue }
            guard now > 0 else { throw Failure(code: now == 0 ? 0 : gh_errno()) }
            taken += now
        }
        return bytes
    }

    /// A socket that others connect to. Only processes of its own user may, by its mode and by a look at each.
    package final class Listener: Sendable {
        private let descriptor: Int32
        package let path: String

        /// Listens at a path where nothing is yet.
        package init(path: String) throws(Failure) {
            // The path is passed for the length of the call.
            descriptor = unsafe gh_local_listen(path)
            guard descriptor >= 0 else { throw Failure(code: gh_errno()) }
            self.path = path
        }

        deinit { _ = close(descriptor) }

        /// Waits for the next client of the same user (or of root); nil when there will be none.
        package func accept(seconds: Int32) -> LocalSocket? {
            while true {
                let client = gh_local_accept(descriptor)
                if client < 0 {
                    if gh_errno() == EINTR || gh_errno() == ECONNABORTED { continue }
                    return nil
                }
                _ = gh_local_time_limit(client, seconds)
                let socket = LocalSocket(descriptor: client)
                guard let peer = socket.peer, peer.user == geteuid() || peer.user == 0 else { continue }
                return socket
            }
        }

        /// Wakes the thread that waits, for good.
        package func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    /// Tells the service manager: one datagram (sd_notify(3)). Returns whether it was taken.
    @discardableResult
    package static func notify(_ path: String, _ text: String) -> Bool {
        let bytes = Array(text.utf8)
        // Path and bytes live across the call.
        return unsafe gh_local_notify(path, bytes, bytes.count) == 0
    }
}
