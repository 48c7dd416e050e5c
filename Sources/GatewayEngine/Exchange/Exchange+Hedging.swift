internal import HTTPWire
internal import Reactor

/// Hedging: a second try while the first is silent.
extension Exchange {
    /// The pause before a hedge is over.
    func startHedge() {
        guard let service, let first = endpoint,
            let other = service.pick(&worker.identifiers, for: affinity, avoiding: first, now: worker.loop.now),
            other !== first
        else { return }
        let hedging = snapshot.hedge(for: snapshot.plans[routeIndex], of: service.service)
        let situation = HedgePolicy.Situation(
            method: request.method, hedgesMade: hedgesMade, bodyIsKept: isBodyAtHand,
            bodyIsComplete: downstream?.isRequestComplete == true, responseBegun: phase != .waiting,
            remaining: requestDeadline - worker.loop.now)
        giveBackRetry()
        let budget = service.service.retryBudget
        guard HedgePolicy.goesOut(situation, hedging, retryRules, budget: budget) else { return }
        heldRetry = budget
        hedgesMade += 1
        if hedgesMade < hedging.max { wakeAt = worker.loop.now + hedging.after }
        setHost(of: other)
        let output = worker.output
        writeHead(into: output)
        let hedge = HedgeRequest(exchange: self, head: output.bytes, body: keptBody)
        hedges.append(hedge)
        hedge.send(to: other)
    }

    /// The first answer is there, or nobody wants one any more: the other tries are given up.
    func cancelHedges() {
        guard !hedges.isEmpty else { return }
        let open = hedges
        hedges = []
        for hedge in open { hedge.cancel() }
    }

    /// The hedge's endpoint has begun to answer first: it is the one that was asked, as far as all that follows goes.
    func adopt(
        _ hedge: HedgeRequest, _ pool: EndpointPool, _ connection: UpstreamStream, since start: Int64,
        _ framing: BodyFraming
    ) {
        hedges.removeAll { $0 === hedge }
        lostTry = nil
        leaveTry()
        endpoint = pool
        upstream = connection
        tryStart = start
        upstreamStart = start
        record.endpoint = Int32(truncatingIfNeeded: label(of: pool))
        takeResponse(of: hedge)
        connection.handOver(to: self)
        passHead(framing)
    }
}
