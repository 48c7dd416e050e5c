internal import GatewayConfiguration
internal import RateLimits
internal import Reactor

/// A Redis Cluster: a link to each of its masters, and one to a server that is asked who they are.
///
/// Keys of a request that live in different slots are decided by one script each, at the same time. If one of them
/// refuses, what the others were charged is given back; until that has arrived (one round trip) it counts, so that others
/// may be refused meanwhile who would have been admitted. Nobody is admitted who should not be.
///
/// The map is asked for when there is none, when a server says that a slot has moved, and once a second while a link is
/// down: another server may have taken over.
final class LimitCluster: TimerNode {
    unowned let owner: RemoteLimits
    private let seed: LimitLink
    private var topology: ClusterTopology?
    private var links: [ClusterNode: LimitLink] = [:]
    /// Until there is a map.
    private var waiting: [LimitCall] = []
    private var lastQuestion: Int64 = .min

    private static let pause: Int64 = 1_000_000_000
    private static let redirectionLimit = 5

    private var loop: EventLoop { owner.worker.loop }

    init(_ owner: RemoteLimits) {
        self.owner = owner
        seed = LimitLink(owner, owner.store.configuration.servers)
    }

    func start() { seed.start() }

    func renewPeers() {
        seed.renewPeers()
        for link in links.values { link.renewPeers() }
    }

    func close() {
        loop.timers.disarm(self)
        seed.close()
        for link in links.values { link.close() }
        giveUpWaiting(.closed)
    }

    /// Whether every key has somebody who answers for it, as far as is known.
    var isUp: Bool { topology == nil ? !seed.machine.isDown : !links.values.contains { $0.machine.isDown } }

    // MARK: Asking

    /// False: nobody can be asked.
    func ask(_ call: LimitCall) -> Bool {
        guard topology != nil else {
            if seed.machine.isDown { return false }
            call.open = 1
            waiting.append(call)
            return true
        }
        return route(call)
    }

    private func route(_ call: LimitCall) -> Bool {
        for place in call.check.items.indices {
            let slot = HashSlot.of(call.check, place)
            var question = call.questions.first { $0.slot == slot }
            if question == nil {
                let made = LimitQuestion(LimitCheck())
                made.slot = slot
                call.questions.append(made)
                question = made
            }
            question?.check.add(place, of: call.check)
            question?.places.append(place)
        }
        // Of several places one may grant more than another: a lease is for those that live together.
        let count = call.questions.count == 1 ? call.count : 1
        var asked = 0
        for question in call.questions {
            question.begin(call, count: count)
            let node = topology?.owner(of: question.slot)
            // Nobody answers for it yet, as far as the map knows.
            if node == nil { refresh() }
            if let node, link(to: node).ask(question) {
                asked += 1
            } else {
                question.end()
                call.failure = .cluster
            }
        }
        call.open = asked
        return asked > 0
    }

    private func link(to node: ClusterNode) -> LimitLink {
        if let known = links[node] { return known }
        var server = owner.store.configuration.servers[0]
        server.host = node.host
        server.port = node.port
        let link = LimitLink(owner, [server])
        links[node] = link
        link.start()
        return link
    }

    /// Puts the answers together, and gives back what was charged in vain.
    func merge(_ call: LimitCall, refundsAnyway: Bool) {
        for question in call.questions { call.check.take(question.places, of: question.check) }
        call.check.settleParts()
        guard call.failure == nil ? !call.check.isAllowed : refundsAnyway else {
            if call.failure == nil, call.questions.count == 1 { call.check.take(grantsOf: call.questions[0].check) }
            return
        }
        for question in call.questions where question.check.grants > 0 {
            question.link?.refund(question, count: question.check.grants)
        }
    }

    /// The call waits for a map that has not come.
    func timedOut(_ call: LimitCall) {
        guard waiting.contains(where: { $0 === call }) else { return }
        seed.timedOut()
        giveUpWaiting(.timeout)
    }

    private func giveUpWaiting(_ failure: StoreFailure) {
        let calls = waiting
        waiting = []
        for call in calls {
            call.failure = failure
            call.open = 0
            owner.finish(call)
        }
    }

    // MARK: The map

    func linkIsReady(_ link: LimitLink) {
        if link === seed { askForSlots() }
    }

    func linkDidFail(_ link: LimitLink) {
        if link === seed, topology == nil, seed.machine.isDown { giveUpWaiting(.cluster) }
        if link !== seed, link.machine.isDown { refresh() }
    }

    /// Soon, and not more often than once in a while.
    private func refresh() {
        guard !isArmed else { return }
        loop.timers.arm(self, at: max(loop.now, lastQuestion &+ Self.pause))
    }

    override func timerDidFire() {
        askForSlots()
        if links.values.contains(where: { $0.machine.isDown }) || !seed.isReady { refresh() }
    }

    private func askForSlots() {
        lastQuestion = loop.now
        seed.askForSlots()
    }

    func learn(_ topology: ClusterTopology) {
        guard !topology.nodes.isEmpty else {
            // A server that is in no cluster yet, or was forgotten by its own: another one may know more.
            return seed.fail(.cluster)
        }
        self.topology = topology
        for (node, link) in links where !topology.nodes.contains(node) {
            links[node] = nil
            link.close()
        }
        for node in topology.nodes { _ = link(to: node) }
        let calls = waiting
        waiting = []
        for call in calls where !route(call) {
            call.open = 0
            owner.finish(call)
        }
    }

    func redirect(_ question: LimitQuestion, _ redirection: ClusterRedirection) {
        question.redirections += 1
        question.isAsking = redirection.isForOnce
        question.needsText = false
        if !redirection.isForOnce {
            topology?.move(redirection.slot, to: redirection.node)
            refresh()
        }
        guard question.redirections <= Self.redirectionLimit, link(to: redirection.node).ask(question) else {
            owner.worker.metrics.limitStoreFailed(.cluster)
            return owner.failed(question, .cluster)
        }
    }
}
