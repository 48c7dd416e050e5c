internal import GatewayConfiguration
internal import HTTPWire

/// Rules of a policy that name their requests by path pattern and method: which of them concerns a request.
///
/// They are ranked and matched exactly as routes are, because they are routes, in a table of their own: the most
/// specific pattern wins, and two rules with the same pattern and methods are an error. They match the public path,
/// normalised, the stage removed, before anything is stripped.
final class PathRules: Sendable {
    struct Rule {
        var pattern: PathPattern
        /// Empty: any.
        var methods: [String] = []
        var location: SourceLocation
    }

    private let table: RouteTable
    let isEmpty: Bool

    init(_ rules: [Rule]) throws(RouteTableError) {
        isEmpty = rules.isEmpty
        let routes = rules.enumerated().map { index, rule in
            var route = RouteConfiguration(
                name: "\(index)", path: .pattern(rule.pattern), answer: .respond(FixedResponseConfiguration()),
                location: rule.location)
            route.methods = rule.methods
            return route
        }
        table = try RouteTable(routes: routes, services: [], listeners: [])
    }

    /// The place of the most specific rule for a request; nil when none concerns it.
    ///
    /// - Parameter scratch: for these rules alone: the route's own match still needs the worker's.
    func find(_ request: RequestHead, path: Span<UInt8>, scratch: MatchScratch) -> Int? {
        if isEmpty { return nil }
        let fields = request.fields
        let input = RouteInput(
            listener: 0, method: request.method, methodText: fields.bytes(request.methodText), host: Span(),
            path: path, query: Span(), fields: fields)
        guard case .route(let index) = table.match(input, scratch: scratch) else { return nil }
        return index
    }
}
