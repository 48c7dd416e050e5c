internal import GatewayConfiguration
internal import Synchronization

/// One worker's view of a service: its endpoints, and the choice between them.
final class ServicePool {
    let service: CompiledService
    let endpoints: [EndpointPool]
    private let totalWeight: Int

    init(_ service: CompiledService, endpoints: [EndpointPool]) {
        self.service = service
        self.endpoints = endpoints
        totalWeight = service.endpoints.reduce(0) { $0 + $1.configuration.weight }
    }

    /// The endpoint for the next request, other than `avoided` where there is a choice; nil when none has a weight.
    func pick(_ random: inout IdentifierSource, avoiding avoided: EndpointPool?) -> EndpointPool? {
        if totalWeight == 0 { return nil }
        if endpoints.count == 1 { return endpoints[0] }
        switch service.balancing {
        case .roundRobin: return roundRobin(avoiding: avoided)
        case .leastRequest: return leastRequest(&random, avoiding: avoided)
        }
    }

    /// Smooth weighted round robin: each endpoint gains its weight a turn, the highest is taken and pays the sum. With
    /// weights 5, 1, 1 the order is a a b a c a a, not five times a in a row.
    private func roundRobin(avoiding avoided: EndpointPool?) -> EndpointPool? {
        var best: EndpointPool?
        for candidate in endpoints {
            let weight = candidate.endpoint.configuration.weight
            if weight == 0 { continue }
            candidate.currentWeight += weight
            if candidate === avoided { continue }
            if let leader = best, candidate.currentWeight <= leader.currentWeight { continue }
            best = candidate
        }
        guard let chosen = best else { return avoided }
        chosen.currentWeight -= totalWeight
        return chosen
    }

    /// Two different endpoints at random, each with a chance like its weight; the one with fewer requests under way
    /// wins, counted relative to the weight.
    private func leastRequest(_ random: inout IdentifierSource, avoiding avoided: EndpointPool?) -> EndpointPool? {
        guard let first = draw(&random, other: avoided) else { return avoided }
        guard let second = draw(&random, other: first), second !== avoided else { return first }
        let firstLoad = (first.state.inFlight.load(ordering: .relaxed) + 1) * second.endpoint.configuration.weight
        let secondLoad = (second.state.inFlight.load(ordering: .relaxed) + 1) * first.endpoint.configuration.weight
        return secondLoad < firstLoad ? second : first
    }

    /// One endpoint at random by weight, other than `other`; nil when there is no other.
    private func draw(_ random: inout IdentifierSource, other: EndpointPool?) -> EndpointPool? {
        let available = totalWeight - (other?.endpoint.configuration.weight ?? 0)
        if available <= 0 { return nil }
        var point = Int(random.next() % UInt64(available))
        for candidate in endpoints where candidate !== other {
            point -= candidate.endpoint.configuration.weight
            if point < 0 { return candidate }
        }
        return nil
    }

    /// A try at one of the endpoints has ended: what is learned from it.
    func note(_ outcome: TryOutcome, at endpoint: EndpointPool, now: Int64) {}

    func closeIdle() {
        for endpoint in endpoints { endpoint.closeIdle() }
    }

    func retire() {
        for endpoint in endpoints { endpoint.retire() }
    }
}
