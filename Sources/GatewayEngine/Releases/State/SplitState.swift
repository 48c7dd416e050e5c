internal import GatewayConfiguration
internal import Synchronization

/// What is known of one route's split at run time: the weights in force, the canary, the counts. It belongs to the
/// route's name and outlives every configuration.
///
/// - The configuration's weights hold until an operator or a canary sets others; those hold until the configuration's own
///   sides or weights change.
/// - A canary goes on over reloads for as long as its own keys and the sides do not change.
///
/// Workers read `generation` and `turns` with every request; all else is behind the lock, and no request waits for it but
/// the first after a change. Decisions are made under the lock and told by their caller after it.
final class SplitState: Sendable {
    /// Who set the weights in force.
    enum Origin: String, Sendable, Hashable {
        case configuration
        case `operator`
        case canary
    }

    let route: String
    /// Raised with every change of weights or of what is counted.
    let generation = Atomic<UInt64>(1)
    /// The counter of requests without a key: one for all workers, so that shares are exact over the whole gateway.
    let turns = Atomic<UInt64>(0)

    private let workers: Int
    private let inner: Mutex<Inner>

    struct Inner: Sendable {
        /// As the newest configuration has it; nil: none with this route was adopted yet.
        var definition: SplitConfiguration?
        var weights: [Int] = []
        var origin = Origin.configuration
        var tally: SplitTally?
        var machine: CanaryMachine?
        /// Restored in the middle of a step: goes on with the next tick.
        var resumesByItself = false
        /// Why the canary is where it is, with figures.
        var sentence = ""
        var reason: CanaryReason?
        /// Nanoseconds since 1970.
        var changedAt: Int64 = 0
        var transitions: [Transition: UInt64] = [:]
        /// From the state file, until a configuration claims it.
        var record: SplitRecord?
    }

    struct Transition: Sendable, Hashable {
        /// The state's name.
        var to: String
        var reason: CanaryReason
    }

    init(route: String, workers: Int, record: SplitRecord? = nil) {
        self.route = route
        self.workers = workers
        inner = Mutex(Inner(record: record))
    }

    // MARK: The workers' side

    /// The weights in force for these sides, and where to count. A snapshot that is on its way in or out may have other
    /// sides than the state: it goes by its own weights, and nothing is counted.
    func view(of sides: [SplitSide]) -> (weights: [Int], tally: SplitTally?) {
        inner.withLock { inner in
            guard let definition = inner.definition, definition.sides.map(\.service) == sides.map(\.service) else {
                return (sides.map(\.weight), nil)
            }
            return (inner.weights, inner.tally)
        }
    }

    // MARK: Configuration

    /// A configuration with this split is in force from now on.
    ///
    /// - Returns: whether anything that is kept has changed.
    func adopt(_ definition: SplitConfiguration) -> Bool {
        inner.withLock { inner in
            let previous = inner.definition
            inner.definition = definition
            if let record = inner.record {
                inner.record = nil
                if previous == nil, restore(record, definition, &inner) { return true }
            }
            let sidesChanged = previous?.sides != definition.sides
            if !sidesChanged && previous?.canary == definition.canary { return false }
            if sidesChanged {
                inner.setWeights(definition.sides.map(\.weight), by: .configuration)
            } else if inner.machine?.state.step != nil {
                // A canary under way was changed or taken out: its share has no reason any more.
                inner.setWeights(definition.sides.map(\.weight), by: .configuration)
            }
            inner.machine = definition.canary.map { CanaryMachine(rules: CanaryRules($0)) }
            inner.forgetReason()
            makeTally(&inner)
            generation.add(1, ordering: .releasing)
            return true
        }
    }

    private func restore(_ record: SplitRecord, _ definition: SplitConfiguration, _ inner: inout Inner) -> Bool {
        // The file's own weights have changed meanwhile: they win.
        guard record.sides == definition.sides, record.weights.count == definition.sides.count,
            record.weights.contains(where: { $0 > 0 })
        else { return false }
        inner.setWeights(record.weights, by: record.origin)
        inner.machine = definition.canary.map { CanaryMachine(rules: CanaryRules($0)) }
        inner.changedAt = record.changedAt
        if let canary = record.canary {
            if let rules = definition.canary, rules.fingerprint == canary.rules,
                let state = canary.state(steps: CanaryRules(rules).steps.count)
            {
                inner.machine = CanaryMachine(rules: CanaryRules(rules), state: state)
                inner.resumesByItself = canary.wasRunning
                inner.reason = canary.reason
                inner.sentence = canary.sentence
            } else if canary.step != nil {
                // Another canary than the one that was in the middle of its way.
                inner.setWeights(definition.sides.map(\.weight), by: .configuration)
            }
        }
        makeTally(&inner)
        generation.add(1, ordering: .releasing)
        return true
    }

    private func makeTally(_ inner: inout Inner) {
        guard let definition = inner.definition else { return }
        let candidate = definition.canary.flatMap { canary in
            definition.sides.firstIndex { $0.service == canary.candidate }
        }
        inner.tally = SplitTally(
            sides: definition.sides.count, candidate: candidate,
            permille: inner.machine?.rules.maxLatencyIncrease ?? 0, workers: workers)
    }

    // MARK: Changes

    /// For decisions of the registry: the body's changes of weights are seen by the workers when it returns.
    func change<Result: Sendable, Failure: Error>(
        _ body: (inout Inner) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        let result = try inner.withLock { (inner) throws(Failure) -> Result in try body(&inner) }
        generation.add(1, ordering: .releasing)
        return result
    }

    func read<Result: Sendable>(_ body: (borrowing Inner) -> sending Result) -> sending Result {
        inner.withLock { body($0) }
    }

    /// Time passes: nil where nothing is to be done or told, which is nearly always.
    func tick(_ now: Int64, wall: Int64) -> CanaryNews? {
        let news: CanaryNews? = inner.withLock { inner in
            guard var machine = inner.machine, let figures = inner.figures() else { return nil }
            let action: CanaryMachine.Action
            if inner.resumesByItself {
                inner.resumesByItself = false
                action = (try? machine.resume(now, figures, by: .restart)) ?? .none
            } else if machine.state == .idle {
                guard machine.rules.startsByItself else { return nil }
                action = (try? machine.start(now, figures, by: .configuration)) ?? .none
            } else {
                action = machine.tick(now, figures)
            }
            return inner.apply(action, machine, wall: wall)
        }
        if case .changed = news?.kind { generation.add(1, ordering: .releasing) }
        return news
    }

    /// An operator's word to the canary.
    func command(
        _ order: CanaryOrder, _ now: Int64, wall: Int64
    ) throws(ReleaseError) -> CanaryNews? {
        try change { (inner) throws(ReleaseError) -> CanaryNews? in
            guard var machine = inner.machine, let figures = inner.figures() else {
                throw ReleaseError.noCanary(route: route)
            }
            do throws(CanaryMachine.Refusal) {
                let action =
                    switch order {
                    case .start: try machine.start(now, figures, by: .operator)
                    case .pause: try machine.pause()
                    case .resume: try machine.resume(now, figures)
                    case .promote: try machine.promote()
                    case .rollBack: try machine.rollBack()
                    }
                inner.resumesByItself = false
                return inner.apply(action, machine, wall: wall)
            } catch {
                throw ReleaseError.notPossible(route: route, order: order, state: error.state)
            }
        }
    }

    /// An operator sets the weights. Sides that are not named get none.
    func setWeights(_ wanted: [String: Int], wall: Int64) throws(ReleaseError) {
        try change { (inner) throws(ReleaseError) -> Void in
            guard let definition = inner.definition else { throw ReleaseError.noSplit(route: route) }
            let services = definition.sides.map(\.service)
            if let unknown = wanted.keys.sorted().first(where: { !services.contains($0) }) {
                throw ReleaseError.noSide(route: route, service: unknown, sides: services)
            }
            let weights = services.map { wanted[$0] ?? 0 }
            for (service, weight) in zip(services, weights) where !(0...1_000_000).contains(weight) {
                throw ReleaseError.badWeight(route: route, service: service)
            }
            guard weights.contains(where: { $0 > 0 }) else { throw ReleaseError.sumIsZero(route: route) }
            if case .running = inner.machine?.state { throw ReleaseError.canaryIsRunning(route: route) }
            inner.setWeights(weights, by: .operator)
            inner.changedAt = wall
        }
    }

    /// The weights in force are the configuration's, and count as its own.
    func markAsConfigured() {
        change { $0.origin = .configuration }
    }
}

extension SplitState.Inner {
    mutating func setWeights(_ weights: [Int], by origin: SplitState.Origin) {
        self.weights = weights
        self.origin = origin
    }

    mutating func forgetReason() {
        reason = nil
        sentence = ""
        resumesByItself = false
    }

    /// The index of the candidate's side; the other one of the two is the baseline.
    var candidate: Int? {
        guard let definition, let canary = definition.canary else { return nil }
        return definition.sides.firstIndex { $0.service == canary.candidate }
    }

    func figures() -> CanaryJudge.Pair? {
        guard let candidate, let tally else { return nil }
        return CanaryJudge.Pair(
            candidate: tally.figures(side: candidate), baseline: tally.figures(side: 1 - candidate))
    }

    /// Takes over what the machine decided.
    mutating func apply(_ action: CanaryMachine.Action, _ machine: CanaryMachine, wall: Int64) -> CanaryNews? {
        let before = self.machine?.state
        self.machine = machine
        guard let definition, let candidate else { return nil }
        let sides = definition.sides.map(\.service)
        switch action {
        case .none: return nil
        case .report(let wait):
            return CanaryNews(kind: .waits(wait), state: machine.state, candidate: sides[candidate], sentence: "")
        case .change(let share, let reason, let findings):
            var weights = [CanaryRules.whole - share, CanaryRules.whole - share]
            weights[candidate] = share
            // A paused canary's weights may have been set by hand meanwhile; pausing alone changes none.
            if case .paused = machine.state {} else { setWeights(weights, by: .canary) }
            let sentence = CanaryWords.sentence(reason, findings, rules: machine.rules)
            self.sentence = sentence
            self.reason = reason
            changedAt = wall
            transitions[SplitState.Transition(to: machine.state.name, reason: reason), default: 0] += 1
            return CanaryNews(
                kind: .changed(from: before?.name ?? "", share: share, reason), state: machine.state,
                candidate: sides[candidate], sentence: sentence)
        }
    }
}

/// What an operator may say to a canary.
package enum CanaryOrder: String, Sendable, Hashable, CaseIterable {
    case start, pause, resume, promote
    case rollBack = "roll back"
}

/// Something to tell about a canary.
struct CanaryNews: Sendable {
    enum Kind: Sendable {
        case changed(from: String, share: Int, CanaryReason)
        case waits(CanaryWait)
    }
    var kind: Kind
    var state: CanaryMachine.State
    var candidate: String
    var sentence: String
}
