internal import Synchronization

/// `least_request`: of two different members drawn by weight, the one with fewer requests under way, counted over all
/// workers and relative to its weight.
///
/// Two, not all: the least busy of all would get every request of every worker until its count has caught up. Two random
/// choices keep the longest queue nearly as short (Mitzenmacher, 2001) and cost the same for three endpoints and for a
/// thousand.
enum LeastRequest {
    static func pick(
        _ eligible: EligibleEndpoints, _ random: inout IdentifierSource, avoiding avoided: Int
    ) -> Int {
        let first = eligible.draw(&random, except: avoided)
        let second = eligible.draw(&random, except: first)
        guard second >= 0, second != avoided else { return first }
        return isLess(eligible.members[second], than: eligible.members[first]) ? second : first
    }

    /// Cross-multiplied, since a division would round. On a tie the first stays, which chance has put there by weight: so
    /// idle endpoints get their shares.
    private static func isLess(_ one: EligibleEndpoints.Member, than other: EligibleEndpoints.Member) -> Bool {
        let load = one.state.inFlight.load(ordering: .relaxed)
        let otherLoad = other.state.inFlight.load(ordering: .relaxed)
        return load * other.weight < otherLoad * one.weight
    }
}
