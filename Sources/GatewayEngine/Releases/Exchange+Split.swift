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
                clientHigh: record.clientHigh, clientLow: record.clientLow),
            worker.scratch)
        splitLane = chosen.isChosenFreely ? lane : nil
        splitSide = chosen.side
        return chosen.service
    }

    /// Tells the split how a try at its side went.
    func noteSide(_ outcome: TryOutcome, now: Int64) {
        splitLane?.note(outcome, side: splitSide, latency: now - upstreamStart)
    }
}
