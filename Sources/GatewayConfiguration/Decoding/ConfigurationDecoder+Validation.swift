/// `validate`, on routes and by path.
extension ConfigurationDecoder {
    mutating func decodeValidations(_ id: NodeID) -> [ValidationConfiguration] {
        values(id).compactMap { node in
            var pattern: PathPattern?
            var methods: [String] = []
            for (key, value) in entries(node) {
                switch document.key(key) {
                // One that is wrong was reported by the checker.
                case .path: pattern = try? PathPattern.parse(text(value))
                case .methods: methods = values(value).map(text)
                default: break
                }
            }
            guard let pattern else { return nil }
            var validation = decodeValidation(node, of: .pattern(pattern))
            validation.path = pattern
            validation.methods = methods.contains("ANY") ? [] : methods
            return validation
        }
    }

    mutating func decodeValidation(_ id: NodeID, of path: PathMatch) -> ValidationConfiguration {
        var validation = ValidationConfiguration(location: location(id))
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .parameters:
                validation.parameters = values(value).compactMap { decodeParameter($0, of: path) }
            case .body: validation.body = decodeBodyRules(value)
            case .response: validation.responses = values(value).map { decodeResponseRules($0) }
            default: decodeReporting(key, value, into: &validation.reporting)
            }
        }
        return validation
    }

    func decodeReporting(_ key: NodeID, _ value: NodeID, into reporting: inout ValidationConfiguration.Reporting) {
        switch document.key(key) {
        case .reportOnly: assign(value, to: &reporting.isReportOnly)
        case .errors: reporting.tellsAll = text(value) != "first"
        case .formats: reporting.assertsFormats = text(value) == "assertion"
        case .undocumented: assign(value, to: &reporting.findsUndocumented)
        default: break
        }
    }

    private mutating func decodeParameter(_ id: NodeID, of path: PathMatch) -> ParameterConfiguration? {
        var nodes: [Key: NodeID] = [:]
        for (key, value) in entries(id) { if let key = document.key(key) { nodes[key] = value } }
        guard let name = nodes[.name].map(text),
            let place: ParameterConfiguration.Place = nodes[.in].flatMap({ word($0) })
        else { return nil }
        var parameter = ParameterConfiguration(name: name, place: place, location: location(id))
        if let node = nodes[.style], let style = ParameterConfiguration.Style(rawValue: text(node)) {
            parameter.style = style
            parameter.explode = style == .form
            if !style.fits(place) {
                report(
                    Problem("is no style of a parameter in the \(place.rawValue)", fix: "leave it out"), at: node,
                    name: "style")
            }
        }
        if let node = nodes[.explode] { assign(node, to: &parameter.explode) }
        if let node = nodes[.required], place != .path { assign(node, to: &parameter.isRequired) }
        if let node = nodes[.schema] { parameter.schema = decodeSchema(node) }
        if place == .path, !path.parameterNames.contains(name) {
            let known = path.parameterNames.map { "{\($0)}" }.joined(separator: ", ")
            findings.error(
                at: location(id), "parameters: the path has no {\(name)}",
                fix: known.isEmpty ? "write it into the path" : "name one of \(known)")
        }
        return parameter
    }

    private mutating func decodeBodyRules(_ id: NodeID) -> ValidationConfiguration.BodyRules {
        var rules = ValidationConfiguration.BodyRules(location: location(id))
        let (content, nodes) = decodeContent(id)
        rules.content = content
        if let node = nodes[.required] { assign(node, to: &rules.isRequired) }
        return rules
    }

    private mutating func decodeResponseRules(_ id: NodeID) -> ValidationConfiguration.ResponseRules {
        var rules = ValidationConfiguration.ResponseRules(location: location(id))
        let (content, nodes) = decodeContent(id)
        rules.content = content
        if let node = nodes[.status] {
            rules.statuses = values(node).compactMap { try? StatusRange.parse(text($0)) }
        }
        return rules
    }

    /// `schema` and `types`, and all values by their keys.
    private mutating func decodeContent(
        _ id: NodeID
    ) -> ([ValidationConfiguration.ContentRule], [Key: NodeID]) {
        var nodes: [Key: NodeID] = [:]
        for (key, value) in entries(id) { if let key = document.key(key) { nodes[key] = value } }
        let schema = nodes[.schema].flatMap { decodeSchema($0) }
        var types = ["application/json", "application/*+json"]
        if let node = nodes[.types] {
            types = values(node).map { text($0) == "*" ? "*/*" : text($0).lowercased() }
            for (type, value) in zip(types, values(node)) where !MediaTypePattern.isValid(type) {
                report(
                    Problem("is no media type", fix: "write one as in application/json or image/*"), at: value,
                    name: "types")
            }
        }
        return (types.map { .init(mediaType: $0, schema: schema) }, nodes)
    }

    /// A schema, or the name of a file with one.
    private mutating func decodeSchema(_ id: NodeID) -> SchemaReference? {
        let value = template(id)
        guard let file = value.string else { return schemas.add(value, &findings) }
        let place = schemas.read(
            file, namedAt: location(id), isSchema: true, dialect: { _ in .draft2020 }, &findings)
        return place.map { SchemaReference(document: $0, pointer: "") }
    }
}

/// Media types with wildcards.
enum MediaTypePattern {
    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ";") }
        }
    }
}

extension PathMatch {
    /// Of a regular expression none is known here.
    var parameterNames: [String] {
        guard case .pattern(let pattern) = self else { return [] }
        return pattern.segments.compactMap { segment in
            switch segment {
            case .parameter(let name), .oneOrMore(let name): name
            case .literal, .noneOrMore: nil
            }
        }
    }
}
