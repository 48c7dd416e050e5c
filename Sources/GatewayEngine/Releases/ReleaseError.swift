/// Why what an operator asked of a split or a canary was not done. Nothing was changed.
package enum ReleaseError: Error, Sendable, Hashable, CustomStringConvertible {
    case noSplit(route: String)
    case noCanary(route: String)
    case noSide(route: String, service: String, sides: [String])
    case badWeight(route: String, service: String)
    case sumIsZero(route: String)
    case canaryIsRunning(route: String)
    case notPossible(route: String, order: CanaryOrder, state: String)

    /// What was named does not exist; anything else is a request that makes no sense, or not now.
    package var isNotFound: Bool {
        switch self {
        case .noSplit, .noCanary: true
        case .noSide, .badWeight, .sumIsZero, .canaryIsRunning, .notPossible: false
        }
    }

    /// It would be possible in another state.
    package var isConflict: Bool {
        switch self {
        case .canaryIsRunning, .notPossible: true
        case .noSplit, .noCanary, .noSide, .badWeight, .sumIsZero: false
        }
    }

    /// A sentence for the caller.
    package var description: String {
        switch self {
        case .noSplit(let route): "There is no route \"\(route)\" with a split."
        case .noCanary(let route): "The route \"\(route)\" has no canary."
        case .noSide(let route, let service, let sides):
            "\"\(service)\" is no side of the split of \"\(route)\"; its sides are \(sides.joined(separator: ", "))."
        case .badWeight(let route, let service):
            "The weight of \"\(service)\" in the split of \"\(route)\" is not between 0 and 1000000."
        case .sumIsZero(let route): "The weights of \"\(route)\" would add up to 0, so that nobody would answer."
        case .canaryIsRunning(let route):
            "A canary is running on \"\(route)\" and sets its weights; pause it, promote it or roll it back first."
        case .notPossible(let route, let order, let state):
            "The canary of \"\(route)\" is \(state): it cannot \(order.rawValue)."
        }
    }
}
