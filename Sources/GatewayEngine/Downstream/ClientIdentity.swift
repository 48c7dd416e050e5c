internal import GatewayConfiguration
internal import Reactor

/// Who is at the other end of a client connection: the address, and whether it may speak for others.
struct ClientIdentity {
    let address: SocketAddress
    /// The peer is one of `trusted_proxies`: what it says in X-Forwarded-* is believed.
    let isTrusted: Bool

    init(_ address: SocketAddress, trusted: [NetworkPrefix]) {
        self.address = address
        isTrusted = trusted.contains { $0.contains(high: address.high, low: address.low) }
    }
}
