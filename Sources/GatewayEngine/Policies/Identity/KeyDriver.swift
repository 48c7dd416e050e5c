internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import Reactor

/// Fetches the keys of all issuers, on the first worker's loop: over connections of the gateway's own kind, one for each
/// fetch, which comes once in minutes.
final class KeyDriver: TimerNode, @unchecked Sendable {  // Only `ask` is called from other threads.
    /// Whose loop this is; set once, before the first `reconcile`.
    weak var worker: Worker?
    private var feeds: [KeyFeed] = []
    private var running: [ObjectIdentifier: InternalRequest] = [:]

    /// Makes the feeds those of a snapshot. A feed that stays keeps its keys and its time table.
    func reconcile(_ wanted: [KeyFeed]) {
        guard let worker, worker.loop.index == 0 else { return }
        for feed in feeds where !wanted.contains(where: { $0 === feed }) { stop(feed) }
        for feed in wanted where !feeds.contains(where: { $0 === feed }) { feed.attach(self) }
        feeds = wanted
        schedule()
    }

    func shutDown() {
        for feed in feeds { stop(feed) }
        feeds = []
        worker?.loop.timers.disarm(self)
    }

    private func stop(_ feed: KeyFeed) {
        feed.attach(nil)
        running.removeValue(forKey: ObjectIdentifier(feed))?.cancel()
    }

    /// From any thread: a token names a key that is not there.
    func ask(_ fetch: KeySetCache.Fetch, for feed: KeyFeed) {
        worker?.loop.execute { [self] in
            perform(fetch, for: feed)
            schedule()
        }
    }

    override func timerDidFire() {
        guard let worker else { return }
        for feed in feeds {
            let due = feed.tick(now: worker.loop.now, random: random(worker))
            if let fault = due.fault { failed(feed, fault, worker) }
            for fetch in due.fetches { perform(fetch, for: feed) }
        }
        schedule()
    }

    private func schedule() {
        guard let worker else { return }
        if let next = feeds.compactMap(\.nextDeadline).min() {
            worker.loop.timers.arm(self, at: max(next, worker.loop.now))
        } else {
            worker.loop.timers.pause(self)
        }
    }

    // MARK: A fetch

    private func perform(_ fetch: KeySetCache.Fetch, for feed: KeyFeed) {
        guard let worker, feeds.contains(where: { $0 === feed }) else { return }
        guard let target = HTTPTarget(fetch.address), !target.endpoint.tls || feed.tls != nil else {
            return end(.failed(.unreachable), fetch, feed)
        }
        let pool = EndpointPool.alone(to: target.endpoint, feed.tls, maxIdle: 0, worker)
        let request = InternalRequest(
            worker: worker, method: .get, target: target.target, host: Array(target.endpoint.authority.utf8),
            fields: [("Accept", "application/json"), ("User-Agent", "gatehouse"), ("Connection", "close")],
            bodyLimit: fetch.answerBytes
        ) { [weak self] request, result in
            pool.retire()
            guard let self else { return }
            running[ObjectIdentifier(feed)] = nil
            end(Self.answer(request, result), fetch, feed)
            schedule()
        }
        running[ObjectIdentifier(feed)] = request
        request.send(to: pool, timeout: max(fetch.deadline - worker.loop.now, 1))
    }

    private static func answer(
        _ request: InternalRequest, _ result: Result<InternalRequest.Reply, InternalRequest.Failure>
    ) -> KeyAnswer {
        switch result {
        case .failure(.timeout): return .failed(.timedOut)
        case .failure(.tooLarge): return .failed(.tooLarge)
        case .failure: return .failed(.unreachable)
        case .success(let reply):
            let fields = request.response.fields
            var maxAge: Int64?
            var index = fields.firstIndex(of: .cacheControl)
            while index >= 0 {
                let value = fields.value(index)
                if let age = CacheLifetime.maxAge(value.indices.map { value[$0] }) { maxAge = min(maxAge ?? age, age) }
                index = fields.nextIndex(of: .cacheControl, after: index)
            }
            return .response(status: reply.status, body: reply.body, maxAge: maxAge)
        }
    }

    private func end(_ answer: KeyAnswer, _ fetch: KeySetCache.Fetch, _ feed: KeyFeed) {
        guard let worker else { return }
        let (result, next) = feed.received(
            answer, number: fetch.number, now: worker.loop.now, random: random(worker))
        switch result {
        case .keys(let keys): fetched(feed, keys, worker)
        case .failed(let fault): failed(feed, fault, worker)
        case .continuing, .stale: break
        }
        if let next { perform(next, for: feed) }
    }

    private func fetched(_ feed: KeyFeed, _ keys: KeySet, _ worker: Worker) {
        worker.metrics.keysFetched(succeeded: true)
        worker.log.info(
            "the keys of an issuer were fetched", ["issuer": .text(feed.name), "keys": .integer(keys.keys.count)])
        for omission in keys.omissions {
            worker.log.warning(
                "a key of an issuer cannot be used",
                [
                    "issuer": .text(feed.name), "place": .integer(omission.index),
                    "reason": .text(omission.fault.label),
                ])
        }
    }

    private func failed(_ feed: KeyFeed, _ fault: KeyFetchFault, _ worker: Worker) {
        worker.metrics.keysFetched(succeeded: false)
        worker.log.warning(
            "the keys of an issuer could not be fetched",
            [
                "issuer": .text(feed.name), "reason": .text(fault.label),
                "kept": .integer(feed.keyCount ?? 0),
            ])
    }

    /// From 0 to 1.
    private func random(_ worker: Worker) -> Double { Double(worker.identifiers.next() >> 11) / 0x1p53 }
}
