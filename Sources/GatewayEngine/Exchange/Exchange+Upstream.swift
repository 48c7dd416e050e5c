internal import HTTPWire
internal import Reactor
internal import Synchronization

/// The way to an endpoint: pick, lease, send, and what happens when that fails.
extension Exchange {
    /// Sends the request to a service.
    func proxy(_ index: Int, _ plan: RoutePlan) {
        let pool = worker.services[index]
        service = pool
        record.service = Int32(truncatingIfNeeded: index)
        record.serviceSeries = pool.service.series
        guard buildTarget() else { return refuse(.pathRejected) }
        if let client {
            let address = worker.text(of: client.address)
            ForwardedFields.edit(
                request, client: client, address: address.span, scheme: scheme, authority: originalAuthority,
                prefix: removedPrefix, snapshot: snapshot, scratch: worker.bodyBuffer)
            if let clientCertificate { request.fields.set(.xForwardedClientCert, clientCertificate.span) }
        }
        let limit = plan.requestTimeout >= 0 ? plan.requestTimeout : pool.service.requestTimeout
        if limit < Deadline.never {
            requestDeadline = worker.loop.now + limit
            worker.loop.timers.arm(self, at: requestDeadline)
        }
        tryEndpoint(avoiding: nil)
    }

    /// Writes the forwarded target into the arena of the request's fields.
    private func buildTarget() -> Bool {
        let route = snapshot.routes.routes[routeIndex]
        let fields = request.fields
        removedPrefix = .empty
        let isContiguous = !request.hasQuery || path.end + 1 == Int(request.query.start)
        if route.target.isIdentity && path == request.path && isContiguous {
            // Path and query as the client sent them stand side by side already.
            target = ByteRange(start: path.start, count: path.count)
            if request.hasQuery { target.count += 1 + request.query.count }
            return true
        }
        let buffer = worker.pathBuffer
        buffer.removeAll()
        let outcome = TargetBuilder.build(
            route.target, path: matchedPath(), query: fields.bytes(request.query), hasQuery: request.hasQuery,
            scratch: worker.scratch, into: buffer)
        guard case .built(let range, let removed) = outcome else { return false }
        target = fields.store(buffer.slice(range))
        removedPrefix = publicPrefix(removed)
        return true
    }

    /// What the client sees in front of the path that the service gets: the stage, and what was stripped.
    private func publicPrefix(_ removed: Int) -> ByteRange {
        let isWholeStage = path != publicPath && path.start == publicPath.start
        let end = isWholeStage ? publicPath.end : Int(path.start) + removed
        return ByteRange(start: publicPath.start, count: UInt32(truncatingIfNeeded: end - Int(publicPath.start)))
    }

    func tryEndpoint(avoiding avoided: EndpointPool?) {
        guard let service, let picked = service.pick(&worker.identifiers, avoiding: avoided) else {
            return refuse(.noEndpoint)
        }
        endpoint = picked
        picked.state.inFlight.add(1, ordering: .relaxed)
        tryStart = worker.loop.now
        worker.metrics.upstreamStarted(picked.service.series)
        record.endpoint = Int32(truncatingIfNeeded: picked.endpoint.label)
        addressesTried = 0
        lease(from: picked)
    }

    private func lease(from pool: EndpointPool) {
        record.attempts &+= 1
        addressesTried += 1
        switch pool.lease(for: self) {
        case .connection(let connection):
            upstream = connection
            sendRequest(on: connection)
        case .pending:
            if upstream == nil { isWaitingInPool = true }
        case .failed(let error):
            refuse(error)
        }
    }

    /// A place in the pool, or the name's address, has come.
    func goOn(from pool: EndpointPool) {
        isWaitingInPool = false
        record.attempts &-= 1
        addressesTried -= 1
        lease(from: pool)
    }

    /// A connection is there: sends the head, and lets the body follow.
    func sendRequest(on connection: UpstreamStream) {
        guard let endpoint else { return }
        record.upstreamConnect = connectTime
        connectTime = -1
        let fields = request.fields
        switch snapshot.plans[routeIndex].host {
        case .target:
            let authority = endpoint.endpoint.authority
            fields.set(.host, authority.span)
        case .preserve: fields.set(.host, fields.bytes(originalAuthority))
        case .literal(let bytes): fields.set(.host, bytes.span)
        }
        let output = worker.output
        output.removeAll()
        output.append(from: fields, request.methodText)
        output.append(byte: 0x20)
        output.append(from: fields, target)
        output.append(" HTTP/1.1\r\n")
        fields.write(into: output)
        // TE is a field of this connection, which has to be said (RFC 9110 §10.1.4).
        if fields.contains(.te) { output.append("Connection: TE\r\n") }
        output.append(framing == .chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n")
        upstreamStart = worker.loop.now
        connection.sendHead(output.span, framing: framing)
        if downstream?.isRequestComplete == true {
            connection.sendEnd(trailers: nil)
        } else {
            downstream?.startBody()
        }
    }

    // MARK: The request's body

    func requestBody(_ bytes: Span<UInt8>) {
        bodyReceived += bytes.count
        if bodyReceived > bodyLimit { return refuseBody(.bodyTooLarge, nil) }
        guard let upstream else { return }
        upstream.sendBody(bytes)
        if upstream.isCongested { downstream?.pauseBody() }
        if phase == .responding { touch() }
    }

    func requestEnd() {
        upstream?.sendEnd(trailers: framing == .chunked ? requestTrailers : nil)
    }

    // MARK: Failure

    /// Tells the service how the present try went; once for each.
    func noteTry(_ kind: TryOutcome.Kind, status: UInt16 = 0) {
        guard tryStart >= 0, let endpoint, let service else { return }
        let now = worker.loop.now
        service.note(TryOutcome(kind: kind, status: status, latency: now - tryStart), at: endpoint, now: now)
        tryStart = -1
    }

    func tryFailed(_ failure: UpstreamFailure) {
        upstream = nil
        if phase == .responding {
            record.error = .upstreamIncomplete
            breakOff()
            return
        }
        switch failure {
        case .tls(let reason) where reason.isAboutCertificate:
            // Who answers for this name is not to be trusted: no other address is asked.
            noteTry(.connectFailure)
            refuse(.upstreamCertificateInvalid)
        case .refused, .connect, .connectTimeout, .tls:
            // Nothing was sent: another address of the same name may do better.
            if let endpoint, addressesTried < endpoint.addressCount { return lease(from: endpoint) }
            noteTry(.connectFailure)
            switch failure {
            case .refused: refuse(.upstreamConnectRefused)
            case .connectTimeout: refuse(.upstreamConnectTimeout)
            case .tls: refuse(.upstreamTLSFailed)
            default: refuse(.upstreamConnectFailed)
            }
        case .closedEarly(let reused):
            // The connection had waited in the pool and was closed meanwhile: no fault of this request.
            if reused && isRepeatable, let endpoint { return lease(from: endpoint) }
            noteTry(.broken)
            refuse(.upstreamReset)
        case .incomplete:
            noteTry(.broken)
            refuse(.upstreamIncomplete)
        case .invalid(let error):
            noteTry(.broken)
            refuse(GatewayError(response: error))
        }
    }
}
