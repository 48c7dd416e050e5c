internal import GatewayConfiguration
internal import Synchronization

/// One worker's view of a service: its endpoints, and the choice between them.
///
/// 1. The endpoints that may be asked are found anew when the service's generation was raised, or when time will have
///    changed them (`EligibleEndpoints.reviewAt`); until then a choice costs one atomic load more than the policy.
/// 2. A client's cookie names an endpoint that may be asked: that one.
/// 3. Else the policy chooses among them; for a further try another one than the last, where there is another.
final class ServicePool {
    /// As the newest snapshot has it: a reload that changes nothing of the service keeps this pool.
    private(set) var service: CompiledService
    /// In the order of the service's.
    let endpoints: [EndpointPool]

    /// What `round_robin` remembers from one choice to the next.
    private var turns: RoundRobin
    /// What `consistent_hash` looks up.
    private var hash = ConsistentHash()
    private var eligible = EligibleEndpoints()
    /// The service's generation that `eligible` was made for; 0: none yet.
    private var seenGeneration: UInt64 = 0

    init(_ service: CompiledService, endpoints: [EndpointPool]) {
        self.service = service
        self.endpoints = endpoints
        turns = RoundRobin(places: endpoints.count)
    }

    /// Goes on in a new snapshot: the same configuration, but other indices.
    func adopt(_ service: CompiledService) { self.service = service }

    /// The endpoint for the next request, other than `avoided` where there is a choice; nil when none may be asked.
    ///
    /// - Parameter now: the time on the loops' clock.
    func pick(
        _ random: inout IdentifierSource, for affinity: Affinity = Affinity(), avoiding avoided: EndpointPool?,
        now: Int64
    ) -> EndpointPool? {
        let generation = service.state.generation.load(ordering: .acquiring)
        if generation != seenGeneration || now >= eligible.reviewAt { review(generation, now) }
        if eligible.members.isEmpty { return nil }
        if eligible.members.count == 1 { return endpoints[eligible.members[0].place] }
        let avoidedIndex = avoided.map { eligible.index(ofPlace: place(of: $0)) } ?? -1
        if affinity.place >= 0 {
            let index = eligible.index(ofPlace: affinity.place)
            if index >= 0 && index != avoidedIndex { return endpoints[affinity.place] }
        }
        let index = choose(&random, affinity.key, avoidedIndex, now)
        return endpoints[eligible.members[index].place]
    }

    /// The endpoint for a further try: none that has failed this request already, while there is another.
    func pick(
        _ random: inout IdentifierSource, for affinity: Affinity, after tried: [EndpointPool], now: Int64
    ) -> EndpointPool? {
        let picked = pick(&random, for: affinity, avoiding: tried.last, now: now)
        guard tried.count > 1, let picked, tried.contains(where: { $0 === picked }) else { return picked }
        // The policy only heeds the last one. From a random place on, so that the tries of many requests spread.
        let members = eligible.members
        let start = Int(random.next() % UInt64(members.count))
        for offset in 0..<members.count {
            let candidate = endpoints[members[(start + offset) % members.count].place]
            if !tried.contains(where: { $0 === candidate }) { return candidate }
        }
        return picked
    }

    private func choose(_ random: inout IdentifierSource, _ key: UInt64, _ avoided: Int, _ now: Int64) -> Int {
        switch service.balancing.policy {
        case .roundRobin: turns.pick(eligible, &random, avoiding: avoided)
        case .leastRequest: LeastRequest.pick(eligible, &random, avoiding: avoided)
        case .peakEWMA: PeakEWMA.pick(eligible, &random, avoiding: avoided, now: now)
        case .random: RandomByWeight.pick(eligible, &random, avoiding: avoided)
        case .consistentHash: hash.pick(eligible, key: key, avoiding: avoided)
        }
    }

    /// Finds out anew who may be asked. The generation was read before: a change that comes meanwhile is seen again,
    /// never missed.
    private func review(_ generation: UInt64, _ now: Int64) {
        seenGeneration = generation
        let balancing = service.balancing
        eligible.rebuild(service.endpoints, priorities: balancing.priorities, balancing.rules, now: now)
        turns.adapt(to: eligible)
        if balancing.policy == .consistentHash { hash.adapt(to: eligible, service.state) }
    }

    /// The place in the service's list; -1 for an endpoint that is not there any more.
    func place(of endpoint: EndpointPool) -> Int {
        for place in endpoints.indices where endpoints[place] === endpoint { return place }
        return -1
    }

    /// A try at one of the endpoints has ended: what is learned from it.
    func note(_ outcome: TryOutcome, at endpoint: EndpointPool, now: Int64) {
        endpoint.worker.ejections.note(outcome, service, endpoint.state, now: now)
        if service.balancing.policy == .peakEWMA { outcome.teach(endpoint.state.latency, now: now) }
        learn(outcome, worker: endpoint.worker, now: now)
    }

    func closeIdle() {
        for endpoint in endpoints { endpoint.closeIdle() }
    }

    /// The worker ends.
    func stop() {
        for endpoint in endpoints { endpoint.stop() }
    }
}
