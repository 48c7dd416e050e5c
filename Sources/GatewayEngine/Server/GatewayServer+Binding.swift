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
    /// - Parameter old: the listeners that are there, with their names in the old snapshot.
    func bind(
        _ snapshot: Snapshot, keeping old: [(name: String, binding: ListenerBinding)], workers count: Int
    ) throws(StartError) -> Bindings {
        var left = old
        var result = Bindings()
        let ownPorts = Set(old.map { $0.binding.address.port })

        // Where several ask for port 0 of one address, the name decides; a listener may also have changed its name.
        func take(_ name: String, _ wanted: SocketAddressConfiguration, isAdmin: Bool) -> ListenerBinding? {
            let fitting = left.indices.filter {
                left[$0].binding.wanted == wanted && left[$0].binding.isAdmin == isAdmin
            }
            let named = fitting.first { left[$0].name == name }
            guard let index = named ?? fitting.first else { return nil }
            return left.remove(at: index).binding
        }

        let configuration = snapshot.configuration
        do {
            for (index, listener) in configuration.listeners.enumerated() {
                if let kept = take(listener.name, listener.address, isAdmin: false) {
                    result.all.append(Publication.Listener(binding: kept, index: index))
                    continue
                }
                let counter = ConnectionCounter(limit: listener.maxConnections, whole: connections)
                let made = try ListenerBinding.bind(
                    name: listener.name, listener.address, count: count, counter: counter, ownPorts: ownPorts)
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
                    binding = try ListenerBinding.bind(
                        name: "admin", admin.address, isAdmin: true, count: 1, counter: counter, ownPorts: ownPorts)
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
