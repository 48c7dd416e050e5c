internal import HTTPWire
internal import Reactor

/// What a request says about the endpoint that it wants, and what the client is told about the one that it got.
extension Exchange {
    func readAffinity(to service: CompiledService) -> Affinity {
        var affinity = Affinity()
        guard service.balancing.heedsRequest else { return affinity }
        if let key = service.balancing.key {
            let client = SocketAddress(high: record.clientHigh, low: record.clientLow, port: 0, isIPv6: true)
            affinity.key = key.hash(
                request, path: path, client: client, caller: knownCaller, scratch: worker.pathBuffer)
        }
        if let stickiness = service.balancing.stickiness { affinity.place = stickiness.place(request.fields) }
        return affinity
    }

    /// Gives the client the cookie that names its endpoint, unless it has that one already.
    func keepClient(_ fields: HeaderBlock) {
        guard let service, let endpoint, let stickiness = service.service.balancing.stickiness else { return }
        let place = service.place(of: endpoint)
        if place < 0 || place == affinity.place { return }
        stickiness.append(to: fields, place: place, isSecure: isSecure)
    }

    /// Whether the client's own connection is encrypted: what this gateway, or a trusted proxy before it, has written
    /// into the request's fields.
    var isSecure: Bool {
        let fields = request.fields
        let index = fields.firstIndex(of: .xForwardedProto)
        let https = Stickiness.https
        return index >= 0 && Bytes.equalIgnoringCase(fields.value(index), lower: https.span)
    }
}
