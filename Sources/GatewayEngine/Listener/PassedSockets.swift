package import GatewayConfiguration
internal import Reactor

/// Listening sockets of one address on their way from one program to the next, or from the service manager.
///
/// Whoever holds such a value owns its descriptors: they are listened on, or closed with `discard`.
package struct PassedSockets: Sendable, Hashable {
    /// As the configuration has it; the sockets' own address where they come from a service manager.
    package let wanted: SocketAddressConfiguration
    /// nil: whoever asks for the address may have them.
    package let isAdmin: Bool?
    package let descriptors: [Int32]

    package init(wanted: SocketAddressConfiguration, isAdmin: Bool?, descriptors: [Int32]) {
        self.wanted = wanted
        self.isAdmin = isAdmin
        self.descriptors = descriptors
    }

    /// One socket that is bound already, whatever it is for; nil when it is not bound to an IP address.
    package init?(bound descriptor: Int32) {
        guard let address = ListeningSocket.address(of: descriptor), address.port != 0 else { return nil }
        wanted = SocketAddressConfiguration(host: address.host, port: address.port)
        isAdmin = nil
        descriptors = [descriptor]
    }

    package func discard() {
        for descriptor in descriptors { ListeningSocket.discard(descriptor) }
    }

    /// Whether these are what a listener of a configuration asks for: in the same words, or bound to the same address.
    func serve(_ address: SocketAddressConfiguration) -> Bool {
        if wanted == address { return true }
        let everywhere = address.host.isEmpty || address.host == "*"
        guard let first = descriptors.first, let bound = ListeningSocket.address(of: first),
            let literal = SocketAddress(literal: everywhere ? "::" : address.host, port: address.port)
        else { return false }
        return bound == literal
    }
}
