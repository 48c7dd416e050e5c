internal import GatewayConfiguration
internal import Reactor

/// Who is at the other end of a client connection: the address, and whether it may speak for others.
struct ClientIdentity {
    let address: SocketAddress
    /// The peer is one of `trusted_proxies`: what it says in X-Forwarded-* is believed.
    let isTrusted: Bool
    /// What the PROXY header said besides; nil: none came.
    let proxied: ProxiedConnection?

    init(_ address: SocketAddress, trusted: [NetworkPrefix], proxied: ProxiedConnection? = nil) {
        self.address = address
        self.proxied = proxied
        isTrusted = trusted.contains { $0.contains(high: address.high, low: address.low) }
    }

    /// The same client, when others are trusted.
    func judged(by trusted: [NetworkPrefix]) -> ClientIdentity {
        ClientIdentity(address, trusted: trusted, proxied: proxied)
    }

    /// The client that a proxy speaks for, or the proxy itself, where it says so.
    func told(by header: ProxyHeader, trusted: [NetworkPrefix]) -> ClientIdentity {
        guard let origin = header.origin else { return self }
        let proxied = ProxiedConnection(destination: origin.destination, isSecure: header.isSecure)
        return ClientIdentity(origin.source, trusted: trusted, proxied: proxied)
    }

    /// The client's TLS ended in front of this gateway.
    var cameByTLS: Bool { proxied?.isSecure == true }
}

/// What a PROXY header says of a connection beside the client's address. An object of its own, so that a connection without
/// one has no room for it.
final class ProxiedConnection {
    /// Where the client connected to.
    let destination: SocketAddress
    let isSecure: Bool

    init(destination: SocketAddress, isSecure: Bool) {
        self.destination = destination
        self.isSecure = isSecure
    }
}
