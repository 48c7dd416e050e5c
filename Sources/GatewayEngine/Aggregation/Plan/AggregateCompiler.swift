package import GatewayConfiguration
internal import JSONStream

/// Compiles aggregates and gathers what is wrong with them, each problem at its place in the file:
/// 1. the texts, templates and paths of each part, by themselves: what refers to nothing is found here;
/// 2. the order: parts that wait for each other could never be called;
/// 3. the template of the answer;
/// 4. what is no error and yet not meant: parts that nothing uses, claims where nobody is known.
struct AggregateCompiler {
    /// By name; empty where only the text is checked.
    private let services: [String: Int]
    /// Somebody is asked who they are, where a route says nothing else.
    private let hasAuth: Bool
    private(set) var names: [String] = []
    private(set) var diagnostics: [Diagnostic] = []

    init(_ configuration: GatewayConfiguration, services: [String: Int] = [:]) {
        self.services = services
        hasAuth = configuration.auth != nil
    }

    /// - Parameter parameters: of the route's path, in the order of its match; nil: not known here.
    mutating func compile(_ route: RouteConfiguration, parameters: [String]?) -> CompiledAggregate? {
        guard case .aggregate(let configuration) = route.answer else { return nil }
        if route.mirror != nil {
            report(route.location, "mirror: nothing of an aggregate is copied", fix: "remove one of the two")
        }
        let before = diagnostics.count
        let partNames = configuration.parts.map(\.name)
        var scope = PartReference.Scope(parameters: parameters, parts: partNames)
        var drafts: [PartDraft] = []
        for part in configuration.parts {
            if parameters?.contains(part.name) == true {
                report(
                    part.location, "parts: \(quoted(part.name)) is a parameter of the path, too",
                    fix: "give one of them another name")
            }
            scope.hasItem = part.each != nil
            drafts.append(compile(part, configuration, scope))
        }
        for cycle in PartOrder.cycles(drafts.map(\.references)) { report(cycle, configuration) }
        let shape = configuration.body.flatMap { compile($0, Self.inputs(partNames, answers: true), "body") }
        guard errorCount(since: before) == 0 else { return nil }

        warn(drafts, configuration, shape, route)
        let used = Set(drafts.flatMap(\.references)).union(
            (shape?.inputs ?? []).map { $0 - AggregateInput.firstPart })
        var reads = drafts.reduce(CompiledAggregate.Reads()) { $0.union($1.reads) }
        if let shape {
            if shape.inputs.contains(AggregateInput.request) { reads.formUnion(.document) }
            if shape.inputs.contains(AggregateInput.claims) { reads.insert(.claims) }
        }
        var varies: [[UInt8]] = []
        for name in drafts.flatMap(\.varies) where !varies.contains(name) { varies.append(name) }
        let parts = drafts.enumerated().map { index, draft in
            let label = Int32(truncatingIfNeeded: names.count)
            names.append(draft.configuration.name)
            return CompiledPart(
                draft, service: services[draft.configuration.service] ?? 0,
                isIndexed: used.contains(index) || draft.pick != nil, label: label)
        }
        return CompiledAggregate(configuration, parts: parts, shape: shape, reads: reads, varies: varies)
    }

    /// The names by which templates refer to inputs; one that must not be used has none.
    private static func inputs(_ parts: [String], hasItem: Bool = false, answers: Bool = false) -> [String] {
        ["request", "claims", hasItem ? "item" : "", answers ? "failed" : ""] + parts
    }

    // MARK: A part

    private mutating func compile(
        _ part: PartConfiguration, _ aggregate: AggregateConfiguration, _ scope: PartReference.Scope
    ) -> PartDraft {
        var draft = PartDraft(configuration: part, path: text(part.path, "path", scope))
        if PartEncoding.hasDotSegment(draft.path.outline) {
            report(part.path.location, "path: it has a dot segment", fix: "write the path that is meant")
        }
        draft.query = part.query.map { (Self.queryName($0.name), text($0, "query", scope)) }
        draft.headers = part.headers.map { (Array($0.name.utf8), text($0, "headers", scope)) }
        if let body = part.body {
            draft.body = compile(body, Self.inputs(scope.parts, hasItem: scope.hasItem), "body")
            if draft.body?.needsBody == true {
                report(
                    body.location, "body: $ stands for no body here",
                    fix: "write $request.body for the client's, or $ and the name of a part")
            }
        }
        if let each = part.each { draft.each = reference(each, scope) }
        if let pick = part.pick {
            do { draft.pick = try JSONPath(pick.text) } catch { report(pick, "pick", error) }
            if pick.text == "$" { draft.pick = nil }
        }
        draft.fallback =
            switch part.onError {
            case .fail: .fail
            case .omit: .omit
            case .null: .value(Array("null".utf8))
            case .value(let value): .value(value.text)
            case .pass: .pass
            }
        for name in aggregate.forwardHeaders + part.forwardHeaders {
            let lowercase = Array(name.lowercased().utf8)
            if !draft.forward.contains(lowercase) { draft.forward.append(lowercase) }
        }
        return draft
    }

    private static func queryName(_ name: String) -> [UInt8] {
        var encoded: [UInt8] = []
        PartEncoding.append(Array(name.utf8), keepsSlashes: false, to: &encoded)
        return encoded + [UInt8(ascii: "=")]
    }

    private mutating func text(
        _ text: PartTextConfiguration, _ key: String, _ scope: PartReference.Scope
    ) -> PartText {
        do {
            return try PartText(text.text, in: scope)
        } catch {
            switch error {
            case .openBrace:
                report(text.location, "\(key): a brace is not closed", fix: "write {{ for a brace")
            case .reference(.unknown(let name), _):
                report(
                    text.location, "\(key): {\(name)} refers to nothing",
                    fix: "write one of \(scope.examples.joined(separator: ", "))")
            case .reference(.path(let error), let name):
                report(
                    text.location, "\(key): {\(name)} is no reference: \(error.code) in its path",
                    fix: "write names and indexes, as in {user.address.city} or {orders[0].id}")
            }
            return .empty
        }
    }

    /// What stands in `each`.
    private mutating func reference(
        _ text: PartTextConfiguration, _ scope: PartReference.Scope
    ) -> (input: Int, path: JSONPath)? {
        var scope = scope
        scope.hasItem = false
        do throws(PartReference.Problem) {
            let reference = try PartReference(text.text, in: scope)
            if case .input(let input, let path) = reference { return (input, path) }
            report(
                text.location, "each: \(quoted(text.text)) is no array", fix: "name one, as in $orders.items")
        } catch {
            switch error {
            case .unknown(let name):
                report(
                    text.location, "each: \(name) refers to nothing",
                    fix:
                        "write one of \((scope.parts.map { "$\($0)" } + ["$request.body", "$claims.NAME"]).joined(separator: ", "))"
                )
            case .path(let error): report(text, "each", error)
            }
        }
        return nil
    }

    private mutating func compile(_ template: TemplateValue, _ inputs: [String], _ key: String) -> JSONTemplate? {
        checkNames(template, inputs, key)
        do {
            return try JSONTemplate(template.json, inputs: inputs)
        } catch {
            for problem in error.problems {
                let place = template.location(at: problem.pointer)
                report(place, "\(key): \(quoted(problem.text)) \(problem.code.sentence)", fix: problem.code.fix)
            }
            return nil
        }
    }

    /// `$name` alone is a text to templates where there is no such input. Here, where inputs have names that people
    /// choose, it is a name that is mistaken.
    private mutating func checkNames(_ template: TemplateValue, _ inputs: [String], _ key: String) {
        switch template.value {
        case .string(let text):
            guard text.hasPrefix("$"), !text.hasPrefix("$$") else { return }
            let name = String(text.dropFirst())
            guard name.first?.isLetter == true, name != "body", !inputs.contains(name),
                name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == "-" })
            else { return }
            report(
                template.location, "\(key): \(quoted(text)) refers to \(name), which there is none of here",
                fix: "name a part, or write $\(text) for the text")
        case .array(let elements): for element in elements { checkNames(element, inputs, key) }
        case .object(let members): for member in members { checkNames(member.value, inputs, key) }
        case .null, .bool, .number: break
        }
    }

    // MARK: What is said

    private mutating func report(_ cycle: PartOrder.Cycle, _ aggregate: AggregateConfiguration) {
        let names = (cycle + [cycle[0]]).map { aggregate.parts[$0].name }
        report(
            aggregate.parts[cycle[0]].location,
            cycle.count == 1
                ? "parts: \(quoted(names[0])) refers to its own answer"
                : "parts: \(names.joined(separator: " refers to ")), so none of them can be called",
            fix: "take one of the references away")
    }

    /// Warnings, only where all the rest is right.
    private mutating func warn(
        _ drafts: [PartDraft], _ aggregate: AggregateConfiguration, _ shape: JSONTemplate?, _ route: RouteConfiguration
    ) {
        if let shape, !shape.needsBody {
            let referred = Set(drafts.flatMap(\.references))
            for (index, part) in aggregate.parts.enumerated()
            where ["GET", "HEAD"].contains(part.method) && !referred.contains(index)
                && !shape.inputs.contains(AggregateInput.firstPart + index)
            {
                report(
                    part.location, "parts: \(quoted(part.name)) is called, and nothing uses its answer",
                    fix: "refer to $\(part.name), or remove it", isWarning: true)
            }
        }
        let isAnonymous = route.auth == .none || route.auth == .inherit && !hasAuth
        if isAnonymous, drafts.contains(where: { $0.reads.contains(.claims) }) {
            report(
                route.location, "aggregate: it refers to claims, and nobody is asked who they are here",
                fix: "add auth, or do without claims", isWarning: true)
        }
    }

    private func errorCount(since index: Int) -> Int { diagnostics[index...].count { $0.severity == .error } }

    private mutating func report(_ text: PartTextConfiguration, _ key: String, _ error: JSONPathError) {
        report(
            text.location, "\(key): \(quoted(text.text)) is no JSONPath: \(error.code) at character \(error.offset)",
            fix: "write a path such as $.user.id")
    }

    private mutating func report(
        _ location: SourceLocation, _ message: String, fix: String?, isWarning: Bool = false
    ) {
        diagnostics.append(Diagnostic(isWarning ? .warning : .error, at: location, message, fix: fix))
    }

    private func quoted(_ text: String) -> String { String(decoding: JSONStream.JSONText.quoted(text), as: UTF8.self) }
}

extension PartText {
    /// Stands in for a text that was reported.
    fileprivate static let empty = PartText(pieces: [])
}

/// What only compiling can find in aggregates, for who does not compile the whole.
package enum AggregateCheck {
    package static func findings(in configuration: GatewayConfiguration) -> [Diagnostic] {
        var compiler = AggregateCompiler(configuration)
        for route in configuration.routes {
            var parameters: [String]?
            if case .pattern(let pattern) = route.path { parameters = pattern.parameterNames }
            _ = compiler.compile(route, parameters: parameters)
        }
        return compiler.diagnostics
    }
}
