internal import GatewayConfiguration
internal import Synchronization

/// A split of one snapshot with its state, which outlives the snapshot, and with what each worker keeps of it.
final class LiveSplit: Sendable {
    let rule: CompiledSplit
    let state: SplitState
    private let lanes: [SplitLane]

    init(_ rule: CompiledSplit, _ state: SplitState, workers: Int) {
        self.rule = rule
        self.state = state
        lanes = (0..<workers).map { SplitLane(rule, state, worker: $0) }
    }

    /// The worker's own.
    func lane(_ worker: Int) -> SplitLane { lanes[worker] }
}

/// One worker's view of a split: the weights in force, copied, and the counters that are the worker's.
///
/// Weights change a few times a day and are read with every request. So each worker reads its own copy, and one atomic
/// number tells it when the copy is old; only then it takes the state's lock for a moment.
///
/// Only its worker touches it, which is why it may be held by what is shared.
final class SplitLane: @unchecked Sendable {
    private let rule: CompiledSplit
    private let state: SplitState
    private let worker: Int
    private var generation: UInt64 = 0
    private var table: SplitTable
    private var row: SplitTally.Row?

    init(_ rule: CompiledSplit, _ state: SplitState, worker: Int) {
        self.rule = rule
        self.state = state
        self.worker = worker
        table = SplitTable(rule.configuration.sides.map(\.weight))
    }

    /// The side for a request. `isChosenFreely` is false for one that an override sent there: it says nothing about how
    /// clients in general fare.
    func side(
        for request: borrowing SplitRequest, _ scratch: MatchScratch
    ) -> (side: Int, service: Int, isChosenFreely: Bool) {
        let newest = state.generation.load(ordering: .acquiring)
        if newest != generation { refresh(newest) }
        let side: Int
        var isChosenFreely = true
        switch rule.choose(request, scratch) {
        case .override(_, let forced): (side, isChosenFreely) = (forced, false)
        case .key(let point): side = table.side(at: point)
        case .turn: side = table.side(turn: state.turns.add(1, ordering: .relaxed).oldValue)
        }
        return (side, rule.services[side], isChosenFreely)
    }

    @inline(never)
    private func refresh(_ newest: UInt64) {
        generation = newest
        let view = state.view(of: rule.configuration.sides)
        table = SplitTable(view.weights)
        row = view.tally?.row(worker)
    }

    /// A try at the side's service has ended.
    func note(_ outcome: TryOutcome, side: Int, latency: Int64) {
        row?.note(outcome, side: side, latency: latency)
    }
}
