internal import GatewayConfiguration
internal import JSONStream

extension TemplateValue {
    /// As JSON text.
    var text: [UInt8] {
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
    var json: JSONTemplateValue {
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
    func location(at pointer: String) -> SourceLocation {
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

extension JSONTemplate.Problem.Code {
    var sentence: String {
        switch self {
        case .path(let error): "is no JSONPath: \(error.code) at character \(error.offset)"
        case .unknownInput(let name): "refers to \(name), which there is none of here"
        case .notAReference: "stands where a path must"
        case .duplicateName: "stands twice in one object"
        case .badNumber: "is no number in JSON"
        case .tooDeep: "lies deeper than 64 levels"
        }
    }

    var fix: String? {
        switch self {
        case .path, .notAReference: "write a path such as $.user.id"
        case .unknownInput: "write $.… for the body, or $$ for a dollar sign"
        case .duplicateName: "remove one of them"
        case .badNumber: "write it as JSON does, as in 0.5"
        case .tooDeep: nil
        }
    }
}
