package import GatewayConfiguration
internal import JSONSchema
internal import JSONStream

/// Compiles what is asked of requests and responses, and gathers what is wrong with it, each problem at its place in its
/// file.
///
/// All schemas of a configuration become one program (two, if some rules take `format` for a rule and others do not), so
/// that a schema that many operations refer to is compiled once.
struct ValidationCompiler {
    private let limit: Int
    private let configurations: [SchemaDocumentConfiguration]
    private let documents: [JSONDocument?]
    private var sets: [Bool: SchemaSet] = [:]
    private var diagnostics: [Diagnostic] = []
    private var own: [Pending] = []
    private var places: [Own: Int32] = [:]

    private struct SchemaSet {
        var compiler: SchemaCompiler
        /// By the configuration's number of a document.
        var documents: [Int]
    }

    private struct Own: Hashable {
        var configuration: ValidationConfiguration
        var path: PathMatch
    }

    /// A rule whose program is not finished.
    private struct Pending {
        var configuration: ValidationConfiguration
        var parameters: [CompiledValidation.Parameter]
        var body: CompiledValidation.Body?
        var responses: [CompiledValidation.Response]
    }

    /// - Parameter limit: `limits.buffered_body`.
    init(_ configurations: [SchemaDocumentConfiguration], limit: Int) {
        self.limit = limit
        self.configurations = configurations
        var diagnostics: [Diagnostic] = []
        documents = configurations.map { document in
            do throws(JSONError) {
                return try JSONDocument(document.value.jsonText, limits: JSONLimits(depth: JSONLimits.deepest))
            } catch {
                diagnostics.append(
                    Diagnostic(
                        .error, at: document.value.location, "the schema cannot be written as JSON (\(error.code))"))
                return nil
            }
        }
        self.diagnostics = diagnostics
    }

    /// Takes a route's own; -1: it has none. Routes that say the same share one.
    mutating func add(_ route: RouteConfiguration) -> Int32 {
        guard let configuration = route.validation else { return -1 }
        let key = Own(configuration: configuration, path: route.path)
        if let place = places[key] { return place }
        let place = Int32(truncatingIfNeeded: own.count)
        places[key] = place
        own.append(compile(configuration, route.path))
        return place
    }

    mutating func finish(_ byPath: [ValidationConfiguration]) throws(RouteTableError) -> ValidationTable {
        let pending = byPath.map { rule in
            compile(rule, rule.path.map(PathMatch.pattern) ?? .regex(""))
        }
        var programs: [Bool: SchemaProgram] = [:]
        for assertsFormats in [false, true] {
            guard var set = sets[assertsFormats] else { continue }
            do {
                programs[assertsFormats] = try set.compiler.finish()
            } catch {
                for problem in error.all { diagnostics.append(diagnostic(problem)) }
            }
        }
        let rules = byPath.compactMap { rule in
            rule.path.map { PathRules.Rule(pattern: $0, methods: rule.methods, location: rule.location) }
        }
        do {
            let rules = try PathRules(rules)
            if diagnostics.isEmpty {
                return ValidationTable(
                    own: own.compactMap { bind($0, programs) }, byPath: pending.compactMap { bind($0, programs) },
                    rules: rules)
            }
        } catch {
            diagnostics += error.diagnostics
        }
        throw RouteTableError(diagnostics: Array(Set(diagnostics)))
    }

    private func bind(_ pending: Pending, _ programs: [Bool: SchemaProgram]) -> CompiledValidation? {
        // Every rule has its set, made when it was compiled.
        guard let program = programs[pending.configuration.reporting.assertsFormats] else { return nil }
        return CompiledValidation(
            pending.configuration, program, parameters: pending.parameters, body: pending.body,
            responses: pending.responses, limit: limit)
    }

    // MARK: Rules

    private mutating func compile(_ configuration: ValidationConfiguration, _ path: PathMatch) -> Pending {
        let formats = configuration.reporting.assertsFormats
        makeSet(formats)
        let segments = Self.segments(of: path)
        let parameters = configuration.parameters.map { parameter in
            let segment = segments[parameter.name]
            return CompiledValidation.Parameter(
                configuration: parameter, name: Array(parameter.name.utf8),
                lowercaseName: Array(parameter.name.lowercased().utf8), segment: segment?.place ?? -1,
                isRest: segment?.isRest ?? false, schema: schema(parameter.schema, formats, .request))
        }
        let body = configuration.body.map { body in
            CompiledValidation.Body(isRequired: body.isRequired, content: content(body.content, formats, .request))
        }
        let responses = configuration.responses.map { response in
            CompiledValidation.Response(
                statuses: response.statuses, content: content(response.content, formats, .response))
        }
        return Pending(configuration: configuration, parameters: parameters, body: body, responses: responses)
    }

    private static func segments(of path: PathMatch) -> [String: (place: Int, isRest: Bool)] {
        guard case .pattern(let pattern) = path else { return [:] }
        var segments: [String: (place: Int, isRest: Bool)] = [:]
        for (place, segment) in pattern.segments.enumerated() {
            switch segment {
            case .parameter(let name?): segments[name] = (place, false)
            case .oneOrMore(let name?): segments[name] = (place, true)
            case .literal, .parameter(nil), .oneOrMore(nil), .noneOrMore: break
            }
        }
        return segments
    }

    private mutating func content(
        _ rules: [ValidationConfiguration.ContentRule], _ formats: Bool, _ use: SchemaUse
    ) -> [CompiledValidation.Content] {
        rules.map { rule in
            let type = MediaTypeRule(rule.mediaType)
            return CompiledValidation.Content(
                type: type, schema: type.isJSON ? schema(rule.schema, formats, use) : nil)
        }
    }

    // MARK: Schemas

    private mutating func makeSet(_ assertsFormats: Bool) {
        guard sets[assertsFormats] == nil else { return }
        var set = SchemaSet(compiler: SchemaCompiler(assertsFormats: assertsFormats), documents: [])
        for (configuration, document) in zip(configurations, documents) {
            let dialect: SchemaDialect = configuration.dialect == .openAPI30 ? .openAPI30 : .draft2020
            guard let document else {
                set.documents.append(-1)
                continue
            }
            set.documents.append(
                set.compiler.add(
                    document, uri: configuration.uri, dialect: dialect, isSchema: configuration.isSchema))
            // Names given within schemas can be referred to from anywhere in the document.
            guard let named = document.root.member("components")?.member("schemas") else { continue }
            for member in named.members {
                set.compiler.read(member.value, in: set.documents[set.documents.count - 1])
            }
        }
        sets[assertsFormats] = set
    }

    private mutating func schema(_ reference: SchemaReference?, _ formats: Bool, _ use: SchemaUse) -> SchemaID? {
        guard let reference, let document = documents[reference.document],
            let pointer = try? JSONPointer(reference.pointer), let node = document.node(at: pointer),
            let number = sets[formats]?.documents[reference.document]
        else { return nil }
        let is30 = configurations[reference.document].dialect == .openAPI30
        return sets[formats]?.compiler.compile(node, in: number, use: is30 ? use : .any)
    }

    private func diagnostic(_ problem: SchemaProblem) -> Diagnostic {
        let document = configurations.first { $0.uri == problem.uri }
        let location = document?.value.place(at: problem.pointer) ?? .none
        return Diagnostic(.error, at: location, problem.message, fix: problem.fix)
    }
}

/// What only compiling can find in schemas, for who does not compile the whole.
package enum ValidationCheck {
    package static func problems(in configuration: GatewayConfiguration) -> [Diagnostic] {
        var compiler = ValidationCompiler(
            configuration.schemaDocuments, limit: configuration.limits.bufferedBody)
        for route in configuration.routes { _ = compiler.add(route) }
        do {
            _ = try compiler.finish(configuration.validations)
            return []
        } catch {
            return error.diagnostics
        }
    }
}

extension TemplateValue {
    /// As JSON, from whichever notation it came.
    fileprivate var jsonText: [UInt8] {
        var output: [UInt8] = []
        write(into: &output)
        return output
    }

    private func write(into output: inout [UInt8]) {
        switch value {
        case .null: output += Array("null".utf8)
        case .bool(let bool): output += Array((bool ? "true" : "false").utf8)
        case .number(let text): output += Self.number(text)
        case .string(let text): JSONStream.JSONText.appendQuoted(text, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (place, element) in elements.enumerated() {
                if place > 0 { output.append(UInt8(ascii: ",")) }
                element.write(into: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (place, member) in members.enumerated() {
                if place > 0 { output.append(UInt8(ascii: ",")) }
                JSONStream.JSONText.appendQuoted(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(into: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// YAML writes some numbers as JSON does not: `.5`, `+1`. What JSON has no number for stays a text.
    private static func number(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        if let document = try? JSONDocument(bytes), document.root.kind == .number { return bytes }
        if let value = Double(text), value.isFinite {
            var output: [UInt8] = []
            JSONStream.JSONText.append(value, to: &output)
            return output
        }
        return JSONStream.JSONText.quoted(text)
    }
}
