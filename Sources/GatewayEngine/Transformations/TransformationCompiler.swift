package import GatewayConfiguration
internal import JSONStream

/// Compiles transformations and gathers what is wrong with them, each problem at its place in the file.
struct TransformationCompiler {
    private let limit: Int
    private var own: [CompiledTransformation] = []
    private var places: [Own: Int32] = [:]
    private var diagnostics: [Diagnostic] = []

    /// What a route's own depends on: its path says what its parameters are.
    private struct Own: Hashable {
        var configuration: TransformationConfiguration
        var path: PathMatch
    }

    /// - Parameter limit: `limits.buffered_body`.
    init(limit: Int) { self.limit = limit }

    /// Takes a route's own; -1: it has none. Routes that say the same share one.
    mutating func add(_ route: RouteConfiguration) -> Int32 {
        guard let configuration = route.transformation else { return -1 }
        let key = Own(configuration: configuration, path: route.path)
        if let place = places[key] { return place }
        let place = Int32(truncatingIfNeeded: own.count)
        places[key] = place
        var pattern: PathPattern?
        if case .pattern(let path) = route.path { pattern = path }
        own.append(compile(configuration, pattern))
        return place
    }

    mutating func finish(_ byPath: [TransformationConfiguration]) throws(RouteTableError) -> TransformationTable {
        let compiled = byPath.map { compile($0, $0.path) }
        let rules = byPath.compactMap { transformation in
            transformation.path.map {
                PathRules.Rule(pattern: $0, methods: transformation.methods, location: transformation.location)
            }
        }
        do {
            let rules = try PathRules(rules)
            if diagnostics.isEmpty { return TransformationTable(own: own, byPath: compiled, rules: rules) }
        } catch {
            diagnostics += error.diagnostics
        }
        throw RouteTableError(diagnostics: diagnostics)
    }

    /// - Parameter pattern: where `{id}` comes from; nil: a regular expression, whose groups have no names here.
    private mutating func compile(
        _ configuration: TransformationConfiguration, _ pattern: PathPattern?
    ) -> CompiledTransformation {
        let parameters = Self.parameters(of: pattern)
        let request = configuration.request.map { request in
            CompiledTransformation.Request(
                body: compile(request.body), headers: compile(request.headers, parameters),
                query: compile(request.query, parameters))
        }
        let responses = configuration.responses.map { response in
            CompiledTransformation.Response(
                statuses: response.statuses, body: compile(response.body), requiresJSON: response.requiresJSON,
                headers: compile(response.headers, parameters))
        }
        return CompiledTransformation(configuration, request: request, responses: responses)
    }

    // MARK: Fields and queries

    private typealias Parameters = [String: (segment: Int, isRest: Bool)]

    private static func parameters(of pattern: PathPattern?) -> Parameters {
        var parameters: Parameters = [:]
        for (index, segment) in (pattern?.segments ?? []).enumerated() {
            switch segment {
            case .parameter(let name?): parameters[name] = (index, false)
            case .oneOrMore(let name?): parameters[name] = (index, true)
            case .literal, .parameter(nil), .oneOrMore(nil), .noneOrMore: break
            }
        }
        return parameters
    }

    private mutating func compile(_ edits: [HeaderEdit], _ parameters: Parameters) -> HeaderEdits? {
        var operations: [HeaderEdits.Operation] = []
        for edit in edits {
            let name = Array(edit.name.utf8)
            let lowercase = Array(edit.name.lowercased().utf8)
            switch edit.change {
            case .remove: operations.append(.remove(lowercase))
            case .rename(let new): operations.append(.rename(lowercase, to: Array(new.utf8)))
            case .set(let text):
                guard let value = value(text, edit.name, edit.location, parameters) else { continue }
                operations.append(.set(name, value))
            case .add(let text):
                guard let value = value(text, edit.name, edit.location, parameters) else { continue }
                operations.append(.add(name, value))
            }
        }
        return operations.isEmpty ? nil : HeaderEdits(operations: operations)
    }

    private mutating func compile(_ edits: [QueryEdit], _ parameters: Parameters) -> QueryEdits? {
        guard !edits.isEmpty else { return nil }
        var set: [(name: [UInt8], value: FieldValue)] = []
        for edit in edits {
            guard case .set(let text) = edit.change,
                let value = value(text, edit.name, edit.location, parameters)
            else { continue }
            set.append((FieldValue.queryName(edit.name), value))
        }
        return QueryEdits(removed: edits.map { Array($0.name.utf8) }, set: set)
    }

    private mutating func value(
        _ text: String, _ name: String, _ location: SourceLocation, _ parameters: Parameters
    ) -> FieldValue? {
        do {
            return try FieldValue(text, parameters: parameters)
        } catch {
            switch error {
            case .openBrace:
                report(location, "\(quoted(name)): a brace is not closed", fix: "write {{ for a brace")
            case .unknown(let reference):
                let known = parameters.keys.sorted().map { "{\($0)}" } + ["{header.NAME}"]
                report(
                    location, "\(quoted(name)): {\(reference)} is no parameter of the path",
                    fix: "write \(known.joined(separator: " or ")), or {{ for a brace")
            }
            return nil
        }
    }

    // MARK: Bodies

    /// nil: nothing is done to bodies, or it was wrong.
    private mutating func compile(_ body: BodyEditsConfiguration) -> BodyEdits? {
        if let template = body.template { return compile(template).map { BodyEdits(.template($0), limit: limit) } }
        guard !body.fields.isEmpty else { return nil }
        var fields = body.fields
        // Each problem hides those behind it: without the one, the others show.
        while true {
            do {
                let plan = try JSONRewritePlan(fields.map(\.operation))
                return fields.count == body.fields.count ? BodyEdits(.rewrite(plan), limit: limit) : nil
            } catch {
                let field = fields.remove(at: error.operation)
                report(
                    field.location, "\(field.key): \(quoted(field.selector)) \(error.code.sentence)",
                    fix: error.code.fix)
            }
        }
    }

    private mutating func compile(_ template: TemplateValue) -> JSONTemplate? {
        do {
            return try JSONTemplate(template.json)
        } catch {
            for problem in error.problems {
                let place = template.location(at: problem.pointer)
                report(place, "body: \(quoted(problem.text)) \(problem.code.sentence)", fix: problem.code.fix)
            }
            return nil
        }
    }

    private mutating func report(_ location: SourceLocation, _ message: String, fix: String?) {
        diagnostics.append(Diagnostic(.error, at: location, message, fix: fix))
    }

    /// As it stands in a message.
    private func quoted(_ text: String) -> String { String(decoding: JSONStream.JSONText.quoted(text), as: UTF8.self) }
}

/// What only compiling can find in transformations, for who does not compile the whole.
package enum TransformationCheck {
    package static func problems(in configuration: GatewayConfiguration) -> [Diagnostic] {
        var compiler = TransformationCompiler(limit: configuration.limits.bufferedBody)
        for route in configuration.routes { _ = compiler.add(route) }
        do {
            _ = try compiler.finish(configuration.transformations)
            return []
        } catch {
            return error.diagnostics
        }
    }
}

extension FieldEdit {
    /// The key under which it stands.
    fileprivate var key: String {
        switch change {
        case .remove: "remove_fields"
        case .keep: "keep_fields"
        case .rename: "rename_fields"
        case .set: "set_fields"
        case .setDefault: "default_fields"
        }
    }

    fileprivate var operation: JSONRewritePlan.Operation {
        switch change {
        case .remove: .remove(selector)
        case .keep: .keep(selector)
        case .rename(let name): .rename(selector, to: name)
        case .set(let value): .set(selector, value.text)
        case .setDefault(let value): .default(selector, value.text)
        }
    }
}

extension JSONRewritePlan.Problem.Code {
    fileprivate var sentence: String {
        switch self {
        case .path(let error): "is no JSONPath: \(error.code) at character \(error.offset)"
        case .value(let error): "gets a value that is no JSON (\(error.code))"
        case .wholeDocument: "is the whole document"
        case .notAName: "must end in one name"
        case .needsPath: "must be a path"
        case .badMove: "cannot be moved so"
        case .conflict: "is edited in another way beside this one"
        case .tooMany: "stands for more than 256 paths"
        }
    }

    fileprivate var fix: String? {
        switch self {
        case .path: "write a path such as $.user.id or $.items[*].price"
        case .value: "write numbers as JSON does"
        case .wholeDocument: "name a member, as in $.id"
        case .notAName: "end the path in a name, as in $.user.id"
        case .needsPath: "write where the member belongs, as in $.version"
        case .badMove, .conflict: "leave one of the two"
        case .tooMany: "shorten the lists in it"
        }
    }
}
