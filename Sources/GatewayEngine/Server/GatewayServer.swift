internal import CSystem
package import GatewayConfiguration
internal import Reactor
internal import Synchronization

/// A gateway: compiles a configuration, listens, runs one worker per core, and ends without losing a request.
///
/// 1. `init` compiles the configuration and opens the access log; nothing listens yet.
/// 2. `start` binds every address, all or none, and starts the workers.
/// 3. `drain` closes the listeners, waits for what is under way, at most `timeouts.drain`, and ends the workers.
package final class GatewayServer: Sendable {
    /// Where a listener really listens: port 0 has become the chosen one.
    package struct Bound: Sendable {
        package let listener: String
        package let address: String
        package let port: UInt16
        package let isAdmin: Bool
        package let isTLS: Bool
    }

    private struct State {
        var workers: [Worker] = []
        var threads: [LoopThread] = []
        var bound: [Bound] = []
        var isEnding = false
    }

    package let configuration: GatewayConfiguration
    package let snapshot: Snapshot
    package let metrics: Metrics
    private let registry = ServiceRegistry()
    private let accessLog: AccessLogSink?
    private let log: OperationLog
    private let pages: AdminPages
    private let state = Mutex(State())

    package init(_ configuration: GatewayConfiguration, build: Metrics.Build, log: OperationLog) throws(StartError) {
        self.configuration = configuration
        self.log = log
        metrics = Metrics(build: build, start: OperationLog.wallClock())
        pages = AdminPages(metrics: metrics)
        do {
            snapshot = try Snapshot(configuration, metrics: metrics, registry: registry)
        } catch {
            throw .routes(error.diagnostics)
        }
        let settings = configuration.accessLog
        if settings.enabled {
            do {
                accessLog = try AccessLogSink(path: settings.path, counters: metrics.accessLog) { failure in
                    log.error(
                        "the access log cannot be written",
                        ["path": .text(failure.path), "errno": .integer(Int(failure.errorNumber))])
                }
            } catch {
                throw .accessLog(path: settings.path, code: error.errorNumber)
            }
        } else {
            accessLog = nil
        }
    }

    /// Binds all listeners and starts the workers.
    package func start() throws(StartError) {
        _ = gh_raise_descriptor_limit()
        let count = configuration.workers ?? SystemLimits.processors
        var bindings: [ListenerBinding] = []
        do {
            let whole = ConnectionCounter(limit: configuration.limits.connections, whole: nil)
            for (index, listener) in configuration.listeners.enumerated() {
                let counter = ConnectionCounter(limit: listener.maxConnections, whole: whole)
                bindings.append(
                    try ListenerBinding.bind(
                        index: index, name: listener.name, listener.address, count: count, counter: counter))
            }
            if let admin = configuration.admin {
                // A page for operators: its few connections are not the clients'.
                let counter = ConnectionCounter(limit: 1_024, whole: nil)
                bindings.append(
                    try ListenerBinding.bind(
                        index: ListenerBinding.adminIndex, name: "admin", admin.address, count: 1, counter: counter))
            }
        } catch {
            for binding in bindings { for descriptor in binding.descriptors { ListeningSocket.discard(descriptor) } }
            accessLog?.stop(timeout: .seconds(1))
            throw error
        }
        try run(count, bindings)
    }

    private func run(_ count: Int, _ bindings: [ListenerBinding]) throws(StartError) {
        let workers = (0..<count).map { index in
            Worker(
                index: index, snapshot: snapshot, metrics: metrics, accessLog: accessLog, log: log, pages: pages)
        }
        for (index, worker) in workers.enumerated() {
            for binding in bindings where index < binding.descriptors.count {
                worker.listen(binding, binding.descriptors[index])
            }
        }
        guardMemory(workers)
        var threads: [LoopThread] = []
        for worker in workers {
            guard let thread = LoopThread(worker.loop) else { throw .noThread }
            threads.append(thread)
        }
        let bound = bindings.map { binding in
            Bound(
                listener: binding.name, address: binding.address.description, port: binding.address.port,
                isAdmin: binding.index == ListenerBinding.adminIndex,
                isTLS: binding.index >= 0 && snapshot.listeners[binding.index].tls != nil)
        }
        state.withLock { state in
            state.workers = workers
            state.threads = threads
            state.bound = bound
        }
        gh_trim_memory()
        pages.setReady(true)
    }

    /// The first worker's clock watches the memory of the process for all of them.
    private func guardMemory(_ workers: [Worker]) {
        let limit = configuration.limits.memory
        var memory = MemoryGuard(cap: limit > 0 ? limit : SystemLimits.memory)
        let log = self.log
        workers.first?.onTick = {
            guard let resident = ProcessFigures.readResidentBytes(),
                let level = memory.update(resident: Int(clamping: resident))
            else { return }
            log.warning(
                "memory guard",
                [
                    "level": .text("\(level)"), "resident": .integer(Int(clamping: resident)),
                    "cap": .integer(memory.cap ?? 0),
                ])
            for worker in workers { worker.loop.execute { worker.heed(level) } }
        }
    }

    /// In the order of the configuration, the admin listener last.
    package var bound: [Bound] { state.withLock { $0.bound } }

    /// Opens the access log's file anew, after it was renamed.
    package func reopenLogs() {
        accessLog?.reopen()
    }

    /// Ends the gateway: no new connections, what is under way is completed, within `timeouts.drain`.
    ///
    /// Returns false when the time ran out and something was cut off. Blocks the calling thread.
    @discardableResult
    package func drain() -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isEnding = true }
            return !state.isEnding
        }
        guard isFirst else { return true }
        pages.setReady(false)
        let (workers, threads) = state.withLock { ($0.workers, $0.threads) }
        let gate = DrainGate(count: workers.count)
        for worker in workers { worker.loop.execute { worker.drain { gate.leave() } } }
        let isComplete = gate.wait(milliseconds: Int(clamping: configuration.timeouts.drain.nanoseconds / 1_000_000))
        for worker in workers {
            worker.loop.execute {
                worker.shutDown()
                worker.loop.stop()
            }
        }
        for thread in threads { thread.join() }
        accessLog?.stop(timeout: .seconds(5))
        return isComplete
    }
}
