internal import Reactor

/// Swift code at work for one request: its policies first, then the handler, then the pieces of its answer.
///
/// 1. `start` begins a task on the loop's own executor: a step of it runs between two events of the loop and hops no
///    thread, so what it does to the exchange needs no lock. Two never run at once for one request.
/// 2. The task asks services (`ProgramRun+Calls`) and writes pieces of an answer (`write`).
/// 3. What it came to is told to the exchange on the loop, unless that is over by then.
/// 4. `stop` is the end, called once by the exchange: calls under way are given up, the task is cancelled, and nothing
///    of what it does later reaches anybody. Its place counts until it has really ended.
///
/// Everything here belongs to the loop's thread. What may be called from elsewhere goes there by `onLoop`.
final class ProgramRun: CallOwner, @unchecked Sendable {
    /// nil: the request is over.
    private(set) var exchange: Exchange?
    /// What it is when the time runs out.
    var timeoutError = GatewayError.handlerTimeout
    /// The client's body is being collected.
    var isGathering = false
    /// What the policies were shown: they are asked about the response with it.
    var request: ProgramRequest?
    /// Policies that let the request pass, from the first on; nil: they have not been asked.
    var policiesPassed: Int?
    var open: [Int: OpenCall] = [:]
    var calls = 0
    /// Calls that were made, as the log has them.
    var records: [PartRecord] = []
    private var task: Task<Void, Never>?
    /// Writers that wait until the client has taken something.
    private var waiting: [CheckedContinuation<Bool, Never>] = []

    init(_ exchange: Exchange, of client: DownstreamStream) {
        self.exchange = exchange
        super.init(worker: exchange.worker, client: client)
    }

    /// Runs `work`, and tells the exchange what came of it.
    ///
    /// - Parameter mustStart: it goes on with something that has a place already.
    /// - Returns: false when as many are under way as may be.
    func start<Outcome: Sendable>(
        mustStart: Bool = false, _ work: @escaping @Sendable () async -> Outcome,
        then done: @escaping @Sendable (Exchange, Outcome) -> Void
    ) -> Bool {
        guard worker.enterProgram(mustStart: mustStart) else { return false }
        task = Task(executorPreference: worker.loop.executor) { [self] in
            let outcome = await work()
            onLoop { [self] in
                // The next one may begin in what follows.
                task = nil
                if let exchange { done(exchange, outcome) }
                worker.leaveProgram()
            }
        }
        return true
    }

    /// Runs at once on the loop's thread, else soon.
    func onLoop(_ body: @escaping @Sendable () -> Void) {
        if worker.loop.isCurrent { body() } else { worker.loop.execute(body) }
    }

    /// The exchange is over. Returns the calls that were made.
    func stop() -> [PartRecord] {
        exchange = nil
        let calls = open.values
        open = [:]
        for call in calls { call.end() }
        resumeWriters(false)
        task?.cancel()
        return records
    }

    // MARK: Calls

    override func ended(_ call: Int, _ outcome: PartOutcome, _ record: PartRecord) {
        var record = record
        if let exchange { record.start -= exchange.startedAt }
        records.append(record)
        guard let call = open.removeValue(forKey: call) else { return }
        switch outcome {
        case .failure(let error): call.resume(.failed(error))
        case .answer(let answer):
            let fields = answer.fields.map { name, value in
                ProgramField(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
            }
            call.resume(.answer(ServiceAnswer(status: answer.status, fields: fields, body: answer.body)))
        }
    }

    // MARK: Pieces of an answer

    /// False: nobody reads any more.
    func write(_ bytes: [UInt8]) async -> Bool {
        if Task.isCancelled { return false }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                onLoop { [self] in write(bytes, continuation) }
            }
        } onCancel: {
            onLoop { [self] in resumeWriters(false) }
        }
    }

    private func write(_ bytes: [UInt8], _ continuation: CheckedContinuation<Bool, Never>) {
        guard let exchange else { return continuation.resume(returning: false) }
        if !bytes.isEmpty { exchange.passBody(bytes.span) }
        guard self.exchange != nil else { return continuation.resume(returning: false) }
        guard exchange.isOwnCongested else { return continuation.resume(returning: true) }
        waiting.append(continuation)
    }

    /// The client takes bytes again.
    func drained() {
        if !waiting.isEmpty, exchange?.isOwnCongested != true { resumeWriters(true) }
    }

    private func resumeWriters(_ goesOn: Bool) {
        let writers = waiting
        waiting = []
        for writer in writers { writer.resume(returning: goesOn) }
    }
}
