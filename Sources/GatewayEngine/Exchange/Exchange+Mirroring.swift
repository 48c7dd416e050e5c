internal import HTTPWire
internal import Reactor

/// Copies of requests for another service; see `MirrorRequest` for what becomes of them.
extension Exchange {
    /// Begins the copy, if this request is one of the share that is copied.
    func startMirror(_ plan: MirrorPlan) {
        guard !wantsTunnel, plan.takesNext() else { return }
        if case .length(let length) = framing, length > plan.maxBody { return }
        let service = worker.services[plan.service]
        guard let pool = service.pick(&worker.identifiers, avoiding: nil, now: worker.loop.now) else { return }
        setHost(of: pool)
        let output = worker.output
        writeHead(into: output)
        let copy = MirrorRequest(
            worker: worker, method: request.method, framing: framing, head: output.bytes, bodyLimit: plan.maxBody,
            origin: pool.service.proxyProtocol == nil ? nil : proxyOrigin)
        mirror = copy
        copy.begin(service, pool)
        if isBodyReplaced || isBodyHeld {
            let body = keptBody
            copy.body(body.span)
        }
        if downstream?.isRequestComplete == true { copy.end() }
    }
}
