internal import CSystem
internal import GatewayConfiguration
internal import Reactor

/// Sockets that are bound to a listener's address, one for each worker that will accept there.
struct ListenerBinding: Sendable {
    /// The listener's index in the configuration; `adminIndex` for the admin listener.
    let index: Int
    let name: String
    let address: SocketAddress
    /// In the order of the workers.
    let descriptors: [Int32]
    let counter: ConnectionCounter

    static let adminIndex = -1

    /// Binds `count` sockets to one address. With port 0 the first one chooses, and the others follow.
    static func bind(
        index: Int, name: String, _ wanted: SocketAddressConfiguration, count: Int, counter: ConnectionCounter
    ) throws(StartError) -> ListenerBinding {
        let host = wanted.host
        let everywhere = host.isEmpty || host == "*"
        guard var address = SocketAddress(literal: everywhere ? "::" : host, port: wanted.port) else {
            throw .badAddress(listener: name, address: wanted.description)
        }
        var descriptors: [Int32] = []
        do throws(ListeningSocket.BindError) {
            if address.port != 0 { try claim(&address, everywhere: everywhere) }
            for _ in 0..<count {
                let descriptor: Int32
                do throws(ListeningSocket.BindError) {
                    descriptor = try ListeningSocket.bind(address, shared: true)
                } catch {
                    // A system without IPv6 still has all of its IPv4 addresses.
                    guard everywhere && address.isIPv6 && descriptors.isEmpty else { throw error }
                    address = SocketAddress(ipv4: 0, port: wanted.port)
                    descriptor = try ListeningSocket.bind(address, shared: true)
                }
                descriptors.append(descriptor)
                if let chosen = ListeningSocket.address(of: descriptor) { address = chosen }
            }
        } catch {
            for descriptor in descriptors { ListeningSocket.discard(descriptor) }
            throw .bind(listener: name, address: wanted.description, code: error.code)
        }
        return ListenerBinding(
            index: index, name: name, address: address, descriptors: descriptors, counter: counter)
    }

    /// Asks for the port alone first, and lets it go again. Sockets that share a port share it with every process of the
    /// same user: a second gateway would start without a word and take a part of the connections.
    private static func claim(_ address: inout SocketAddress, everywhere: Bool) throws(ListeningSocket.BindError) {
        do throws(ListeningSocket.BindError) {
            ListeningSocket.discard(try ListeningSocket.bind(address, shared: false))
        } catch {
            // As below: a taken port is taken for IPv4 too, anything else may be the lack of IPv6.
            guard everywhere, address.isIPv6, error.code != EADDRINUSE else { throw error }
            address = SocketAddress(ipv4: 0, port: address.port)
            ListeningSocket.discard(try ListeningSocket.bind(address, shared: false))
        }
    }
}
