internal import Reactor

/// The addresses an endpoint has right now: a literal's one, or what its name resolves to.
final class EndpointAddresses {
    enum State {
        case known([SocketAddress])
        case resolving
        case failed
    }

    private(set) var state: State
    private var waiting: [() -> Void] = []

    init(_ endpoint: CompiledEndpoint, worker: Worker) {
        if let literal = endpoint.literal {
            state = .known([literal])
        } else {
            state = .failed
        }
    }

    /// Calls back once, when the first answer is there, good or bad.
    func whenResolved(_ body: @escaping () -> Void) { waiting.append(body) }

    func stop() { waiting.removeAll() }
}
