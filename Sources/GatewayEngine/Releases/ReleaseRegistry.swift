package import GatewayConfiguration
internal import Synchronization

/// All releases at run time: the splits with their weights, the canaries with their figures. It belongs to the server,
/// outlives every snapshot, and is what the admin API speaks to.
///
/// 1. A snapshot that is compiled takes its splits' states from here (`state`), which changes nothing.
/// 2. When the snapshot is in force, `adopt` tells the states what the configuration says now.
/// 3. `tick`, twice a second on the first worker: the canaries look at their figures, and decide.
/// 4. Operators' words (`ReleaseRegistry+Commands.swift`) may come on any thread.
///
/// What changes is logged, and handed to the state file's thread; neither happens under a lock.
package final class ReleaseRegistry: Sendable {
    /// How many workers read the splits.
    let workers: Int
    let log: OperationLog?
    private let store: ReleaseStore?
    private let states = Mutex<[String: SplitState]>([:])
    /// What the state file held for routes that no configuration has claimed yet.
    private let records: Mutex<[String: SplitRecord]>
    /// The loops' clock at the last tick, for commands of other threads.
    private let lastTick = Atomic<Int64>(0)

    /// - Parameters:
    ///   - log: nil: nothing is said.
    ///   - stateFile: where changes are kept; what it holds is read now. A file that cannot be used is told and left
    ///     alone: the gateway runs without it.
    package init(workers: Int, log: OperationLog? = nil, stateFile: String? = nil) {
        self.workers = workers
        self.log = log
        guard let stateFile else {
            store = nil
            records = Mutex([:])
            return
        }
        let (store, kept) = ReleaseStore.open(stateFile, log)
        self.store = store
        records = Mutex(Dictionary(kept.map { ($0.route, $0) }, uniquingKeysWith: { _, last in last }))
    }

    /// The state of a route's split; made when it is asked for the first time.
    func state(_ route: String) -> SplitState {
        states.withLock { states in
            if let known = states[route] { return known }
            let record = records.withLock { $0.removeValue(forKey: route) }
            let made = SplitState(route: route, workers: workers, record: record)
            states[route] = made
            return made
        }
    }

    /// A configuration is in force from now on: its weights, keys and canaries. States of routes that it does not have are
    /// forgotten; requests under way keep what they hold.
    package func adopt(_ configuration: GatewayConfiguration) {
        var named: Set<String> = []
        var isChanged = false
        for route in configuration.routes {
            guard case .split(let split) = route.answer else { continue }
            named.insert(route.name)
            if state(route.name).adopt(split) { isChanged = true }
        }
        let isShorter = states.withLock { states in
            let before = states.count
            states = states.filter { named.contains($0.key) }
            return states.count < before
        }
        let hasLeftovers = records.withLock { records in
            defer { records = [:] }
            return !records.isEmpty
        }
        if isChanged || isShorter || hasLeftovers { save() }
    }

    /// - Parameters:
    ///   - now: the loops' clock.
    ///   - wall: nanoseconds since 1970.
    package func tick(now: Int64, wall: Int64) {
        lastTick.store(now, ordering: .relaxed)
        var isChanged = false
        for state in all() {
            guard let news = state.tick(now, wall: wall) else { continue }
            tell(news, of: state.route, isOrdered: false)
            if case .changed = news.kind { isChanged = true }
        }
        if isChanged { save() }
    }

    /// Writes what is still to be written; to be called when the gateway ends.
    package func close() { store?.close() }

    // MARK: For the commands

    var now: Int64 { lastTick.load(ordering: .relaxed) }

    /// In the order of the routes' names.
    func all() -> [SplitState] {
        states.withLock { Array($0.values) }.sorted { $0.route < $1.route }
    }

    func find(_ route: String) throws(ReleaseError) -> SplitState {
        guard let state = states.withLock({ $0[route] }) else { throw .noSplit(route: route) }
        return state
    }

    func save() {
        guard let store else { return }
        store.keep(ReleaseFile.encode(all().compactMap { $0.record() }))
    }

    func tell(_ news: CanaryNews, of route: String, isOrdered: Bool) {
        guard let log else { return }
        switch news.kind {
        case .waits(let wait):
            log.info(
                "a canary waits",
                ["route": .text(route), "candidate": .text(news.candidate), "for": .text(wait.rawValue)])
        case .changed(let from, let share, let reason):
            let isAlarm = if case .rolledBack = news.state { !isOrdered } else { false }
            log.log(
                isAlarm ? .warning : .info, "a canary has changed",
                [
                    "route": .text(route), "candidate": .text(news.candidate), "from": .text(from),
                    "to": .text(news.state.name), "share": .text(CanaryWords.percent(Double(share) / 10_000)),
                    "reason": .text(reason.rawValue), "why": .text(news.sentence),
                ])
        }
    }
}
