internal import GatewayConfiguration

/// The rules about further tries that routes have of their own. Few of 100,000 routes do, and those that do mostly say
/// the same: each distinct rule is kept once, and a route's plan holds its place.
struct RouteTries: Sendable {
    private var retries: [CompiledRetries] = []
    private var hedges: [CompiledHedge] = []
    private var retryPlaces: [RetriesConfiguration: Int32] = [:]
    private var hedgePlaces: [HedgeConfiguration: Int32] = [:]

    /// -1: the route has none of its own.
    mutating func add(_ configuration: RetriesConfiguration?) -> Int32 {
        guard let configuration else { return -1 }
        if let place = retryPlaces[configuration] { return place }
        let place = Int32(truncatingIfNeeded: retries.count)
        retryPlaces[configuration] = place
        retries.append(CompiledRetries(configuration))
        return place
    }

    mutating func add(_ configuration: HedgeConfiguration?) -> Int32 {
        guard let configuration else { return -1 }
        if let place = hedgePlaces[configuration] { return place }
        let place = Int32(truncatingIfNeeded: hedges.count)
        hedgePlaces[configuration] = place
        hedges.append(CompiledHedge(configuration))
        return place
    }

    func retries(_ place: Int32) -> CompiledRetries? { place < 0 ? nil : retries[Int(place)] }
    func hedge(_ place: Int32) -> CompiledHedge? { place < 0 ? nil : hedges[Int(place)] }
}
