internal import HTTPWire
internal import Reactor
internal import Synchronization

/// The way to an endpoint: pick, lease, send, and what happens when that fails.
extension Exchange {
    /// Sends the request to a service.
    func proxy(_ index: Int, _ plan: RoutePlan) {
        let (request, pool) = (self.request, view.services[index])
        service = pool
        record.service = Int32(truncatingIfNeeded: index)
        record.serviceSeries = pool.service.series
        // Bytes as they are need a connection of their own.
        if wantsTunnel && pool.service.maySpeakHTTP2 { return refuse(.upgradeNotSupported) }
        guard buildTarget() else { return refuse(.pathRejected) }
        guard enterService() else { return }
        if let client {
            let address = worker.text(of: client.address)
            ForwardedFields.edit(
                request, client: client, address: address.span, scheme: scheme, authority: originalAuthority,
                prefix: removedPrefix, snapshot: snapshot, scratch: worker.bodyBuffer)
            if let clientCertificate {
                let value = clientCertificate.forwarded
                request.fields.set(.xForwardedClientCert, value.span)
            }
        }
        let limit = plan.requestTimeout >= 0 ? plan.requestTimeout : pool.service.requestTimeout
        if limit < Deadline.never { requestDeadline = worker.loop.now + limit }
        if isCall { boundCall(limit, plan) }
        if isBodyReplaced || isBodyHeld {
            // All of it is at hand, for as many tries as there are.
            keepsBody = true
        } else if !framing.isEmpty {
            let rules = retryRules
            keptLimit = rules.maxBody
            keepsBody = rules.keepsBody(
                of: request.method, hasIdempotencyKey: RetryPolicy.hasIdempotencyKey(request.fields))
            if isCall && rules.namesCalls { keepsBody = true }
        }
        affinity = readAffinity(to: pool.service)
        if let mirror = plan.mirror { startMirror(mirror) }
        tryEndpoint()
    }

    /// Writes the forwarded target into the arena of the request's fields.
    private func buildTarget() -> Bool {
        let request = self.request
        let route = snapshot.routes.routes[routeIndex]
        let fields = request.fields
        removedPrefix = .empty
        if hasEditedPath { return buildEditedTarget() }
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

    /// A connection is there: sends the head, and lets the body follow.
    func sendRequest(on connection: UpstreamStream) {
        guard let endpoint else { return }
        record.upstreamConnect = connectTime
        connectTime = -1
        setHost(of: endpoint)
        if let header = snapshot.timeoutHeader, requestDeadline < Deadline.never {
            let left = max(0, requestDeadline - worker.loop.now) / 1_000_000
            header.set(Int(left), in: request.fields, scratch: worker.pathBuffer)
        }
        passCallLimit()
        let output = worker.output
        writeHead(into: output)
        upstreamStart = worker.loop.now
        connection.sendHead(output.span, framing: framing)
        sendKeptBody(on: connection)
    }

    func setHost(of pool: EndpointPool) {
        let fields = request.fields
        switch snapshot.plans[routeIndex].host {
        case .target:
            let authority = pool.endpoint.authority
            fields.set(.host, authority.span)
        case .preserve: fields.set(.host, fields.bytes(originalAuthority))
        case .literal(let bytes): fields.set(.host, bytes.span)
        }
    }

    /// The request line and the fields as the endpoint gets them; `Host` is set by now.
    func writeHead(into output: WireBuffer) {
        let fields = request.fields
        output.removeAll()
        output.append(from: fields, request.methodText)
        output.append(byte: 0x20)
        output.append(from: fields, target)
        output.append(" HTTP/1.1\r\n")
        fields.write(into: output)
        // TE is a field of this connection, which has to be said (RFC 9110 §10.1.4).
        if wantsTunnel {
            output.append("Connection: Upgrade\r\nUpgrade: websocket\r\n")
        } else if fields.contains(.te) {
            output.append("Connection: TE\r\n")
        }
        output.append(framing.isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n")
    }

    /// What an earlier try has taken of the body goes first; then the rest may flow.
    private func sendKeptBody(on connection: UpstreamStream) {
        if !keptBody.isEmpty {
            let kept = keptBody
            connection.sendBody(kept.span)
        }
        guard let downstream else { return }
        if downstream.isRequestComplete {
            connection.sendEnd(trailers: framing.isChunked ? requestTrailers : nil)
        } else if bodyHasBegun {
            downstream.resumeBody()
        } else {
            bodyHasBegun = true
            downstream.startBody()
        }
    }

    // MARK: The request's body

    func requestBody(_ bytes: Span<UInt8>) {
        bodyReceived += bytes.count
        if bodyReceived > bodyLimit { return refuseBody(.bodyTooLarge, nil) }
        if isCall { callHeardAt = worker.loop.now }
        if let web, web.isTextRequest { return decodeWebBody(bytes) }
        takeRequestBody(bytes)
    }

    func takeRequestBody(_ bytes: Span<UInt8>) {
        if let check, check.isGathering { return keptBody.append(bytes) }
        if let gathering { return gather(bytes, by: gathering) }
        if let aggregation { return receive(bytes, by: aggregation) }
        if let program, program.isGathering { return keptBody.append(bytes) }
        if keepsBody { keep(bytes) }
        mirror?.body(bytes)
        guard let upstream else { return }
        upstream.sendBody(bytes)
        if upstream.isCongested { downstream?.pauseBody() }
        if phase == .responding { touch() }
    }

    /// Holds on to the body while a further try may need it.
    private func keep(_ bytes: Span<UInt8>) {
        guard keptBody.count + bytes.count <= keptLimit else {
            // Too much to send again: this try has to do.
            keepsBody = false
            keptBody = []
            return
        }
        // The pointer is used within the call only.
        unsafe bytes.withUnsafeBufferPointer { unsafe keptBody.append(contentsOf: $0) }
    }

    func requestEnd() {
        // A field behind the body is as good a forgery as one in front of it.
        if framing.isChunked { snapshot.auth.fields.strip(requestTrailers) }
        if let web, !web.isWhole { return refuseBody(.badRequest, nil) }
        if let adminCall { return perform(adminCall) }
        if let check, check.isGathering { return finishChecking(check) }
        if let gathering { return finishGathering(by: gathering) }
        if let aggregation { return bodyIsComplete(by: aggregation) }
        if let program, program.isGathering { return bodyIsGathered(by: program) }
        mirror?.end()
        upstream?.sendEnd(trailers: framing.isChunked ? requestTrailers : nil)
    }
}
