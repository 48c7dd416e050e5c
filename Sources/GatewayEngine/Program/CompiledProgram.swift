package import GatewayConfiguration

/// A handler as routes point at it.
package final class CompiledHandler: Sendable {
    package let name: String
    /// The index in the snapshot's labels.
    let label: Int32
    let series: SeriesID
    /// nil: it is only known by name, where nothing is run.
    let body: ProgramTable.Handler?

    init(_ name: String, label: Int32, series: SeriesID, body: ProgramTable.Handler?) {
        self.name = name
        self.label = label
        self.series = series
        self.body = body
    }
}

/// The policies of one route, in their order.
final class CompiledPolicies: Sendable {
    let names: [String]
    let policies: [ProgramPolicy]
    /// Nanoseconds for all of them together.
    let timeout: Int64
    /// One of them looks at responses.
    let readsResponses: Bool

    init(_ names: [String], _ policies: [ProgramPolicy]) {
        self.names = names
        self.policies = policies
        timeout = policies.reduce(0) { min($0 + $1.timeout, Deadline.never) }
        readsResponses = policies.contains { $0.response != nil }
    }
}

/// What a snapshot knows of the program's Swift code.
struct CompiledProgram: Sendable {
    /// By the places in the routes' plans.
    var policies: [CompiledPolicies] = []
    /// The places of the configured services, for those who ask them by name; empty where nobody does.
    var services: [String: Int] = [:]
    /// Where the labels of calls begin among the snapshot's parts: one for each service, in their order.
    var firstLabel: Int32 = 0
    /// Names of handlers, as labels.
    var handlers: [String] = []
}

/// Finds the code that a configuration names.
struct ProgramCompiler {
    /// nil: names stand for themselves, and nothing will be run.
    private let table: ProgramTable?
    private let metrics: Metrics
    private let general: [ProgramName]
    private(set) var program = CompiledProgram()
    private(set) var diagnostics: [Diagnostic] = []
    private var handlers: [String: CompiledHandler] = [:]
    private var places: [[String]: Int32] = [:]

    init(_ table: ProgramTable?, general: [ProgramName], metrics: Metrics) {
        self.table = table
        self.general = general
        self.metrics = metrics
    }

    mutating func handler(_ name: ProgramName) -> CompiledHandler {
        if let known = handlers[name.name] { return known }
        let body = table?.handlers[name.name]
        if let table, body == nil { report("handler", name, table.handlers.keys.sorted()) }
        let made = CompiledHandler(
            name.name, label: Int32(truncatingIfNeeded: program.handlers.count),
            series: metrics.assignHandlers([name.name])[0], body: body)
        program.handlers.append(name.name)
        handlers[name.name] = made
        return made
    }

    /// The place of a route's policies; -1: it has none.
    mutating func policies(of route: RouteConfiguration) -> Int32 {
        let names = route.policies ?? general
        guard !names.isEmpty else { return -1 }
        if let place = places[names.map(\.name)] { return place }
        var found: [ProgramPolicy] = []
        for name in names {
            if let policy = table?.policies[name.name] {
                found.append(policy)
            } else if let table {
                report("policy", name, table.policies.keys.sorted())
            }
        }
        let place = Int32(truncatingIfNeeded: program.policies.count)
        program.policies.append(CompiledPolicies(names.map(\.name), found))
        places[names.map(\.name)] = place
        return place
    }

    /// - Parameter parts: labels that aggregates have.
    mutating func finish(_ services: [String: Int], parts: Int) -> CompiledProgram {
        guard !program.handlers.isEmpty || !program.policies.isEmpty else { return program }
        program.services = services
        program.firstLabel = Int32(truncatingIfNeeded: parts)
        return program
    }

    private mutating func report(_ kind: String, _ name: ProgramName, _ known: [String]) {
        let message = "\(kind) \"\(name.name)\" is Swift code that this program does not have"
        let fix =
            known.isEmpty
            ? "run it with a program that is built with the Gatehouse library and registers the \(kind)"
            : "register it, or name one of \(known.joined(separator: ", "))"
        let diagnostic = Diagnostic(.error, at: name.location, message, fix: fix)
        if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
    }
}

/// What of a configuration only a program with Swift code can run: for those who look at a file without one.
package enum ProgramCheck {
    package static func warnings(in configuration: GatewayConfiguration) -> [Diagnostic] {
        var warnings: [Diagnostic] = []
        for route in configuration.routes {
            if case .handler(let name) = route.answer { warnings.append(warning("handler", name)) }
            for name in route.policies ?? [] { warnings.append(warning("policy", name)) }
        }
        return warnings + configuration.policies.map { warning("policy", $0) }
    }

    private static func warning(_ kind: String, _ name: ProgramName) -> Diagnostic {
        Diagnostic(
            .warning, at: name.location,
            "\(kind) \"\(name.name)\" is Swift code: gatehouse run has none and refuses it",
            fix: "run it with a program that is built with the Gatehouse library and registers the \(kind)")
    }
}
