internal import GatewayConfiguration
internal import Reactor

extension GatewayServer {
    /// The addresses of a snapshot: those that were bound before, and new ones.
    struct Bindings {
        var all: [Publication.Listener] = []
        var fresh: [ListenerBinding] = []

        /// Gives up what was bound in vain.
        func discard() {
            for binding in fresh { binding.discard() }
        }
    }

    /// Binds what is not bound yet, all or nothing. An address that stays keeps its sockets, whatever else of its listener
    /// has changed.
    ///
    /// - Parameters:
    ///   - old: the listeners that are there, with their names in the old snapshot.
    ///   - passed: sockets that were bound by somebody else. Those that nobody asks for are closed.
    func bind(
        _ snapshot: Snapshot, keeping old: [(name: String, binding: ListenerBinding)], workers count: Int,
        passed: [PassedSockets] = []
    ) throws(StartError) -> Bindings {
        var left = old
        var given = passed
        var result = Bindings()
        let ownPorts = Set(old.map { $0.binding.address.port } + passed.map(\.wanted.port))
        defer { for sockets in given { sockets.discard() } }

        // Where several ask for port 0 of one address, the name decides; a listener may also have changed its name.
        func take(_ name: String, _ wanted: SocketAddressConfiguration, isAdmin: Bool) -> ListenerBinding? {
            let fitting = left.indices.filter {
                left[$0].binding.wanted == wanted && left[$0].binding.isAdmin == isAdmin
            }
            let named = fitting.first { left[$0].name == name }
            guard let index = named ?? fitting.first else { return nil }
            return left.remove(at: index).binding
        }

        func make(
            _ name: String, _ wanted: SocketAddressConfiguration, isAdmin: Bool, _ count: Int,
            _ counter: ConnectionCounter
        ) throws(StartError) -> ListenerBinding {
            guard let index = given.firstIndex(where: { ($0.isAdmin ?? isAdmin) == isAdmin && $0.serve(wanted) }) else {
                return try ListenerBinding.bind(
                    name: name, wanted, isAdmin: isAdmin, count: count, counter: counter, ownPorts: ownPorts)
            }
            return try ListenerBinding.adopt(
                given.remove(at: index), as: wanted, isAdmin: isAdmin, name: name, count: count, counter: counter)
        }

        let configuration = snapshot.configuration
        do {
            for (index, listener) in configuration.listeners.enumerated() {
                if let kept = take(listener.name, listener.address, isAdmin: false) {
                    result.all.append(Publication.Listener(binding: kept, index: index))
                    continue
                }
                let counter = ConnectionCounter(limit: listener.maxConnections, whole: connections)
                let made = try make(listener.name, listener.address, isAdmin: false, count, counter)
                result.fresh.append(made)
                result.all.append(Publication.Listener(binding: made, index: index))
            }
            if let admin = configuration.admin {
                let kept = take("admin", admin.address, isAdmin: true)
                let binding: ListenerBinding
                if let kept {
                    binding = kept
                } else {
                    // A page for operators: its few connections are not the clients'.
                    let counter = ConnectionCounter(limit: 1_024, whole: nil)
                    binding = try make("admin", admin.address, isAdmin: true, 1, counter)
                    result.fresh.append(binding)
                }
                result.all.append(Publication.Listener(binding: binding, index: ListenerBinding.adminIndex))
            }
        } catch {
            result.discard()
            throw error
        }
        return result
    }
}
