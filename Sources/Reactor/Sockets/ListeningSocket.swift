internal import CSystem

/// A socket that accepts connections for one loop.
///
/// Every loop has its own on the same address (`SO_REUSEPORT`): the system spreads connections, nothing is shared.
@safe package final class ListeningSocket: DescriptorHandler {
    /// Why an address could not be listened on.
    package struct BindError: Error, Sendable {
        package let address: SocketAddress
        /// The system's error number.
        package let code: Int32
    }

    private let loop: EventLoop
    private let onAccept: (Int32, SocketAddress) -> Void
    private let onTrouble: (Int32) -> Void
    private let resting: RestTimer
    /// Paused by the owner, which the end of a rest must not undo.
    private var isPaused = false
    package private(set) var isOpen = true
    /// How many connections are taken in one turn: as many as there were, or twice that when there were more. Asking once
    /// more than there are costs a system call for every connection of a quiet listener.
    private var turn = 1
    private static let longestTurn = 64

    /// Binds and listens. May be called from any thread; the loop hears of it with `start`.
    package static func bind(_ address: SocketAddress, shared: Bool) throws(BindError) -> Int32 {
        let descriptor = socket(address.isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BindError(address: address, code: gh_errno()) }
        _ = gh_set_nonblocking(descriptor)
        _ = gh_set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        _ = gh_set_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        if shared { _ = gh_set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
        // "*" is one IPv6 socket that takes IPv4 as well; a literal IPv6 address takes IPv6 only.
        if address.isIPv6 {
            let everything = address.high == 0 && address.low == 0
            _ = gh_set_option(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, everything ? 0 : 1)
        }
        var (storage, length) = address.storage
        let bound = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe CSystem.bind(descriptor, $0, length)
            }
        }
        guard bound == 0, listen(descriptor, 4_096) == 0 else {
            let code = gh_errno()
            _ = CSystem.close(descriptor)
            throw BindError(address: address, code: code)
        }
        return descriptor
    }

    /// The address a bound descriptor really has: port 0 becomes the chosen one.
    package static func address(of descriptor: Int32) -> SocketAddress? {
        unsafe socketAddress(of: descriptor, getsockname)
    }

    /// A second descriptor of the same socket, for another loop; nil when the system has none left.
    package static func duplicate(_ descriptor: Int32) -> Int32? {
        let copy = gh_duplicate(descriptor)
        return copy < 0 ? nil : copy
    }

    /// Closes a bound descriptor that no loop took.
    package static func discard(_ descriptor: Int32) {
        _ = CSystem.close(descriptor)
    }

    /// Accepts on the loop from now on. `onTrouble` hears the error number when the system has no descriptor left.
    package init(
        descriptor: Int32, loop: EventLoop, onAccept: @escaping (Int32, SocketAddress) -> Void,
        onTrouble: @escaping (Int32) -> Void
    ) {
        self.loop = loop
        self.onAccept = onAccept
        self.onTrouble = onTrouble
        resting = RestTimer()
        super.init()
        self.descriptor = descriptor
        resting.socket = self
        let added = loop.descriptors.addLevel(self, read: true, write: false)
        precondition(added, "a listening socket could not be watched: errno \(gh_errno())")
    }

    package override func descriptorIsReady(_ readiness: Readiness) {
        // A bounded number a turn: connections that are there already are served in between.
        var accepted = 0
        while accepted < turn {
            guard isOpen, !isPaused else { return }
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let client = unsafe gh_accept(descriptor, &storage, &length)
            if client < 0 {
                let error = gh_errno()
                if error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM { rest(error) }
                turn = max(1, accepted)
                return
            }
            accepted += 1
            // On Linux a connection inherits this from the listening socket.
            #if !os(Linux)
                _ = gh_set_option(client, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            #endif
            onAccept(client, SocketAddress(storage) ?? .unspecified)
            loop.flush()
        }
        turn = min(Self.longestTurn, turn * 2)
    }

    /// Stops accepting for a moment: level-triggered, a full descriptor table would spin the loop.
    private func rest(_ error: Int32) {
        loop.descriptors.changeLevel(self, read: false, write: false)
        loop.timers.arm(resting, at: loop.now + 100_000_000)
        onTrouble(error)
    }

    private func endRest() {
        if isOpen && !isPaused { loop.descriptors.changeLevel(self, read: true, write: false) }
    }

    package func pauseAccepting() {
        guard isOpen, !isPaused else { return }
        isPaused = true
        loop.descriptors.changeLevel(self, read: false, write: false)
    }

    package func resumeAccepting() {
        guard isOpen, isPaused else { return }
        isPaused = false
        if !resting.isArmed { loop.descriptors.changeLevel(self, read: true, write: false) }
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        loop.timers.disarm(resting)
        // A program that takes over has it too.
        loop.descriptors.removeShared(self)
        _ = CSystem.close(descriptor)
        descriptor = -1
    }

    private final class RestTimer: TimerNode {
        weak var socket: ListeningSocket?
        override func timerDidFire() { socket?.endRest() }
    }
}
