internal import GatewayConfiguration
internal import RateLimits
internal import Reactor
internal import Synchronization

/// `rate_limiting.store`, compiled: what all loops need to know of it.
final class CompiledLimitStore: Sendable {
    let configuration: LimitStoreConfiguration
    /// For `rediss://`; nil without.
    let tls: TLSContext?
    let space: RESPRequest.KeySpace
    /// Nanoseconds, for one decision.
    let timeout: Int64
    /// Nanoseconds, for a connection, with everything up to the first question.
    let connectTimeout: Int64
    /// What operators are told; lives on over reloads.
    let status: LimitStoreStatus

    init(_ configuration: LimitStoreConfiguration, tls: TLSContext?, status: LimitStoreStatus) {
        self.configuration = configuration
        self.tls = tls
        self.status = status
        space = RESPRequest.KeySpace(prefix: Array(configuration.prefix.utf8), isTagged: configuration.isCluster)
        timeout = max(configuration.timeout.nanoseconds, 1_000_000)
        connectTimeout = max(timeout, 1_000_000_000)
    }

    /// For a server's connections on one loop.
    func peer(for server: LimitStoreConfiguration.Server) -> TLSPeer? {
        guard server.tls, let tls else { return nil }
        let name = configuration.tls?.serverName ?? server.host
        return TLSPeer(context: tls, name: name, isAddress: SocketAddress(literal: name, port: 0) != nil)
    }
}

/// Whether the loops have their store, told as one: a log line when the first of them loses it, and one when the last of
/// them has it again.
final class LimitStoreStatus: Sendable {
    private struct State {
        /// By worker; nil: it has not got through yet, and not failed either.
        var isUp: [Int: Bool] = [:]
        var workers = 1
        var isDown = false
        var wasUp = false
    }

    private let state = Mutex(State())

    /// Every loop has its store.
    var isUp: Bool { state.withLock { !$0.isDown && $0.isUp.count >= $0.workers } }

    func report(
        worker: Int, of workers: Int, isUp: Bool, _ store: LimitStoreConfiguration, server: String,
        _ failure: StoreFailure?, _ log: OperationLog
    ) {
        enum Change { case none, gone, there, back }
        let change = state.withLock { state -> Change in
            state.isUp[worker] = isUp
            state.workers = workers
            let isDown = state.isUp.values.contains(false)
            defer { state.isDown = isDown }
            if isDown { return state.isDown ? .none : .gone }
            if state.isDown { return .back }
            defer { state.wasUp = true }
            return state.wasUp ? .none : .there
        }
        switch change {
        case .none: break
        case .gone:
            log.warning(
                "the store of limits is gone",
                [
                    "server": .text(server), "reason": .text("\(failure?.label ?? "")"),
                    "until_it_is_back": .text(store.onFailure.rawValue),
                ])
        case .there: log.info("the store of limits is there", ["server": .text(server)])
        case .back: log.info("the store of limits is back", ["server": .text(server)])
        }
    }
}

/// What is known of stores, over all snapshots that name the same one.
final class LimitStoreRegistry: Sendable {
    private let known = Mutex<[LimitStoreConfiguration: LimitStoreStatus]>([:])

    func status(of store: LimitStoreConfiguration) -> LimitStoreStatus {
        known.withLock { known in
            if let status = known[store] { return status }
            let made = LimitStoreStatus()
            known[store] = made
            return made
        }
    }

    /// Forgets all but the one that the newest configuration names.
    func keepOnly(_ store: CompiledLimitStore?) {
        known.withLock { known in known = known.filter { $0.key == store?.configuration } }
    }
}
