internal import ContentCodings
internal import HTTPWire
internal import Reactor

/// The client of a part's exchange: the aggregate itself, or code in Swift. The exchange does all that it does for a client's request
/// (endpoints, tries, breaker, health) and sends its answer here, where it is collected.
///
/// 1. `begin` takes an exchange and lets it go its way.
/// 2. The answer comes by `sendHead`, `sendBody`, `sendEnd`, as it would go to a client; or `abort`, when it breaks off.
/// 3. `exchangeDidFinish` is the end, whichever way it came to that, exactly once. The owner is told after the event on
///    the stack, so that no call begins inside the end of another.
final class PartCall: DownstreamStream {
    private let worker: Worker
    private let number: Int
    private let limit: Int
    /// What a compressed body may expand to.
    private let ratio: Int
    private let label: Int32
    /// The fields of the answer are wanted too.
    private let keepsFields: Bool
    /// nil: nobody wants the answer any more.
    private var owner: CallOwner?
    private var exchange: Exchange?
    private var answer = PartAnswer()
    private var failure: GatewayError?
    private var coding = BodyCoding.identity
    private var start: Int64 = 0
    /// For all of the answer.
    private var until = Deadline.never
    /// Holds the object while it ends: neither the wheel nor its exchange does.
    private var keepAlive: PartCall?

    /// - Parameter limit: bytes of a body.
    init(_ owner: CallOwner, number: Int, label: Int32, limit: Int, ratio: Int, keepsFields: Bool = false) {
        self.owner = owner
        self.number = number
        self.label = label
        self.limit = limit
        self.ratio = ratio
        self.keepsFields = keepsFields
        worker = owner.worker
        super.init(slot: owner.client.slot, client: owner.client.client)
    }

    func begin(_ request: PartRequest, of parent: Exchange, deadline: Int64) {
        until = deadline
        start = worker.loop.now
        let exchange = worker.takeExchange()
        self.exchange = exchange
        exchange.begin(request, self, of: parent, deadline: deadline)
    }

    /// As an endpoint that is told who the client is hears it.
    override var localAddress: SocketAddress? { owner?.client.localAddress }

    /// Nobody wants the answer any more.
    func cancel() {
        owner = nil
        exchange?.downstreamGone()
    }

    private func giveUp(_ error: GatewayError) {
        failure = error
        exchange?.record.error = error
        exchange?.downstreamGone()
    }

    // MARK: The answer

    override func sendHead(_ head: ResponseHead, framing: BodyFraming) {
        guard let exchange else { return }
        if exchange.record.statusSource == .gateway {
            failure = exchange.record.error ?? .upstreamReset
            return
        }
        let fields = head.fields
        answer.status = head.status
        answer.isJSON = JSONMediaType.isNamed(by: fields)
        coding = BodyCoding(fields)
        answer.isEncoded = coding == .unknown
        answer.freshness = PartFreshness(fields)
        if keepsFields { answer.fields = fields.copies() }
        let type = fields.firstIndex(of: .contentType)
        if type >= 0 { answer.contentType.append(fields.value(type)) }
        if case .length(let length) = framing {
            if length > limit { return giveUp(.responseTooLarge) }
            answer.body.reserveCapacity(length)
        }
        if framing != .none, until < Deadline.never { worker.loop.timers.arm(self, at: until) }
    }

    override func sendBody(_ bytes: Span<UInt8>) {
        if failure != nil { return }
        guard bytes.count <= limit - answer.body.count else { return giveUp(.responseTooLarge) }
        answer.body.append(bytes)
    }

    /// It was not asked for, but services are known to compress all the same.
    private func decode() {
        guard case .coded(let coding) = coding else { return }
        let limits = DecodingLimits(size: limit, ratio: ratio)
        let body = answer.body
        answer.fields.removeAll { $0.name.elementsEqual("content-encoding".utf8) }
        do { answer.body = try worker.coders.decode(body.span, coding, limits) } catch {
            failure = .ofResponse(error)
        }
    }

    override func timerDidFire() { giveUp(.upstreamTimeout) }

    /// The record is complete, and the exchange is another request's from now on.
    func exchangeDidFinish(_ record: borrowing AccessRecord) {
        keepAlive = self
        worker.loop.timers.disarm(self)
        exchange = nil
        if failure == nil { failure = record.error }
        if failure == nil { decode() }
        var part = PartRecord()
        part.part = label
        part.service = record.service
        part.endpoint = record.endpoint
        part.status = record.statusSource == .upstream ? record.status : 0
        part.error = failure
        part.attempts = record.attempts
        part.connect = record.upstreamConnect
        part.firstByte = record.upstreamFirstByte
        part.total = record.duration
        part.bytes = answer.body.count
        part.start = start
        let outcome = failure.map { PartOutcome.failure($0) } ?? .answer(answer)
        worker.loop.afterThis { [self, part] in
            let owner = owner
            self.owner = nil
            keepAlive = nil
            owner?.ended(number, outcome, part)
        }
    }
}
