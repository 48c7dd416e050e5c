/// Transformations: in the list at the top by path, and on routes. Paths and templates are compiled by the engine; what
/// they are here is read, and kept with the place where it stands.
extension ConfigurationDecoder {
    mutating func decodeTransformations(_ id: NodeID) -> [TransformationConfiguration] {
        values(id).compactMap { decodeTransformation($0) }
    }

    /// nil for one whose path is wrong, which the checker has reported.
    mutating func decodeTransformation(_ id: NodeID) -> TransformationConfiguration? {
        guard isMapping(id) else { return nil }
        var transformation = TransformationConfiguration(location: location(id))
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .path:
                guard let path = try? PathPattern.parse(text(value)) else { return nil }
                transformation.path = path
            case .methods:
                let methods = values(value).map(text)
                transformation.methods = methods.contains("ANY") ? [] : methods
            case .request: transformation.request = decodeRequestTransformation(value)
            case .response: transformation.responses = values(value).map { decodeResponseTransformation($0) }
            default: break
            }
        }
        return transformation
    }

    private mutating func decodeRequestTransformation(_ id: NodeID) -> RequestTransformationConfiguration {
        var request = RequestTransformationConfiguration(location: location(id))
        request.body = decodeBodyEdits(id)
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .types: request.types = values(value).map { text($0).lowercased() }
            case .path: request.path = EditedText(text(value), location: location(value))
            case .headers: request.headers += decodeHeaderEdits(value, of: .request)
            case .query: request.query += decodeQueryEdits(value)
            default: break
            }
        }
        for (key, value) in entries(id) where document.key(key) == .parameters {
            decodeParameters(value, into: &request)
        }
        return request
    }

    private mutating func decodeResponseTransformation(_ id: NodeID) -> ResponseTransformationConfiguration {
        var response = ResponseTransformationConfiguration(location: location(id))
        response.body = decodeBodyEdits(id)
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .status: response.statuses = values(value).compactMap { try? StatusRange.parse(text($0)) }
            case .requireJson: assign(value, to: &response.requiresJSON)
            case .types: response.types = values(value).map { text($0).lowercased() }
            case .setStatus:
                response.newStatus = integer(value)
                checkNewStatus(value, integer(value))
            case .headers: response.headers += decodeHeaderEdits(value, of: .response)
            default: break
            }
        }
        for (key, value) in entries(id) where document.key(key) == .parameters {
            decodeParameters(value, into: &response)
        }
        return response
    }

    // MARK: Bodies

    private mutating func decodeBodyEdits(_ id: NodeID) -> BodyEditsConfiguration {
        var edits = BodyEditsConfiguration()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .removeFields: edits.fields += list(value) { .init(text($0), .remove, location: location($0)) }
            case .keepFields: edits.fields += list(value) { .init(text($0), .keep, location: location($0)) }
            case .renameFields: edits.fields += members(value) { .rename(text($0)) }
            case .setFields: edits.fields += members(value) { .set(template($0)) }
            case .defaultFields: edits.fields += members(value) { .setDefault(template($0)) }
            case .body: edits.template = template(value)
            default: break
            }
        }
        if edits.template != nil, !edits.fields.isEmpty {
            findings.error(
                at: location(id), "body: a template makes the whole body; fields are edited beside it",
                fix: "write the template without the edits, or the edits without the template")
        }
        return edits
    }

    private func list(_ id: NodeID, _ edit: (NodeID) -> FieldEdit) -> [FieldEdit] { values(id).map(edit) }

    private func members(_ id: NodeID, _ change: (NodeID) -> FieldEdit.Change) -> [FieldEdit] {
        entries(id).map { FieldEdit(text($0), change($1), location: location($0)) }
    }

    /// Any value; the document's own limit bounds the depth.
    func template(_ id: NodeID) -> TemplateValue {
        let value: TemplateValue.Value
        switch document.node(id).kind {
        case .sequence: value = .array(document.children(id).map(template))
        case .mapping: value = .object(document.entries(id).map { .init(text($0), template($1)) })
        case .plain, .quoted, .key, .alias:
            guard let scalar = document.scalar(id) else { return TemplateValue(.null, location: location(id)) }
            switch scalar.type {
            case .string: value = .string(scalar.text)
            case .null: value = .null
            case .boolean: value = .bool(CoreScalar.boolean(scalar.text) ?? false)
            // In another notation it is written as JSON would; a decimal number keeps its digits.
            case .integer
            where scalar.text.hasPrefix("0x") || scalar.text.hasPrefix("0o") || scalar.text.hasPrefix("+"):
                value = .number(CoreScalar.integer(scalar.text).map(String.init) ?? scalar.text)
            case .integer, .number: value = .number(scalar.text)
            }
        }
        return TemplateValue(value, location: location(id))
    }
}
