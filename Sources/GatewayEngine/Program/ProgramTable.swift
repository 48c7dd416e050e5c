package import GatewayConfiguration

/// What a program brings along in Swift: handlers and policies by the names that a configuration calls them, and routes
/// of its own. The plain program `gatehouse` brings nothing.
///
/// It is given to `GatewayServer` once; every snapshot, those of reloads too, is compiled against it.
package struct ProgramTable: Sendable {
    /// Answers a request. What it says about errors has been decided by then: nothing is thrown here.
    package typealias Handler = @Sendable (ProgramCall) async -> ProgramOutcome

    package var handlers: [String: Handler] = [:]
    package var policies: [String: ProgramPolicy] = [:]
    /// Routes that stand in no file. Their answers are handlers of this table.
    package var routes: [RouteConfiguration] = []

    package init() {}

    /// A configuration, and the routes that the program adds to it. A route whose name is taken gets a number.
    func extended(_ configuration: GatewayConfiguration) -> GatewayConfiguration {
        guard !routes.isEmpty else { return configuration }
        var whole = configuration
        var taken = Set(configuration.routes.map(\.name))
        for route in routes {
            var route = route
            let name = route.name
            var number = 1
            while !taken.insert(route.name).inserted {
                number += 1
                route.name = "\(name)#\(number)"
            }
            whole.routes.append(route)
        }
        return whole
    }
}

/// A policy that is written in Swift.
package struct ProgramPolicy: Sendable {
    package enum Verdict: Sendable {
        /// The request goes on, with these edits of its fields.
        case pass([ProgramEdit])
        /// It is answered here.
        case answer(ProgramAnswer)
        case refuse(ProgramRefusal)
        case failed(ProgramFailure)
    }

    /// Looks at a request; it may wait, for a service for example.
    package var request: @Sendable (ProgramCall) async -> Verdict
    /// Looks at the head of what is answered to it; nil: the policy has nothing to say there.
    package var response: (@Sendable (ProgramRequest, _ status: Int, _ fields: [ProgramField]) -> [ProgramEdit])?
    /// Nanoseconds that `request` may take.
    package var timeout: Int64

    package init(
        request: @escaping @Sendable (ProgramCall) async -> Verdict,
        response: (@Sendable (ProgramRequest, _ status: Int, _ fields: [ProgramField]) -> [ProgramEdit])?,
        timeout: Duration
    ) {
        self.request = request
        self.response = response
        self.timeout = timeout.boundedNanoseconds
    }
}

/// A request in the hands of Swift code: what it is, and what the gateway does for whoever works on it. It may be used
/// from any thread, and after its end, when it does nothing any more.
package struct ProgramCall: Sendable {
    package var request: ProgramRequest
    let run: ProgramRun

    /// Asks a service, as a part of this request.
    package func ask(_ call: ServiceCall) async -> ServiceOutcome { await run.ask(call) }
}
