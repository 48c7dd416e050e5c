internal import GatewayConfiguration
internal import HTTPWire
internal import RateLimits

/// All limits of a configuration, and which of them hold for a request: the nearest, and of those the most specific.
///
/// 1. The route's own, whatever stands on top.
/// 2. Overrides that name the consumer who asks; then the consumer's own; then overrides that name one of its groups, in
///    the order in which it has them (`CallerLimits`).
/// 3. Overrides that name the route; of several the one with the most specific path.
/// 4. Overrides by path alone, the most specific one.
/// 5. The default.
///
/// Within 2, those that name the route come first, as they do without consumers.
///
/// Few of many routes differ, so a route's plan only holds the number of its scope, and most share one.
final class CompiledLimits: Sendable {
    /// Where one looks for the limits of a route's requests.
    struct Scope {
        /// The route's own.
        var own: LimitSet?
        var rules: PathRules?
        /// For each rule.
        var sets: [LimitSet] = []

        func find(_ request: RequestHead, _ path: Span<UInt8>, _ scratch: MatchScratch) -> LimitSet? {
            guard let rules, let index = rules.find(request, path: path, scratch: scratch) else { return nil }
            return sets[index]
        }
    }

    /// The first one is what stands on top: the scope of routes that have nothing of their own.
    private let scopes: [Scope]
    private let fallback: LimitSet?
    /// By the consumer's place; empty: no consumer has limits of its own.
    private let callers: [CallerLimits]
    /// Where a route has nothing of its own, the default holds whatever is asked.
    private let hasDefaultOnly: Bool
    /// For the access log: by `CompiledLimit.label`.
    let labels: [String]

    init(scopes: [Scope], fallback: LimitSet?, callers: [CallerLimits], labels: [String]) {
        self.scopes = scopes
        self.fallback = fallback
        self.callers = callers
        self.labels = labels
        hasDefaultOnly = scopes[0].rules == nil && callers.isEmpty
    }

    /// The limits that hold for a request; nil: none.
    ///
    /// - Parameters:
    ///   - consumer: its place; -1: nobody that is known.
    ///   - scratch: is left with the parameters of the override that holds.
    func find(
        _ scope: Int32, consumer: Int32, _ request: RequestHead, path: Span<UInt8>, scratch: MatchScratch
    ) -> LimitSet? {
        if scope < 0 { return nil }
        if scope == 0 && hasDefaultOnly { return fallback }
        if let own = scopes[Int(scope)].own { return own }
        if consumer >= 0, !callers.isEmpty,
            let found = callers[Int(consumer)].find(scope, request, path, scratch)
        {
            return found
        }
        if scope > 0, let found = find(Int(scope), request, path, scratch) { return found }
        return find(0, request, path, scratch) ?? fallback
    }

    private func find(_ scope: Int, _ request: RequestHead, _ path: Span<UInt8>, _ scratch: MatchScratch) -> LimitSet? {
        scopes[scope].find(request, path, scratch)
    }
}
