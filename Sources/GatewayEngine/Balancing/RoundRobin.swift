/// `round_robin`: smooth and weighted.
///
/// Each member gains its weight a turn, the highest is taken and pays the sum. With weights 5, 1, 1 the order is
/// a a b a c a a, not five times a in a row. Where all weights are equal this is going round, which is done as such: one
/// step, however many members there are; a worker begins at a place of its own, so that not all workers begin with the
/// first.
struct RoundRobin {
    /// What each endpoint has gained and not paid yet, by its place in the service's list. Kept while an endpoint is out:
    /// only the differences count.
    private var gains: [Int]
    /// The next one, where all weights are equal; -1 before the first turn.
    private var cursor = -1

    init(places: Int) {
        gains = Array(repeating: 0, count: places)
    }

    /// The members or their weights have changed: nobody keeps more than the present weights could have given him, or a
    /// weight that was lowered would be served in one go.
    mutating func adapt(to eligible: EligibleEndpoints) {
        for place in gains.indices { gains[place] = min(max(gains[place], -eligible.total), eligible.total) }
    }

    mutating func pick(
        _ eligible: EligibleEndpoints, _ random: inout IdentifierSource, avoiding avoided: Int
    ) -> Int {
        eligible.isUniform ? goOn(eligible, &random, avoiding: avoided) : weigh(eligible, avoiding: avoided)
    }

    private mutating func goOn(
        _ eligible: EligibleEndpoints, _ random: inout IdentifierSource, avoiding avoided: Int
    ) -> Int {
        let count = eligible.members.count
        if cursor < 0 { cursor = eligible.draw(&random, except: -1) }
        if cursor >= count { cursor = 0 }
        if cursor == avoided { cursor = cursor + 1 == count ? 0 : cursor + 1 }
        let picked = cursor
        cursor += 1
        return picked
    }

    private mutating func weigh(_ eligible: EligibleEndpoints, avoiding avoided: Int) -> Int {
        var best = -1
        var bestGain = Int.min
        for index in eligible.members.indices {
            let place = eligible.members[index].place
            let gain = gains[place] + eligible.members[index].weight
            gains[place] = gain
            if gain > bestGain, index != avoided {
                best = index
                bestGain = gain
            }
        }
        gains[eligible.members[best].place] -= eligible.total
        return best
    }
}
