internal import HTTPWire
internal import Reactor

/// An aggregate at work for one request: makes the calls that its machine asks for, tells it how they ended, and hands
/// the result to the client's exchange. It lives as long as that exchange waits for it.
final class AggregateRun: CallOwner {
    let plan: CompiledAggregate
    private unowned let exchange: Exchange
    /// nil while the client's body is awaited.
    private var machine: AggregateMachine?
    private var open: [Int: PartCall] = [:]
    /// Calls that were made, as the log has them.
    private var records: [PartRecord] = []
    /// Bytes of a body, the client's or a part's.
    private let limit: Int
    private let deadline: Int64
    private var isOver = false
    /// The client's body so far.
    private var body: [UInt8] = []

    init(
        _ plan: CompiledAggregate, for exchange: Exchange, of client: DownstreamStream, limit: Int, deadline: Int64
    ) {
        self.plan = plan
        self.exchange = exchange
        self.limit = limit
        self.deadline = deadline
        super.init(worker: exchange.worker, client: client)
    }

    // MARK: The client's body

    /// False: it is larger than may be held.
    func receive(_ bytes: Span<UInt8>) -> Bool {
        guard machine == nil else { return true }
        guard bytes.count <= limit - body.count else { return false }
        body.append(bytes)
        return true
    }

    /// The calls have not begun: they wait for the client's body.
    var awaitsBody: Bool { machine == nil }

    func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    // MARK: Calls

    func start(_ request: AggregateRequest) {
        let machine = AggregateMachine(plan, request, limit: limit)
        self.machine = machine
        make(machine.start())
    }

    override func ended(_ call: Int, _ outcome: PartOutcome, _ record: PartRecord) {
        guard !isOver, let machine else { return }
        open[call] = nil
        var record = record
        record.start -= exchange.startedAt
        records.append(record)
        make(machine.answered(call, outcome))
    }

    private func make(_ calls: [Int]) {
        guard let machine else { return }
        for number in calls {
            let request = machine.request(of: number)
            let own =
                request.timeout >= 0 ? request.timeout : exchange.snapshot.services[request.service].requestTimeout
            let call = PartCall(
                self, number: number, label: plan.parts[machine.part(of: number)].label, limit: limit,
                ratio: exchange.settings.decompressionRatio)
            open[number] = call
            let until = own < Deadline.never ? min(deadline, worker.loop.now + own) : deadline
            call.begin(request, of: exchange, deadline: until)
        }
        guard let result = machine.result else { return }
        exchange.aggregateIsDone(result, machine, stop())
    }

    /// Gives up what is under way; what was done is for the log.
    @discardableResult
    func stop() -> [PartRecord] {
        isOver = true
        let calls = open.values
        open = [:]
        for call in calls { call.cancel() }
        return records
    }
}
