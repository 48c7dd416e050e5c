internal import CSystem
package import GatewayConfiguration
internal import Identity
internal import RateLimits
internal import Reactor
internal import Synchronization

/// A gateway: compiles a configuration, listens, runs one worker per core, takes up new configurations while it runs, and
/// ends without losing a request.
///
/// 1. `init` compiles the configuration and opens the access log; nothing listens yet.
/// 2. `start` binds every address, all or none, and starts the workers.
/// 3. `reload` replaces the configuration, all or nothing, any number of times (`GatewayServer+Reload.swift`).
/// 4. `drain` closes the listeners, waits for what is under way, at most `timeouts.drain`, and ends the workers.
///
/// 2 to 4 block the thread that calls them, and happen one after the other.
package final class GatewayServer: Sendable {
    /// Where a listener really listens: port 0 has become the chosen one.
    package struct Bound: Sendable, Hashable {
        package let listener: String
        package let address: String
        package let port: UInt16
        package let isAdmin: Bool
        package let isTLS: Bool
    }

    struct State {
        var publication: Publication
        var workers: [Worker] = []
        var threads: [LoopThread] = []
        var isEnding = false
    }

    package let metrics: Metrics
    let registry = ServiceRegistry()
    let log: OperationLog
    /// Client connections of all listeners.
    let connections: ConnectionCounter
    /// Splits, canaries, and what operators may do with them.
    package let releases: ReleaseRegistry
    /// Counts of limits: what was counted outlives a reload.
    private let limitStore = LimitStore.random()
    private let concurrency = ConcurrencyStore()
    private let workerCount: Int
    private let pages: AdminPages
    /// What the program brings in Swift.
    private let program: ProgramTable
    let state: Mutex<State>
    /// Held by a reload and by the beginning of the end, each as long as it takes.
    let changing = Mutex<Void>(())

    package init(
        _ configuration: GatewayConfiguration, build: Metrics.Build, log: OperationLog,
        program: ProgramTable = ProgramTable()
    ) throws(StartError) {
        self.log = log
        self.program = program
        let configuration = program.extended(configuration)
        metrics = Metrics(build: build, start: OperationLog.wallClock())
        pages = AdminPages(metrics: metrics)
        metrics.show(registry)
        metrics.show(limitStore)
        connections = ConnectionCounter(limit: configuration.limits.connections, whole: nil)
        workerCount = configuration.workers ?? SystemLimits.processors
        releases = ReleaseRegistry(workers: workerCount, log: log, stateFile: configuration.stateFile)
        metrics.show(releases)
        do throws(StartError) {
            let snapshot = try Self.compile(configuration, metrics, registry, releases, program)
            let accessLog = try Self.openAccessLog(configuration.accessLog, metrics, log)
            state = Mutex(State(publication: Publication(snapshot: snapshot, listeners: [], accessLog: accessLog)))
        } catch {
            releases.close()
            throw error
        }
        releases.adopt(configuration)
        pages.api.attach(self)
        metrics.show(self.snapshot)
    }

    /// Reloads may be asked for by the admin API from now on.
    func offer(_ reloads: ReloadController) { pages.api.attach(reloads) }

    /// A configuration of a file, with the routes that the program adds to it.
    func extended(_ configuration: GatewayConfiguration) -> GatewayConfiguration { program.extended(configuration) }

    /// The same, compiled.
    func compile(_ configuration: GatewayConfiguration) throws(StartError) -> Snapshot {
        try Self.compile(extended(configuration), metrics, registry, releases, program)
    }

    /// Whether traffic should be sent here.
    var isReady: Bool { pages.isReady }

    static func compile(
        _ configuration: GatewayConfiguration, _ metrics: Metrics, _ registry: ServiceRegistry,
        _ releases: ReleaseRegistry, _ program: ProgramTable
    ) throws(StartError) -> Snapshot {
        do {
            return try Snapshot(
                configuration, metrics: metrics, registry: registry, releases: releases, program: program)
        } catch {
            throw .routes(error.diagnostics)
        }
    }

    static func openAccessLog(
        _ settings: AccessLogConfiguration, _ metrics: Metrics, _ log: OperationLog
    ) throws(StartError) -> AccessLogSink? {
        guard settings.enabled else { return nil }
        do {
            return try AccessLogSink(path: settings.path, counters: metrics.accessLog) { failure in
                log.error(
                    "the access log cannot be written",
                    ["path": .text(failure.path), "errno": .integer(Int(failure.errorNumber))])
            }
        } catch {
            throw .accessLog(path: settings.path, code: error.errorNumber)
        }
    }

    /// What it serves by.
    package var snapshot: Snapshot { state.withLock { $0.publication.snapshot } }
    package var configuration: GatewayConfiguration { snapshot.configuration }

    /// Endpoints that an operator has taken out.
    package var drained: [DrainedEndpoint] { snapshot.drained }

    /// Binds all listeners and starts the workers.
    ///
    /// - Parameters:
    ///   - passed: sockets that are bound already, which are listened on where the configuration asks for their address, and
    ///     closed otherwise.
    ///   - drained: endpoints that get nothing from the start.
    package func start(passed: [PassedSockets] = [], drained: [DrainedEndpoint] = []) throws(StartError) {
        _ = gh_raise_descriptor_limit()
        let count = workerCount
        let publication = state.withLock { $0.publication }
        publication.snapshot.drain(drained)
        var listeners = Bindings()
        do {
            listeners = try bind(publication.snapshot, keeping: [], workers: count, passed: passed)
            try run(
                count,
                Publication(
                    snapshot: publication.snapshot, listeners: listeners.all, accessLog: publication.accessLog))
        } catch {
            listeners.discard()
            releases.close()
            publication.accessLog?.stop(timeout: .seconds(1))
            throw error
        }
    }

    private func run(_ count: Int, _ publication: Publication) throws(StartError) {
        let workers = (0..<count).map { index in
            Worker(
                index: index, of: count, snapshot: publication.snapshot, metrics: metrics,
                accessLog: publication.accessLog, log: log, pages: pages, limitStore: limitStore,
                concurrency: concurrency)
        }
        tick(workers)
        var threads: [LoopThread] = []
        for worker in workers {
            guard let thread = LoopThread(worker.loop) else { throw .noThread }
            threads.append(thread)
        }
        do throws(StartError) {
            try awaitKeys(publication.snapshot)
        } catch {
            end(workers, threads)
            throw error
        }
        awaitFirstChecks(workers)
        _ = onAllWorkers(workers, milliseconds: 10_000) { $0.publish(publication) }
        state.withLock { state in
            state.publication = publication
            state.workers = workers
            state.threads = threads
        }
        gh_trim_memory()
        pages.setReady(true)
    }

    /// Where the configuration says so, nothing starts without the keys of issuers: one fetch of each decides.
    private func awaitKeys(_ snapshot: Snapshot) throws(StartError) {
        let feeds = snapshot.auth.requiredFeeds
        if feeds.isEmpty { return }
        let gate = DrainGate(count: feeds.count)
        for feed in feeds { feed.whenFirstFetched { gate.leave() } }
        // A fetch takes five seconds at most.
        _ = gate.wait(milliseconds: 6_000)
        for feed in feeds where feed.keyCount == nil {
            throw .keys(issuer: feed.name, reason: feed.lastFault?.label ?? KeyFetchFault.timedOut.label)
        }
    }

    private func end(_ workers: [Worker], _ threads: [LoopThread]) {
        for worker in workers {
            worker.loop.execute {
                worker.shutDown()
                worker.loop.stop()
            }
        }
        for thread in threads { thread.join() }
    }

    /// Where an endpoint must pass a check before it gets a request, clients wait at the door for the first results rather
    /// than be sent away with a 503. The addresses are bound, so they can knock already; and no check takes longer than
    /// its time limit.
    private func awaitFirstChecks(_ workers: [Worker]) {
        let limits = configuration.services.compactMap { service -> Int64? in
            guard let check = service.healthCheck, check.required else { return nil }
            return check.timeout.nanoseconds
        }
        guard let longest = limits.max() else { return }
        let gate = DrainGate(count: workers.count)
        for worker in workers { worker.loop.execute { worker.healthChecks.whenFirstResultsAreKnown { gate.leave() } } }
        // A little more for what lies between a timer and its effect.
        _ = gate.wait(milliseconds: Int(clamping: longest / 1_000_000) + 250)
    }

    /// The first worker's clock serves all of them: it watches the memory of the process, has the canaries judged, and
    /// forgets counts that do not matter any more.
    private func tick(_ workers: [Worker]) {
        guard let first = workers.first else { return }
        let whole = SystemLimits.memory
        var memory = MemoryGuard(cap: whole)
        var forgotten = ForgottenKeys()
        first.onTick = { [unowned first, log, releases, limitStore] in
            let swept = limitStore.sweep(at: LimitTime(monotonic: first.loop.now, epoch: first.loop.wallNow))
            // Without a thread it is given back after the next wave.
            if forgotten.note(swept) { PlainThread.start({ gh_trim_memory() }) }
            releases.tick(now: first.loop.now, wall: first.loop.wallNow)
            let limit = first.snapshot.configuration.limits.memory
            memory.cap = limit > 0 ? limit : whole
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
    package var bound: [Bound] {
        let publication = state.withLock { $0.publication }
        return publication.listeners.map { listener in
            let isAdmin = listener.binding.isAdmin
            return Bound(
                listener: isAdmin ? "admin" : publication.snapshot.listeners[listener.index].configuration.name,
                address: listener.binding.address.description, port: listener.binding.address.port, isAdmin: isAdmin,
                isTLS: !isAdmin && publication.snapshot.listeners[listener.index].tls != nil)
        }
    }

    /// Opens the access log's file anew, after it was renamed.
    package func reopenLogs() {
        state.withLock { $0.publication.accessLog }?.reopen()
    }

    /// The listening sockets, for a program that takes over. They stay open here.
    package var sockets: [PassedSockets] { state.withLock { $0.publication }.listeners.map(\.binding.passed) }

    /// Whether every loop turns: a loop that is stuck does not come to this within the time.
    package func loopsAnswer(withinMilliseconds limit: Int) -> Bool {
        onAllWorkers(state.withLock { $0.workers }, milliseconds: limit) { _ in }
    }

    /// Runs a body on every worker's loop, and waits until all have done it, at most for a time.
    ///
    /// - Returns: false when the time ran out.
    func onAllWorkers(_ workers: [Worker], milliseconds: Int, _ body: @escaping @Sendable (Worker) -> Void) -> Bool {
        let gate = DrainGate(count: workers.count)
        for worker in workers {
            worker.loop.execute {
                body(worker)
                gate.leave()
            }
        }
        return gate.wait(milliseconds: milliseconds)
    }

    /// Ends the gateway: no new connections, what is under way is completed, within `timeouts.drain`.
    ///
    /// Returns false when the time ran out and something was cut off. Blocks the calling thread.
    ///
    /// - Parameter handedOver: another program listens on these sockets now; so the admin listener is left to it too.
    @discardableResult
    package func drain(handedOver: Bool = false) -> Bool {
        let isFirst = changing.withLock { _ in
            state.withLock { state in
                defer { state.isEnding = true }
                return !state.isEnding
            }
        }
        guard isFirst else { return true }
        pages.setReady(false)
        let (workers, threads, publication) = state.withLock { ($0.workers, $0.threads, $0.publication) }
        let gate = DrainGate(count: workers.count)
        for worker in workers { worker.loop.execute { worker.drain(handedOver: handedOver) { gate.leave() } } }
        let limit = publication.snapshot.configuration.timeouts.drain
        let isComplete = gate.wait(milliseconds: Int(clamping: limit.nanoseconds / 1_000_000))
        end(workers, threads)
        releases.close()
        publication.accessLog?.stop(timeout: .seconds(5))
        return isComplete
    }
}
