/// What the operations of an OpenAPI document ask of their requests and say of their responses.
///
/// 1. The base path: that of the first server's URL.
/// 2. Each path and method that is an operation; parameters of the path item are those of each of its operations, which
///    may override them.
/// 3. Errors of the document, all of them, each at its place. Schemas are looked into when they are compiled.
struct OpenAPIReader {
    struct Operation {
        var name: String
        var method: String
        var path: PathPattern
        var validation: ValidationConfiguration
        var location: SourceLocation
    }

    private(set) var document: OpenAPIDocument
    private let reporting: ValidationConfiguration.Reporting
    private let readsResponses: Bool
    private var names: [String: SourceLocation] = [:]

    private static let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    init(
        _ document: OpenAPIDocument, reporting: ValidationConfiguration.Reporting, readsResponses: Bool
    ) {
        self.document = document
        self.reporting = reporting
        self.readsResponses = readsResponses
    }

    /// - Parameter basePath: in place of the servers'.
    mutating func read(basePath: String?) -> [Operation] {
        let base = basePath ?? serverPath()
        guard let paths = document.root["paths"] else {
            // A document of components or webhooks alone is one in 3.1.
            if document.is30 { document.error(document.root.value, "the document has no paths", fix: "add paths: {}") }
            return []
        }
        guard paths.value.isObject else {
            document.error(paths.value, "paths must be a mapping of paths")
            return []
        }
        var operations: [Operation] = []
        for (path, item) in paths.members where !path.hasPrefix("x-") {
            operations += read(path, item, base: base)
        }
        return operations
    }

    /// Without a trailing slash.
    private mutating func serverPath() -> String {
        guard let server = document.root["servers"]?.elements.first, let url = server["url"] else { return "" }
        var text = url.value.string ?? ""
        for variable in server["variables"]?.members ?? [] {
            text = text.replacing("{\(variable.name)}", with: variable.value["default"]?.value.string ?? "")
        }
        if let scheme = text.firstRange(of: "://") {
            let authority = text[scheme.upperBound...]
            text = authority.firstIndex(of: "/").map { String(authority[$0...]) } ?? ""
        }
        while text.hasSuffix("/") { text.removeLast() }
        if !text.isEmpty, !text.hasPrefix("/") { text = "/" + text }
        if text.contains("?") || text.contains("#") || text.contains("{") {
            document.error(url.value, "servers: the path of \(quote(url.value.string ?? "")) cannot be used", fix: nil)
            return ""
        }
        return text
    }

    private mutating func read(
        _ path: String, _ item: OpenAPIDocument.Located, base: String
    ) -> [Operation] {
        guard path.hasPrefix("/") else {
            document.error(item.value, "the path \(quote(path)) does not begin with /", fix: "write /\(path)")
            return []
        }
        let pattern: PathPattern
        do {
            pattern = try PathPattern.parse(base + path)
        } catch {
            document.error(item.value, "the path \(quote(base + path)) \(error.reason)", fix: error.fix)
            return []
        }
        guard let item = document.resolve(item) else { return [] }
        let shared = parameters(item)
        var operations: [Operation] = []
        for method in Self.methods {
            guard let operation = item[method] else { continue }
            guard operation.value.isObject else {
                document.error(operation.value, "\(method) must be a mapping")
                continue
            }
            operations.append(read(operation, method.uppercased(), path, pattern, shared))
        }
        return operations
    }

    private mutating func read(
        _ operation: OpenAPIDocument.Located, _ method: String, _ path: String, _ pattern: PathPattern,
        _ shared: [ParameterConfiguration]
    ) -> Operation {
        let name = operation["operationId"]?.value.string ?? "\(method) \(path)"
        if let first = names.updateValue(operation.value.location, forKey: name) {
            document.error(
                operation["operationId"]?.value ?? operation.value,
                "two operations have the operationId \(quote(name)); first at \(first)", fix: "name one otherwise")
        }
        var validation = ValidationConfiguration(location: operation.value.location)
        validation.source = .operation(name)
        validation.path = pattern
        validation.methods = [method]
        validation.reporting = reporting
        let own = parameters(operation)
        validation.parameters =
            shared.filter { one in !own.contains { $0.name == one.name && $0.place == one.place } } + own
        checkPathParameters(validation.parameters, PathMatch.pattern(pattern).parameterNames, operation)
        if let body = operation["requestBody"], let body = document.resolve(body) { validation.body = bodyRules(body) }
        let responses = responseRules(operation)
        if readsResponses { validation.responses = responses }
        return Operation(
            name: name, method: method, path: pattern, validation: validation, location: operation.value.location)
    }

    // MARK: Parameters

    private mutating func checkPathParameters(
        _ parameters: [ParameterConfiguration], _ names: [String], _ operation: OpenAPIDocument.Located
    ) {
        for name in names where !parameters.contains(where: { $0.place == .path && $0.name == name }) {
            document.error(
                operation.value, "the path has {\(name)}, and no parameter describes it",
                fix: "add { name: \(name), in: path, required: true, schema: … }")
        }
        for parameter in parameters where parameter.place == .path && !names.contains(parameter.name) {
            document.findings.error(
                at: parameter.location, "the parameter \(quote(parameter.name)) is not in the path",
                fix: "write {\(parameter.name)} into the path, or remove the parameter")
        }
    }

    private mutating func parameters(_ owner: OpenAPIDocument.Located) -> [ParameterConfiguration] {
        guard let list = owner["parameters"] else { return [] }
        var parameters: [ParameterConfiguration] = []
        for element in list.elements {
            guard let located = document.resolve(element), let parameter = parameter(located) else { continue }
            // What the gateway and HTTP itself deal with (OpenAPI 3.1 §4.8.12.2).
            let isIgnored = ["accept", "content-type", "authorization"].contains(parameter.name.lowercased())
            if parameter.place == .header, isIgnored { continue }
            if parameters.contains(where: { $0.name == parameter.name && $0.place == parameter.place }) {
                document.error(element.value, "the parameter \(quote(parameter.name)) stands here twice", fix: nil)
            }
            parameters.append(parameter)
        }
        return parameters
    }

    private mutating func parameter(_ located: OpenAPIDocument.Located) -> ParameterConfiguration? {
        guard let name = located["name"]?.value.string, !name.isEmpty else {
            document.error(located.value, "a parameter has no name")
            return nil
        }
        guard let text = located["in"]?.value.string, let place = ParameterConfiguration.Place(rawValue: text) else {
            document.error(
                located["in"]?.value ?? located.value, "the parameter \(quote(name)) does not say where it stands",
                fix: "write in: path, query, header or cookie")
            return nil
        }
        var parameter = ParameterConfiguration(name: name, place: place, location: located.value.location)
        let isRequired = located["required"]?.value.bool == true
        if place == .path, !isRequired {
            document.error(
                located.value, "the parameter \(quote(name)) is in the path and not required", fix: "add required: true"
            )
        }
        parameter.isRequired = isRequired
        if let style = located["style"] {
            guard let known = style.value.string.flatMap(ParameterConfiguration.Style.init), known.fits(place) else {
                document.error(style.value, "the parameter \(quote(name)) has a style that it cannot have", fix: nil)
                return nil
            }
            parameter.style = known
            parameter.explode = known == .form
        }
        if let explode = located["explode"]?.value.bool { parameter.explode = explode }
        if let schema = located["schema"] {
            parameter.schema = schema.reference
        } else if let content = located["content"]?.members.first {
            let isJSON = content.name.lowercased().hasPrefix("application/json") || content.name.hasSuffix("+json")
            parameter.isJSON = isJSON
            parameter.schema = isJSON ? content.value["schema"]?.reference : nil
        } else {
            document.error(
                located.value, "the parameter \(quote(name)) has neither schema nor content", fix: "add schema: {}")
        }
        return parameter
    }

    // MARK: Bodies

    private mutating func bodyRules(_ body: OpenAPIDocument.Located) -> ValidationConfiguration.BodyRules {
        var rules = ValidationConfiguration.BodyRules(location: body.value.location)
        rules.isRequired = body["required"]?.value.bool == true
        guard let content = body["content"], content.value.isObject, !content.members.isEmpty else {
            document.error(body.value, "requestBody has no content", fix: "add content: { application/json: {} }")
            return rules
        }
        rules.content = contentRules(content)
        return rules
    }

    private mutating func contentRules(
        _ content: OpenAPIDocument.Located
    ) -> [ValidationConfiguration.ContentRule] {
        content.members.compactMap { name, media in
            let type = String(name.prefix { $0 != ";" }).lowercased().filter { $0 != " " }
            guard MediaTypePattern.isValid(type) else {
                document.error(media.value, "\(quote(name)) is no media type", fix: "write one as in application/json")
                return nil
            }
            return .init(mediaType: type, schema: media["schema"]?.reference)
        }
    }

    private mutating func responseRules(
        _ operation: OpenAPIDocument.Located
    ) -> [ValidationConfiguration.ResponseRules] {
        guard let responses = operation["responses"] else {
            if document.is30 {
                document.error(operation.value, "the operation has no responses", fix: "add responses: { default: … }")
            }
            return []
        }
        var rules: [ValidationConfiguration.ResponseRules] = []
        for (status, response) in responses.members where !status.hasPrefix("x-") {
            guard let located = document.resolve(response) else { continue }
            var rule = ValidationConfiguration.ResponseRules(location: located.value.location)
            if status != "default" {
                guard let range = try? StatusRange.parse(status.lowercased()) else {
                    document.error(
                        response.value, "\(quote(status)) is no status", fix: "write one as in 200 or 4XX, or default")
                    continue
                }
                rule.statuses = [range]
            }
            if let content = located["content"] { rule.content = contentRules(content) }
            rules.append(rule)
        }
        // The narrowest first: 404 before 4XX before default.
        return rules.sorted { width($0) < width($1) }
    }

    private func width(_ rule: ValidationConfiguration.ResponseRules) -> Int {
        rule.statuses.first.map { $0.last - $0.first } ?? Int.max
    }
}
