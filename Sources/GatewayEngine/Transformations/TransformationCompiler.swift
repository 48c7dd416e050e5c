package import GatewayConfiguration
internal import JSONStream

/// Compiles transformations and gathers what is wrong with them, each problem at its place in the file.
struct TransformationCompiler {
    private let limit: Int
    private var own: [CompiledTransformation] = []
    private var places: [TransformationConfiguration: Int32] = [:]
    private var diagnostics: [Diagnostic] = []

    /// - Parameter limit: `limits.buffered_body`.
    init(limit: Int) { self.limit = limit }

    /// Takes a route's own; -1: it has none. Routes that say the same share one.
    mutating func add(_ configuration: TransformationConfiguration?) -> Int32 {
        guard let configuration else { return -1 }
        if let place = places[configuration] { return place }
        let place = Int32(truncatingIfNeeded: own.count)
        places[configuration] = place
        own.append(compile(configuration))
        return place
    }

    mutating func finish(_ byPath: [TransformationConfiguration]) throws(RouteTableError) -> TransformationTable {
        let compiled = byPath.map { compile($0) }
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

    private mutating func compile(_ configuration: TransformationConfiguration) -> CompiledTransformation {
        let responses = configuration.responses.map { response in
            CompiledTransformation.Response(
                statuses: response.statuses, body: compile(response.body), requiresJSON: response.requiresJSON)
        }
        return CompiledTransformation(configuration, responses: responses)
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
        for route in configuration.routes { _ = compiler.add(route.transformation) }
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

extension TemplateValue {
    /// As JSON text.
    fileprivate var text: [UInt8] {
        switch value {
        case .null: return Array("null".utf8)
        case .bool(let bool): return Array((bool ? "true" : "false").utf8)
        case .number(let text): return Array(text.utf8)
        case .string(let text): return JSONStream.JSONText.quoted(text)
        case .array(let elements):
            return [UInt8(ascii: "[")] + Array(elements.map(\.text).joined(separator: [UInt8(ascii: ",")]))
                + [UInt8(ascii: "]")]
        case .object(let members):
            let parts = members.map { JSONStream.JSONText.quoted($0.name) + [UInt8(ascii: ":")] + $0.value.text }
            return [UInt8(ascii: "{")] + Array(parts.joined(separator: [UInt8(ascii: ",")])) + [UInt8(ascii: "}")]
        }
    }

    /// As templates are made from.
    fileprivate var json: JSONTemplateValue {
        switch value {
        case .null: .null
        case .bool(let bool): .bool(bool)
        case .number(let text): .number(text)
        case .string(let text): .string(text)
        case .array(let elements): .array(elements.map(\.json))
        case .object(let members): .object(members.map { .init($0.name, $0.value.json) })
        }
    }

    /// Of the part that a JSON Pointer leads to; as far as it leads.
    fileprivate func location(at pointer: String) -> SourceLocation {
        var current = self
        for step in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let name = step.replacing("~1", with: "/").replacing("~0", with: "~")
            switch current.value {
            case .array(let elements):
                guard let index = Int(name), elements.indices.contains(index) else { return current.location }
                current = elements[index]
            case .object(let members):
                guard let member = members.first(where: { $0.name == name }) else { return current.location }
                current = member.value
            case .null, .bool, .number, .string: return current.location
            }
        }
        return current.location
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

extension JSONTemplate.Problem.Code {
    fileprivate var sentence: String {
        switch self {
        case .path(let error): "is no JSONPath: \(error.code) at character \(error.offset)"
        case .unknownInput(let name): "refers to \(name), which there is none of here"
        case .notAReference: "stands where a path must"
        case .duplicateName: "stands twice in one object"
        case .badNumber: "is no number in JSON"
        case .tooDeep: "lies deeper than 64 levels"
        }
    }

    fileprivate var fix: String? {
        switch self {
        case .path, .notAReference: "write a path such as $.user.id"
        case .unknownInput: "write $.… for the body, or $$ for a dollar sign"
        case .duplicateName: "remove one of them"
        case .badNumber: "write it as JSON does, as in 0.5"
        case .tooDeep: nil
        }
    }
}
