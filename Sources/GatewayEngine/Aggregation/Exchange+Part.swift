internal import HTTPWire
internal import Reactor

/// A part of an aggregate, as a request of its own: what `begin` and `proxy` do for a client's, where the route and the
/// policies have spoken already.
extension Exchange {
    /// Sends a part to its service. It may be over before this returns.
    ///
    /// - Parameter deadline: for all tries and the whole answer, on the loop's clock.
    func begin(_ part: PartRequest, _ call: PartCall, of parent: Exchange, deadline: Int64) {
        prepare(for: call, of: parent)
        put(part, parent)
        let pool = view.services[part.service]
        service = pool
        record.service = Int32(truncatingIfNeeded: part.service)
        record.serviceSeries = pool.service.series
        guard enterService() else { return }
        if let client {
            let address = worker.text(of: client.address)
            ForwardedFields.edit(
                request, client: client, address: address.span, scheme: scheme, authority: originalAuthority,
                prefix: .empty, snapshot: snapshot, scratch: worker.bodyBuffer)
            if let clientCertificate {
                let value = clientCertificate.forwarded
                request.fields.set(.xForwardedClientCert, value.span)
            }
        }
        requestDeadline = deadline
        streamIdle = parent.streamIdle
        affinity = readAffinity(to: pool.service)
        guard worker.loop.now < deadline else { return refuse(.upstreamTimeout) }
        tryEndpoint()
    }

    /// The whole is told; what it was stands in the whole's record.
    func partIsOver(_ part: PartCall) {
        self.part = nil
        worker.metrics.partFinished(record)
        part.exchangeDidFinish(record)
        worker.giveBack(self)
    }

    /// The head and the body.
    private func put(_ part: PartRequest, _ parent: Exchange) {
        let fields = request.fields
        request.method = part.method
        request.methodText = fields.store(part.methodText.span)
        target = fields.store(part.target.span)
        path = ByteRange(
            start: target.start, count: UInt32(truncatingIfNeeded: part.target.prefix { $0 != 0x3F }.count))
        if path.count < target.count {
            request.query = ByteRange(start: path.start + path.count + 1, count: target.count - path.count - 1)
            request.hasQuery = true
        }
        let received = parent.request.fields
        originalAuthority = fields.store(received.bytes(parent.originalAuthority))
        copyFields(part, from: received)
        trace(from: received)
        for index in part.fields.indices {
            let field = part.fields[index]
            let name = field.name.map(PathBytes.lowercase)
            fields.removeAll(named: name.span)
            fields.append(name: field.name.span, value: field.value.span)
        }
        guard let body = part.body else { return }
        framing = .length(body.count)
        isBodyReplaced = true
        keepsBody = true
        keptBody = body
        if !fields.contains(.contentType) { fields.append(.contentType, "application/json") }
        let length = worker.pathBuffer
        length.removeAll()
        length.append(decimal: body.count)
        fields.append(.contentLength, length.span)
    }

    /// Of the client's fields: who asks, by which way and id, and what the configuration names.
    private func copyFields(_ part: PartRequest, from received: HeaderBlock) {
        let fields = request.fields
        for index in 0..<received.count where !received.field(index).isRemoved {
            let goesAlong: Bool =
                switch received.field(index).known {
                case .xRequestID, .tracestate, .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedPrefix,
                    .xForwardedProto, .xRealIP, .forwarded, .via:
                    true
                default: snapshot.auth.fields.contains(received.name(index)) || isNamed(index, received, part)
                }
            if goesAlong { fields.append(name: received.name(index), value: received.value(index)) }
        }
        if !fields.contains(.accept) { fields.append(.accept, "application/json") }
        // Its bytes are read here.
        fields.set(.acceptEncoding, "identity")
        let id = fields.firstIndex(of: .xRequestID)
        if id >= 0 { record.requestID = fields.field(id).value }
    }

    private func isNamed(_ index: Int, _ received: HeaderBlock, _ part: PartRequest) -> Bool {
        for name in part.forward where Bytes.equalIgnoringCase(received.name(index), lower: name.span) { return true }
        return false
    }

    /// The same trace, with a parent of the part's own, so that calls can be told apart in it.
    private func trace(from received: HeaderBlock) {
        let index = received.firstIndex(of: .traceparent)
        guard index >= 0, let context = TraceContext(parsing: received.value(index)) else { return }
        let text = context.child(&worker.identifiers).text
        request.fields.append(.traceparent, text.span)
    }
}
