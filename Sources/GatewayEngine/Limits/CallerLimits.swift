internal import HTTPWire

/// What holds for one consumer in place of the limits by route and path: asked in order, the first that has an answer
/// holds.
struct CallerLimits: Sendable {
    /// Overrides that name the consumer, or a group of its own.
    struct Rules: Sendable {
        var top: CompiledLimits.Scope
        /// Those that name a route too, by its scope.
        var byRoute: [Int32: CompiledLimits.Scope] = [:]
    }

    enum Step: Sendable {
        case rules(Rules)
        case own(LimitSet)
    }

    var steps: [Step] = []

    func find(_ scope: Int32, _ request: RequestHead, _ path: Span<UInt8>, _ scratch: MatchScratch) -> LimitSet? {
        for index in 0..<steps.count {
            switch steps[index] {
            case .own(let set): return set
            case .rules(let rules):
                if let named = rules.byRoute[scope]?.find(request, path, scratch) { return named }
                if let found = rules.top.find(request, path, scratch) { return found }
            }
        }
        return nil
    }
}
