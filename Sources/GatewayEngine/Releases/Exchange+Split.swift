internal import HTTPWire
internal import Reactor

/// The exchange's part in a split: whose turn it is, and how the try at that side went.
extension Exchange {
    /// The service of the side that answers this request.
    func chooseSide(_ split: LiveSplit) -> Int {
        let lane = split.lane(worker.loop.index)
        let fields = request.fields
        let chosen = lane.side(
            for: SplitRequest(
                fields: fields, query: fields.bytes(request.query), path: matchedPath(),
                clientHigh: record.clientHigh, clientLow: record.clientLow, caller: knownCaller),
            worker.scratch)
        splitLane = chosen.isChosenFreely ? lane : nil
        splitSide = chosen.side
        return chosen.service
    }

    /// Tells the split what its side has answered; once for each request, however many tries it took.
    func noteSide(status: UInt16) {
        let latency = worker.loop.now - upstreamStart
        splitLane?.note(
            TryOutcome(kind: .response, status: status, latency: latency), side: splitSide, latency: latency)
    }

    /// The gateway answers for a side that gave none: no endpoint was ready, no try led to an answer, no place was had in
    /// time. To the client that is the side's failure as much as any.
    func noteRefusal(_ error: GatewayError) {
        guard (502...504).contains(error.status) else { return }
        splitLane?.note(TryOutcome(kind: .connectFailure, latency: 0), side: splitSide, latency: 0)
    }
}
