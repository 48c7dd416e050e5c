internal import GatewayConfiguration
internal import Synchronization

/// The endpoints that may be asked at the moment, with the weights that count at the moment: what every policy chooses
/// from. One worker's own, rebuilt in place when the service's generation or the clock says so.
///
/// Which they are is decided in this order:
/// 1. An endpoint of weight 0, one that an operator drains, and one that fails its active checks get nothing, whatever
///    else is true.
/// 2. What is left of a priority is down when all of it is ejected for what real requests met, or when fewer than
///    `panicThreshold` of it are not: too few to bear the load. The first priority that is not down gets everything.
/// 3. When all are down it is a panic: ejections that took out so many say more about the service than about its
///    endpoints. The first priority with such an ejection is used as if nothing were ejected.
/// 4. Nobody left: there is no endpoint, and the request is refused at once.
struct EligibleEndpoints {
    struct Member {
        let state: EndpointState
        /// The place in the service's list.
        let place: Int
        /// In units of 1 / `scale` of the configuration's weights.
        let weight: Int
        /// The sum of the weights up to this one: a line on which a random point finds its owner.
        let end: Int
    }

    struct Rules: Sendable, Hashable {
        /// 0 to 1; see above.
        var panicThreshold = 0.5
        /// Nanoseconds from `EndpointState.readySince` to the full weight; 0: at once.
        var slowStart: Int64 = 0
        /// Whether an endpoint that was not checked yet must wait for its first result.
        var requiresCheck = false
    }

    /// Fine enough for a ramp of ten seconds in steps of a tenth.
    static let scale = 1_000
    /// A ramp is looked at again after so long (nanoseconds).
    static let rampStep: Int64 = 100_000_000

    private(set) var members: [Member] = []
    private(set) var total = 0
    /// All have the same weight.
    private(set) var isUniform = true
    /// When time alone will change the above, on the loops' clock.
    private(set) var reviewAt = Int64.max
    /// Ejected endpoints are among the members.
    private(set) var isPanicking = false

    /// Finds the members anew; allocates only when there are more than ever before.
    ///
    /// - Parameter priorities: those that occur, in ascending order.
    mutating func rebuild(_ endpoints: [CompiledEndpoint], priorities: [Int], _ rules: Rules, now: Int64) {
        members.removeAll(keepingCapacity: true)
        total = 0
        isUniform = true
        reviewAt = .max
        isPanicking = false
        var panicking = -1
        for priority in priorities {
            var available = 0
            var standing = 0
            for endpoint in endpoints where endpoint.configuration.priority == priority {
                guard Self.isAvailable(endpoint, rules) else { continue }
                available += 1
                let ejectedUntil = endpoint.state.ejectedUntil.load(ordering: .relaxed)
                if ejectedUntil <= now { standing += 1 } else { reviewAt = min(reviewAt, ejectedUntil) }
            }
            let isTooFew = Double(standing) < rules.panicThreshold * Double(available)
            if isTooFew && panicking < 0 { panicking = priority }
            if standing == 0 || isTooFew { continue }
            return take(endpoints, priority, rules, now: now, ejectedToo: false)
        }
        guard panicking >= 0 else { return }
        isPanicking = true
        take(endpoints, panicking, rules, now: now, ejectedToo: true)
    }

    private static func isAvailable(_ endpoint: CompiledEndpoint, _ rules: Rules) -> Bool {
        let state = endpoint.state
        guard endpoint.configuration.weight > 0, state.administrative.load(ordering: .relaxed) == .enabled else {
            return false
        }
        switch state.checkedHealth.load(ordering: .relaxed) {
        case .healthy: return true
        case .unknown: return !rules.requiresCheck
        case .unhealthy: return false
        }
    }

    private mutating func take(
        _ endpoints: [CompiledEndpoint], _ priority: Int, _ rules: Rules, now: Int64, ejectedToo: Bool
    ) {
        for (place, endpoint) in endpoints.enumerated() where endpoint.configuration.priority == priority {
            let state = endpoint.state
            let ejectedUntil = state.ejectedUntil.load(ordering: .relaxed)
            guard Self.isAvailable(endpoint, rules), ejectedToo || ejectedUntil <= now else { continue }
            // Time brought it back when nobody else did: the end of an ejection begins a ramp, too.
            let returned = ejectedUntil <= now ? ejectedUntil : 0
            let since = max(state.readySince.load(ordering: .relaxed), returned)
            let weight = ramped(endpoint.configuration.weight, since: since, rules, now: now)
            total += weight
            members.append(Member(state: state, place: place, weight: weight, end: total))
            if weight != members[0].weight { isUniform = false }
        }
    }

    /// A tenth at first, all of it after `slowStart`, on a straight line between.
    private mutating func ramped(_ weight: Int, since: Int64, _ rules: Rules, now: Int64) -> Int {
        let full = weight * Self.scale
        // Clocks of two loops may differ by a turn: what came "later" than now has just come.
        let elapsed = max(0, now - since)
        guard since > 0, elapsed < rules.slowStart else { return full }
        reviewAt = min(reviewAt, now + Self.rampStep)
        let share = 0.1 + 0.9 * Double(elapsed) / Double(rules.slowStart)
        return max(1, Int(Double(full) * share))
    }

    /// The member that stands at `place` in the service's list; -1 when it may not be asked.
    func index(ofPlace place: Int) -> Int {
        for index in members.indices where members[index].place == place { return index }
        return -1
    }

    // MARK: Chance

    /// A member at random, each with a chance like its weight, other than `excluded` (-1: any of them); -1 when there is
    /// no other.
    func draw(_ random: inout IdentifierSource, except excluded: Int) -> Int {
        var available = total
        if excluded >= 0 { available -= members[excluded].weight }
        guard available > 0 else { return -1 }
        // The high half of the product: evenly spread, without the division of a remainder.
        var point = Int(truncatingIfNeeded: random.next().multipliedFullWidth(by: UInt64(available)).high)
        // The excluded one's stretch is cut out of the line.
        if excluded >= 0, point >= members[excluded].end - members[excluded].weight {
            point += members[excluded].weight
        }
        return owner(of: point)
    }

    /// The first member whose stretch ends behind the point.
    private func owner(of point: Int) -> Int {
        var low = 0
        var high = members.count - 1
        while low < high {
            let middle = (low + high) / 2
            if members[middle].end > point { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
