internal import GatewayConfiguration
internal import Reactor

/// The addresses an endpoint has right now: a literal's one, or all that its name resolves to.
///
/// A name is looked up when the worker starts and again when its time to live ends; the last good answer stays in use
/// while the servers fail. Only a name that never resolved has no address.
final class EndpointAddresses {
    enum State {
        case known([StreamTarget])
        /// The first answer is not there yet.
        case resolving
        case failed
    }

    private(set) var state: State
    private let name: CachedName?
    private var waiting: [() -> Void] = []
    /// Asks for those only who wait.
    private var isRetired = false

    init(_ endpoint: CompiledEndpoint, worker: Worker) {
        if let fixed = endpoint.fixed {
            state = .known([fixed])
            name = nil
            return
        }
        state = .resolving
        let configuration = endpoint.configuration
        let name = CachedName(
            host: configuration.host, port: configuration.port, resolver: worker.resolver, loop: worker.loop)
        self.name = name
        name.onChange = { [weak self] name in self?.settle(.known(name.addresses.map(StreamTarget.address))) }
        name.onFailure = { [weak self, log = worker.log] name, error in
            log.warning(
                "a name could not be resolved",
                ["name": .text(name.host), "reason": .text(error.label), "addresses": .integer(name.addresses.count)])
            if name.addresses.isEmpty { self?.settle(.failed) }
        }
        name.start()
    }

    /// Calls back once, when the first answer is there, good or bad.
    func whenResolved(_ body: @escaping () -> Void) {
        waiting.append(body)
        if isRetired { name?.start() }
    }

    /// The addresses known now are the last ones. Requests that wait for the first ones still get them.
    func retire() {
        isRetired = true
        if waiting.isEmpty { name?.stop() }
    }

    /// The worker ends: nobody waits any more.
    func stop() {
        waiting.removeAll()
        name?.stop()
    }

    private func settle(_ state: State) {
        self.state = state
        let bodies = waiting
        waiting.removeAll()
        for body in bodies { body() }
        if isRetired { name?.stop() }
    }
}
