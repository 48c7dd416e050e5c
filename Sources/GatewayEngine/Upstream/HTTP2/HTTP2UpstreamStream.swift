internal import CNghttp2
internal import HTTPWire
internal import Reactor

/// A stream of an HTTP/2 connection to an endpoint: the endpoint's side of one request.
///
/// What comes goes to the request, or waits here while that takes none; only what was taken opens the stream's window
/// again. The request's body waits here until the endpoint's windows have room.
final class HTTP2UpstreamStream: UpstreamStream {
    enum Phase: UInt8 {
        /// Nothing was sent. Can transition to: awaitingHead, ended.
        case ready
        /// Can transition to: body, ended.
        case awaitingHead
        /// Can transition to: ended.
        case body
        case ended
    }

    /// What is next of a request's body.
    enum NextData {
        case some(Int, isLast: Bool)
        /// Nothing at the moment.
        case wait
    }

    private let connection: HTTP2Upstream
    private var request: UpstreamRequest?
    /// 0: no number yet.
    private(set) var id: Int32 = 0
    var place = 0
    private(set) var phase = Phase.ready
    /// The connection had carried others before.
    private let isReuse: Bool

    // The request.
    private var headHasLeft = false
    private var queue = ByteQueue()
    private var requestHasEnded = false
    /// The library has asked for data when there was none.
    private var isDeferred = false
    /// The request waits for `upstreamDidDrain`.
    private var isHolding = false
    private(set) var trailers: HeaderBlock?

    // The response.
    private var reader = ResponseFieldReader()
    private var trailerReader = TrailerFieldReader()
    private var fault: WireError?
    /// What Content-Length says; -1: nothing.
    private var declared = -1
    private var received = 0
    private var responseHasEnded = false
    private var isPaused = false
    private var stash = ByteQueue()

    private var worker: Worker { connection.worker }

    init(_ connection: HTTP2Upstream, _ request: UpstreamRequest) {
        self.connection = connection
        self.request = request
        isReuse = connection.useCount > 0
    }

    // MARK: Commands

    override func sendHead(_ head: Span<UInt8>, framing: BodyFraming) {
        phase = .awaitingHead
        requestHasEnded = framing.isEmpty
        if let number = connection.submit(head, endsStream: framing.isEmpty, for: self) {
            id = number
        } else {
            // The caller has not got this connection yet.
            worker.loop.afterThis { [self] in fail(.refusedStream) }
        }
    }

    override func sendBody(_ bytes: Span<UInt8>) {
        guard phase != .ended, !requestHasEnded, !bytes.isEmpty else { return }
        queue.append(bytes, pool: &worker.loop.chunks)
        resumeData()
    }

    override func sendEnd(trailers: HeaderBlock?) {
        guard phase != .ended, !requestHasEnded else { return }
        requestHasEnded = true
        if let trailers, trailers.liveCount > 0 { self.trailers = trailers.copy() }
        resumeData()
    }

    private func resumeData() {
        guard isDeferred else { return }
        isDeferred = false
        connection.resume(id)
    }

    override var isCongested: Bool {
        if queue.count <= highMark { return false }
        isHolding = true
        return true
    }

    private var highMark: Int { Int(worker.snapshot.settings.connectionBuffer) }

    override func pauseResponse() { isPaused = true }

    override func resumeResponse() {
        guard isPaused else { return }
        isPaused = false
        if !stash.isEmpty || responseHasEnded { worker.loop.afterThis { [self] in deliver() } }
    }

    override func handOver(to request: UpstreamRequest) { self.request = request }

    override func cancel() {
        request = nil
        if id > 0 && phase != .ended { connection.reset(id, NGHTTP2_CANCEL.rawValue) }
        leave()
    }

    // MARK: Sending

    var waitingCount: Int { queue.count }

    func headWillLeave() { headHasLeft = true }

    func nextData(_ limit: Int) -> NextData {
        let count = min(limit, queue.count)
        if count == queue.count && requestHasEnded { return .some(count, isLast: true) }
        if count > 0 { return .some(count, isLast: false) }
        isDeferred = true
        return .wait
    }

    /// Writes so many bytes out of the queue, which has them.
    func write(_ count: Int) {
        var left = count
        while left > 0 {
            let size = min(left, queue.front.count)
            connection.send(queue.front.extracting(0..<size))
            queue.drop(size, pool: &worker.loop.chunks)
            left -= size
        }
        if isHolding && queue.count <= highMark / 2 {
            isHolding = false
            connection.drained.append(self)
        }
    }

    func didDrain() { request?.upstreamDidDrain() }

    // MARK: Receiving

    func headerBlockDidBegin() {
        guard let request else { return }
        if phase == .awaitingHead {
            reader = ResponseFieldReader()
            request.response.removeAll()
        } else {
            trailerReader = TrailerFieldReader()
            request.responseTrailers.removeAll()
        }
    }

    func didReceive(_ name: Span<UInt8>, _ value: Span<UInt8>, _ limits: HeadLimits) {
        guard fault == nil, let request else { return }
        do {
            if phase == .awaitingHead {
                try reader.add(name, value, to: request.response, limits: limits)
            } else {
                let trailers = request.responseTrailers
                try trailerReader.add(name, value, to: trailers === worker.noTrailers ? nil : trailers, limits: limits)
            }
        } catch {
            fault = error
        }
    }

    func headerBlockDidEnd(endsStream: Bool) {
        guard let request else { return }
        if let fault { return refuse(fault) }
        if phase == .body {
            // Trailers are the last of a message (RFC 9113 §8.1).
            return endsStream ? responseDidEnd() : refuse(.badPseudoField)
        }
        do throws(WireError) {
            let head = request.response
            try reader.finish(head)
            if head.status < 200 {
                if endsStream { throw WireError.truncatedBody }
                return request.upstreamDidReceiveInformational()
            }
            let framing = try ResponseFieldReader.framing(of: head, to: request.method, endsStream: endsStream)
            if case .length(let length) = framing { declared = length }
            if case .none = framing { declared = 0 }
            phase = .body
            request.upstreamDidReceiveHead(framing)
        } catch let error {
            return refuse(error)
        }
        if endsStream { responseDidEnd() }
    }

    func didReceive(_ bytes: Span<UInt8>) {
        guard let request else { return }
        if phase == .awaitingHead { return refuse(.badStatusLine) }
        received += bytes.count
        if declared >= 0 && received > declared { return refuse(.wrongLength) }
        guard !isPaused && stash.isEmpty else {
            stash.append(bytes, pool: &worker.loop.chunks)
            return
        }
        request.upstreamDidReceiveBody(bytes)
        connection.consume(bytes.count, of: id)
    }

    func responseDidEnd() {
        responseHasEnded = true
        deliver()
    }

    /// Goes on with what waited, and with the end behind it.
    private func deliver() {
        while !isPaused, !stash.isEmpty, let request {
            // Moved out, so that nothing that happens on the way can touch what is being read.
            var waiting = ByteQueue()
            swap(&waiting, &stash)
            let count = waiting.front.count
            request.upstreamDidReceiveBody(waiting.front)
            waiting.drop(count, pool: &worker.loop.chunks)
            connection.consume(count, of: id)
            swap(&waiting, &stash)
        }
        guard responseHasEnded, stash.isEmpty, phase == .body, let request else { return }
        if declared > received { return refuse(.truncatedBody) }
        self.request = nil
        // The rest of the request is not wanted (RFC 9113 §8.1).
        if !requestHasEnded { connection.reset(id, NGHTTP2_CANCEL.rawValue) }
        leave()
        request.upstreamDidFinish(self)
    }

    private func refuse(_ error: WireError) {
        connection.reset(id, NGHTTP2_PROTOCOL_ERROR.rawValue)
        fail(.invalid(error))
    }

    // MARK: The end

    /// The library has forgotten the stream.
    ///
    /// - Parameter isRefused: the endpoint says that it has done nothing about it.
    func didClose(isRefused: Bool) {
        // What waits for a slow client is complete.
        if responseHasEnded { return }
        fail(isRefused || !headHasLeft ? .refusedStream : phase == .body ? .incomplete : .closedEarly(reused: false))
    }

    func connectionDidEnd() {
        if responseHasEnded { return }
        fail(!headHasLeft ? .refusedStream : phase == .body ? .incomplete : .closedEarly(reused: isReuse))
    }

    private func fail(_ failure: UpstreamFailure) {
        guard let request else { return }
        self.request = nil
        leave()
        request.upstreamDidFail(failure)
    }

    private func leave() {
        phase = .ended
        stash.removeAll(pool: &worker.loop.chunks)
        queue.removeAll(pool: &worker.loop.chunks)
        trailers = nil
        connection.remove(self)
    }
}
