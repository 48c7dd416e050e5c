/// The first rule by which a route lost, in the order in which rules are checked. Method comes last: so "lost by the
/// method" means that nothing else was wrong, which is when the answer is 405.
package enum RuleFailure: Sendable, Hashable {
    /// The regular expression of the path did not match (or a limit ended it).
    case path
    /// The route names listeners, and not this one.
    case listener
    /// The index of the condition in the route's configuration; likewise below.
    case header(Int)
    case query(Int)
    case cookie(Int)
    case method
    /// Every condition held, but another route comes first, by this step of the precedence.
    case outranked(PrecedenceStep)
}

/// The steps by which two routes that both match are told apart, in order.
package enum PrecedenceStep: String, Sendable, Hashable, CaseIterable {
    /// Exact before wildcard, longer before shorter, any host last.
    case host
    /// Segment by segment: literal, expression, `{id}`, `{x+}` and `*`, `**`.
    case path
    /// A route that lists methods; for HEAD one that names HEAD before one that takes it with GET.
    case method
    case headers
    case query
    case cookies
    /// Earlier in the file.
    case order
}

/// What a route asks besides path, host and method.
///
/// Most routes have none; they share no object and cost no call.
final class ConditionSet: Sendable {
    /// Indices of listeners; empty for all.
    let listeners: [Int]
    let headers: [HeaderCondition]
    let query: [QueryCondition]
    let cookies: [CookieCondition]

    init(listeners: [Int], headers: [HeaderCondition], query: [QueryCondition], cookies: [CookieCondition]) {
        self.listeners = listeners
        self.headers = headers
        self.query = query
        self.cookies = cookies
    }

    /// The first condition that does not hold; nil when all do. Live matching and `explain` both ask here.
    func firstFailure(_ input: borrowing RouteInput, _ scratch: MatchScratch) -> RuleFailure? {
        if !listeners.isEmpty, !listeners.contains(input.listener) { return .listener }
        for index in headers.indices where !headers[index].holds(input.fields, scratch) { return .header(index) }
        for index in query.indices where !query[index].holds(input.query, scratch) { return .query(index) }
        for index in cookies.indices where !cookies[index].holds(input.fields, scratch) { return .cookie(index) }
        return nil
    }
}
