internal import CSystem
internal import GatewayConfiguration
internal import Reactor

/// Sockets that are bound to a listener's address. They outlive the listener's settings and its name: a reload that keeps
/// the address keeps them.
final class ListenerBinding: Sendable {
    /// The address as the configuration has it, where port 0 asks for any.
    let wanted: SocketAddressConfiguration
    let isAdmin: Bool
    /// What it really is.
    let address: SocketAddress
    /// Dealt out to the workers in turn: one for each of them, and a single one for the admin listener.
    let descriptors: [Int32]
    let counter: ConnectionCounter

    /// In place of the index in the configuration that listeners for clients have.
    static let adminIndex = -1

    private init(
        wanted: SocketAddressConfiguration, isAdmin: Bool, address: SocketAddress, descriptors: [Int32],
        counter: ConnectionCounter
    ) {
        self.wanted = wanted
        self.isAdmin = isAdmin
        self.address = address
        self.descriptors = descriptors
        self.counter = counter
    }

    /// The sockets that one of `count` workers accepts on.
    func descriptors(ofWorker index: Int, of count: Int) -> [Int32] {
        descriptors.indices.filter { $0 % count == index }.map { descriptors[$0] }
    }

    /// Closes sockets that no worker took.
    func discard() {
        for descriptor in descriptors { ListeningSocket.discard(descriptor) }
    }

    /// Binds `count` sockets to one address. With port 0 the first one chooses, and the others follow.
    ///
    /// - Parameters:
    ///   - name: what errors call it.
    ///   - ownPorts: ports that this gateway has itself, maybe on another address: they are not asked for alone.
    static func bind(
        name: String, _ wanted: SocketAddressConfiguration, isAdmin: Bool = false, count: Int,
        counter: ConnectionCounter, ownPorts: Set<UInt16> = []
    ) throws(StartError) -> ListenerBinding {
        let host = wanted.host
        let everywhere = host.isEmpty || host == "*"
        guard var address = SocketAddress(literal: everywhere ? "::" : host, port: wanted.port) else {
            throw .badAddress(listener: name, address: wanted.description)
        }
        var descriptors: [Int32] = []
        do throws(ListeningSocket.BindError) {
            if address.port != 0, !ownPorts.contains(address.port) { try claim(&address, everywhere: everywhere) }
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
            wanted: wanted, isAdmin: isAdmin, address: address, descriptors: descriptors, counter: counter)
    }

    /// Goes on with sockets that another program, or the service manager, has bound. With fewer of them than there are
    /// workers, workers share a socket: one bound beside them would get connections at once, and lose them if the start
    /// failed behind it.
    static func adopt(
        _ passed: PassedSockets, as wanted: SocketAddressConfiguration, isAdmin: Bool, name: String, count: Int,
        counter: ConnectionCounter
    ) throws(StartError) -> ListenerBinding {
        guard let first = passed.descriptors.first, let address = ListeningSocket.address(of: first) else {
            throw .badAddress(listener: name, address: wanted.description)
        }
        var descriptors = passed.descriptors
        while descriptors.count < count {
            let shared = passed.descriptors[descriptors.count % passed.descriptors.count]
            guard let copy = ListeningSocket.duplicate(shared) else {
                for descriptor in descriptors { ListeningSocket.discard(descriptor) }
                throw .bind(listener: name, address: wanted.description, code: EMFILE)
            }
            descriptors.append(copy)
        }
        return ListenerBinding(
            wanted: wanted, isAdmin: isAdmin, address: address, descriptors: descriptors, counter: counter)
    }

    /// The sockets as another program gets them; they stay open here.
    var passed: PassedSockets { PassedSockets(wanted: wanted, isAdmin: isAdmin, descriptors: descriptors) }

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
