package import GatewayConfiguration

/// A route as the data plane reads it: names replaced by indices, templates by pieces. Small, because there may be
/// 100,000 of them; what only people ask for (location, the conditions as written) stays in
/// `RouteTable.configuration(of:)`.
package final class CompiledRoute: Sendable {
    /// The place in `RouteTable.routes`, which is the place in the configuration.
    package let index: Int
    package let name: String
    /// The path pattern as written: the label in metrics and logs.
    package let pattern: String
    package let answer: CompiledAnswer
    /// How the forwarded target (or the path of a redirect) is made.
    package let target: TargetPlan
    /// In the order in which `MatchScratch.parameter(_:)` counts them.
    package let parameterNames: [String]
    /// nil: the listener's.
    package let pathPolicy: PathPolicy?

    /// For each parameter, the segment where it stands; for expressions the number of its group.
    let captures: [UInt8]
    /// The last capture takes the rest of the path.
    let capturesRest: Bool
    let pathExpression: RegexProgram?
    let conditions: ConditionSet?

    init(
        index: Int, name: String, pattern: String, answer: CompiledAnswer, target: TargetPlan,
        parameterNames: [String], pathPolicy: PathPolicy?, captures: [UInt8], capturesRest: Bool,
        pathExpression: RegexProgram?, conditions: ConditionSet?
    ) {
        self.index = index
        self.name = name
        self.pattern = pattern
        self.answer = answer
        self.target = target
        self.parameterNames = parameterNames
        self.pathPolicy = pathPolicy
        self.captures = captures
        self.capturesRest = capturesRest
        self.pathExpression = pathExpression
        self.conditions = conditions
    }
}

/// Who answers, with indices instead of names.
package enum CompiledAnswer: Sendable {
    /// The index of the service in the configuration.
    case service(Int)
    /// The index of the path parameter that names the service; `RouteTable.service(of:path:_:)` resolves it.
    case serviceFromPath(parameter: Int)
    /// The index in `RouteTable.upstreams`.
    case upstream(Int)
    case split(CompiledSplit)
    case redirect(CompiledRedirect)
    case respond(CompiledResponse)
    /// Compiled with the snapshot: its parts concern the services, not the search.
    case aggregate
    /// Likewise: who it is, the program knows.
    case handler
}

package final class CompiledRedirect: Sendable {
    package let configuration: RedirectConfiguration
    /// With a path of its own, the redirect goes there; else to the request's path, edited when the route edits paths.
    let hasPath: Bool
    let scheme: [UInt8]
    let host: [UInt8]

    init(_ configuration: RedirectConfiguration, hasPath: Bool) {
        self.configuration = configuration
        self.hasPath = hasPath
        scheme = Bytes.lowercased(configuration.scheme ?? "")
        host = Array((configuration.host ?? "").utf8)
    }

    /// Whether the redirect leads to another place than a path on the same host, and so has to name the host.
    var isAbsolute: Bool { configuration.scheme != nil || configuration.host != nil || configuration.port != nil }
}

package final class CompiledResponse: Sendable {
    package let configuration: FixedResponseConfiguration
    package let body: [UInt8]

    init(_ configuration: FixedResponseConfiguration) {
        self.configuration = configuration
        body = Array(configuration.body.utf8)
    }
}
