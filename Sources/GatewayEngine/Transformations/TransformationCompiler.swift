package import GatewayConfiguration
internal import JSONStream

/// Compiles transformations and gathers what is wrong with them, each problem at its place in the file.
struct TransformationCompiler {
    private let limit: Int
    /// Names that `{stage.NAME}` may have.
    private let stageVariables: Set<String>
    private var own: [CompiledTransformation] = []
    private var places: [Own: Int32] = [:]
    private var diagnostics: [Diagnostic] = []

    /// What a route's own depends on: its path says what its parameters are.
    private struct Own: Hashable {
        var configuration: TransformationConfiguration
        var path: PathMatch
    }

    /// - Parameter limit: `limits.buffered_body`.
    init(_ configuration: GatewayConfiguration) {
        limit = configuration.limits.bufferedBody
        stageVariables = configuration.listeners.reduce(into: []) { $0.formUnion($1.stageVariables.keys) }
    }

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
            let headers = compile(request.headers, parameters, isResponse: false)
            let query = compile(request.query, parameters)
            let path = request.path.flatMap { value($0.text, "path", $0.location, parameters, isResponse: false) }
            let values = (headers?.values ?? []) + (query?.set.map(\.value) ?? []) + (path.map { [$0] } ?? [])
            return CompiledTransformation.Request(
                types: request.types.map(MediaPattern.init), path: path,
                body: compile(request.body, keepsDocument: values.contains { $0.needsRequestBody }), headers: headers,
                query: query)
        }
        let responses = configuration.responses.map { response in
            let headers = compile(response.headers, parameters, isResponse: true)
            let keeps = headers?.values.contains { $0.needsResponseBody } == true
            return CompiledTransformation.Response(
                statuses: response.statuses, types: response.types.map(MediaPattern.init),
                newStatus: response.newStatus ?? -1, body: compile(response.body, keepsDocument: keeps),
                requiresJSON: response.requiresJSON, headers: headers)
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

    private mutating func compile(
        _ edits: [HeaderEdit], _ parameters: Parameters, isResponse: Bool
    ) -> HeaderEdits? {
        var operations: [HeaderEdits.Operation] = []
        for edit in edits {
            let name = Array(edit.name.utf8)
            let lowercase = Array(edit.name.lowercased().utf8)
            switch edit.change {
            case .remove: operations.append(.remove(lowercase))
            case .rename(let new): operations.append(.rename(lowercase, to: Array(new.utf8)))
            case .set(let text):
                guard let value = value(text, edit.name, edit.location, parameters, isResponse: isResponse) else {
                    continue
                }
                operations.append(.set(name, value))
            case .add(let text):
                guard let value = value(text, edit.name, edit.location, parameters, isResponse: isResponse) else {
                    continue
                }
                operations.append(.add(name, value))
            }
        }
        return operations.isEmpty ? nil : HeaderEdits(operations: operations)
    }

    private mutating func compile(_ edits: [QueryEdit], _ parameters: Parameters) -> QueryEdits? {
        guard !edits.isEmpty else { return nil }
        var set: [(name: [UInt8], value: FieldValue)] = []
        for edit in edits {
            let text: String
            switch edit.change {
            case .remove: continue
            case .set(let value), .add(let value): text = value
            }
            guard let value = value(text, edit.name, edit.location, parameters, isResponse: false) else { continue }
            set.append((FieldValue.queryName(edit.name), value))
        }
        let removed = edits.filter { if case .add = $0.change { false } else { true } }
        return QueryEdits(removed: removed.map { Array($0.name.utf8) }, set: set)
    }

    private mutating func value(
        _ text: String, _ name: String, _ location: SourceLocation, _ parameters: Parameters, isResponse: Bool
    ) -> FieldValue? {
        do {
            let value = try FieldValue(text, parameters: parameters, stageVariables: stageVariables)
            if isResponse || !value.needsResponseBody { return value }
            report(location, "\(quoted(name)): a request knows nothing of the response", fix: "refer to the request")
            return nil
        } catch {
            switch error {
            case .openBrace:
                report(location, "\(quoted(name)): a brace is not closed", fix: "write {{ for a brace")
            case .reference(let reference, .path(let fault)):
                report(
                    location, "\(quoted(name)): {\(reference)} is no path into the body: \(fault.code)",
                    fix: "write names with dots between, as in {request.body.user.id}")
            case .unknown(let reference), .reference(let reference, .unknown):
                let known =
                    parameters.keys.sorted().map { "{\($0)}" } + ["{header.NAME}"]
                    + (reference.hasPrefix("context.")
                        ? RequestVariable.allCases.map { "{context.\($0.rawValue)}" }
                        : ["{claims.NAME}", "{query.NAME}"])
                    + stageVariables.sorted().map { "{stage.\($0)}" }
                report(
                    location, "\(quoted(name)): {\(reference)} is no parameter of the path",
                    fix: "write \(known.joined(separator: " or ")), or {{ for a brace")
            }
            return nil
        }
    }

    // MARK: Bodies

    /// nil: nothing is done to bodies, or it was wrong.
    ///
    /// - Parameter keepsDocument: values elsewhere refer to the body.
    private mutating func compile(_ body: BodyEditsConfiguration, keepsDocument: Bool) -> BodyEdits? {
        if let template = body.template { return compile(template).map { BodyEdits(.template($0), limit: limit) } }
        guard !body.fields.isEmpty else {
            return keepsDocument ? BodyEdits(.keep, limit: limit, keepsDocument: true) : nil
        }
        var fields = body.fields
        // Each problem hides those behind it: without the one, the others show.
        while true {
            do {
                let plan = try JSONRewritePlan(fields.map(\.operation), inputs: RequestInputs.names)
                return fields.count == body.fields.count
                    ? BodyEdits(.rewrite(plan), limit: limit, keepsDocument: keepsDocument)
                    : nil
            } catch {
                let field = fields.remove(at: error.operation)
                if case .template(let problems) = error.code {
                    report(problems, in: field.value, "\(field.key): \(quoted(field.selector)):")
                    continue
                }
                report(
                    field.location, "\(field.key): \(quoted(field.selector)) \(error.code.sentence)",
                    fix: error.code.fix)
            }
        }
    }

    private mutating func compile(_ template: TemplateValue) -> JSONTemplate? {
        do {
            return try JSONTemplate(template.json, inputs: RequestInputs.names)
        } catch {
            report(error.problems, in: template, "body:")
            return nil
        }
    }

    /// Each at its place within the template.
    private mutating func report(_ problems: [JSONTemplate.Problem], in template: TemplateValue, _ title: String) {
        for problem in problems {
            report(
                template.location(at: problem.pointer), "\(title) \(quoted(problem.text)) \(problem.code.sentence)",
                fix: problem.code.fix)
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
        var compiler = TransformationCompiler(configuration)
        for route in configuration.routes { _ = compiler.add(route) }
        var forms = ErrorForms(configuration.errors)
        for route in configuration.routes { _ = forms.add(route) }
        do {
            _ = try compiler.finish(configuration.transformations)
            return forms.diagnostics
        } catch {
            return error.diagnostics + forms.diagnostics
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
        case .set(let value): .set(selector, value.json)
        case .setDefault(let value): .default(selector, value.json)
        }
    }

    /// What is set; null for other edits.
    fileprivate var value: TemplateValue {
        switch change {
        case .set(let value), .setDefault(let value): value
        case .remove, .keep, .rename: TemplateValue(.null, location: location)
        }
    }
}

extension JSONRewritePlan.Problem.Code {
    fileprivate var sentence: String {
        switch self {
        case .path(let error): "is no JSONPath: \(error.code) at character \(error.offset)"
        case .template: "gets a value that is no template"
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
        case .template: nil
        case .wholeDocument: "name a member, as in $.id"
        case .notAName: "end the path in a name, as in $.user.id"
        case .needsPath: "write where the member belongs, as in $.version"
        case .badMove, .conflict: "leave one of the two"
        case .tooMany: "shorten the lists in it"
        }
    }
}
