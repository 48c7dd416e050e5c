internal import GatewayConfiguration
internal import RateLimits
internal import Reactor

/// The store of limits, as one loop sees it: who asks, who waits, what is given back.
///
/// 1. A request fills a `LimitCall` and hands it to `decide`. A lease may decide it at once, and a store that is known to
///    be gone does not make it wait.
/// 2. Its question goes to the one link, or in a cluster (`LimitCluster`) one to each place where its keys live.
/// 3. When all have answered, or one has not in time, the call is finished; `deliver` then goes on with the requests,
///    after everything that one event brought has been read.
final class RemoteLimits {
    enum Decision {
        /// The call's check says how.
        case decided
        /// Nobody can be asked now.
        case unreachable
        /// The exchange will hear of it.
        case pending
    }

    unowned let worker: Worker
    private(set) var store: CompiledLimitStore
    private var single: LimitLink?
    private var cluster: LimitCluster?
    private var leases: LeaseTable?
    private var spare: [LimitCall] = []
    private var finished: [LimitCall] = []
    private var isDelivering = false
    private var isClosed = false
    /// Calls that wait.
    private(set) var pending = 0

    /// How long after it was counted a lease may be used: a second.
    private static let leaseLifetime: Int64 = 1_000_000_000
    private static let spareLimit = 1_024

    init(_ store: CompiledLimitStore, worker: Worker) {
        self.store = store
        self.worker = worker
        if store.configuration.lease > 1 {
            leases = LeaseTable(
                lifetime: Self.leaseLifetime, secret: (worker.identifiers.next(), worker.identifiers.next()))
        }
        if store.configuration.isCluster {
            cluster = LimitCluster(self)
            cluster?.start()
        } else {
            single = LimitLink(self, store.configuration.servers)
            single?.start()
        }
    }

    /// What a new snapshot says is the same but for files that may have changed: connections stay.
    func goOn(with store: CompiledLimitStore) {
        self.store = store
        single?.renewPeers()
        cluster?.renewPeers()
    }

    /// The end: requests that wait are told that there is no store.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        single?.close()
        cluster?.close()
        deliver()
    }

    // MARK: Asking

    func takeCall() -> LimitCall { spare.popLast() ?? LimitCall(self) }

    func giveBack(_ call: LimitCall) {
        call.clear()
        if spare.count < Self.spareLimit { spare.append(call) }
    }

    func decide(_ call: LimitCall) -> Decision {
        if leases?.admit(call.check, at: worker.loop.now) == true {
            worker.metrics.limitLeaseUsed()
            return .decided
        }
        guard !isClosed else { return .unreachable }
        guard pending < store.configuration.maxPending else {
            worker.metrics.limitStoreFailed(.overloaded)
            return .unreachable
        }
        if leases != nil {
            call.count = leases?.ask(call.check, most: store.configuration.lease, at: worker.loop.now) ?? 1
        }
        guard ask(call) else {
            endLease(call, isGranted: false)
            return .unreachable
        }
        pending += 1
        worker.loop.timers.arm(call, at: worker.loop.now + store.timeout)
        return .pending
    }

    private func ask(_ call: LimitCall) -> Bool {
        if let cluster { return cluster.ask(call) }
        let question = call.single
        question.begin(call, count: call.count)
        call.questions.append(question)
        call.open = 1
        return single?.ask(question) ?? false
    }

    private func endLease(_ call: LimitCall, isGranted: Bool) {
        if call.count > 1 { leases?.conclude(call.check, isGranted: isGranted, at: worker.loop.now) }
    }

    // MARK: Answers

    func answered(_ question: LimitQuestion) {
        worker.metrics.limitStoreAnswered(nanoseconds: worker.loop.now - question.sentAt)
        settle(question)
    }

    func failed(_ question: LimitQuestion, _ failure: StoreFailure) {
        if let call = question.call, call.failure == nil { call.failure = failure }
        question.check.removeOutcomes()
        settle(question)
    }

    private func settle(_ question: LimitQuestion) {
        guard let call = question.call else { return }
        question.end()
        call.open -= 1
        if call.open == 0 { finish(call) }
    }

    /// Every question has an end.
    func finish(_ call: LimitCall) {
        pending -= 1
        worker.loop.timers.disarm(call)
        finished.append(call)
    }

    /// What has not answered in time is not waited for any more until it has shown itself anew.
    func timedOut(_ call: LimitCall) {
        for question in call.questions where question.isOpen {
            if let link = question.link {
                link.timedOut()
            } else {
                failed(question, .timeout)
            }
        }
        // In a cluster whose map is not known yet there is no question.
        if call.open > 0 { cluster?.timedOut(call) }
        deliver()
    }

    /// Goes on with the requests whose calls are finished. What they do may ask again, and finish others.
    func deliver() {
        guard !isDelivering else { return }
        isDelivering = true
        var index = 0
        while index < finished.count {
            conclude(finished[index])
            index += 1
        }
        finished.removeAll(keepingCapacity: true)
        isDelivering = false
    }

    private func conclude(_ call: LimitCall) {
        if let cluster, !call.questions.isEmpty {
            cluster.merge(call, refundsAnyway: store.configuration.onFailure == .deny)
        }
        endLease(call, isGranted: call.failure == nil)
        if let exchange = call.exchange, let set = call.set {
            exchange.limitsWereAsked(call, set, store.configuration.onFailure)
        }
        giveBack(call)
    }

    // MARK: Links

    func linkIsReady(_ link: LimitLink) {
        cluster?.linkIsReady(link)
        report(link, nil, server: link.server.name)
    }

    func linkDidFail(_ link: LimitLink, _ failure: StoreFailure, server: String) {
        cluster?.linkDidFail(link)
        report(link, failure, server: server)
    }

    private func report(_ link: LimitLink, _ failure: StoreFailure?, server: String) {
        let isUp = cluster.map(\.isUp) ?? !link.machine.isDown
        // Neither: a broken connection is being made again.
        if isUp, !link.isReady { return }
        store.status.report(
            worker: worker.loop.index, of: worker.count, isUp: isUp, store.configuration, server: server, failure,
            worker.log)
    }

    // MARK: Cluster

    func redirect(_ question: LimitQuestion, _ redirection: ClusterRedirection) {
        guard let cluster else {
            worker.metrics.limitStoreFailed(.cluster)
            return failed(question, .cluster)
        }
        cluster.redirect(question, redirection)
    }

    func learn(_ topology: ClusterTopology) { cluster?.learn(topology) }
}
