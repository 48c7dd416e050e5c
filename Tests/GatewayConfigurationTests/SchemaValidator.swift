import Foundation

@testable import GatewayConfiguration

/// Just enough of JSON Schema for the keywords that the writer uses, over the document's own nodes: so YAML files can be
/// held against the schema as an editor would.
struct SchemaValidator {
    private let schema: [String: Any]
    private let definitions: [String: Any]

    init(_ text: String) throws {
        schema = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        definitions = schema["$defs"] as? [String: Any] ?? [:]
    }

    /// nil where the text cannot be read at all.
    func problems(in text: String, isJSON: Bool) -> [String]? {
        var builder = DocumentBuilder(document: Document(), file: "-", sizeHint: text.utf8.count)
        do {
            if isJSON {
                try JSONReader.read(Array(text.utf8), into: &builder)
            } else {
                try YAMLReader.read(Array(text.utf8), into: &builder)
            }
        } catch {
            return nil
        }
        guard let root = builder.root, builder.document.node(root).kind == .mapping else { return [] }
        return check(root, schema, builder.document)
    }

    private func check(_ id: NodeID, _ schema: [String: Any], _ document: Document) -> [String] {
        var problems: [String] = []
        func fail(_ what: String) { problems.append("\(document.location(id)): \(what)") }
        func list(_ key: String) -> [[String: Any]] { schema[key] as? [[String: Any]] ?? [] }

        if let reference = schema["$ref"] as? String, let name = reference.split(separator: "/").last {
            problems += check(id, definitions[String(name)] as? [String: Any] ?? [:], document)
        }
        let kind = document.node(id).kind
        let scalar = document.scalar(id)
        let types = schema["type"] as? [String] ?? (schema["type"] as? String).map { [$0] } ?? []
        if !types.isEmpty, !types.contains(where: { fits($0, kind, scalar) }) { fail("is not \(types)") }
        if !list("anyOf").isEmpty, !list("anyOf").contains(where: { check(id, $0, document).isEmpty }) { fail("anyOf") }
        if !list("oneOf").isEmpty, list("oneOf").count(where: { check(id, $0, document).isEmpty }) != 1 {
            fail("oneOf")
        }
        for part in list("allOf") { problems += check(id, part, document) }
        if let not = schema["not"] as? [String: Any], check(id, not, document).isEmpty { fail("not") }
        if let words = schema["enum"] as? [String], scalar?.type != .string || !words.contains(scalar?.text ?? "") {
            fail("enum")
        }
        if let scalar {
            let isNumber = scalar.type == .integer || scalar.type == .number
            if isNumber, let number = Double(scalar.text) {
                if let minimum = schema["minimum"] as? Double, number < minimum { fail("minimum") }
                if let maximum = schema["maximum"] as? Double, number > maximum { fail("maximum") }
            }
            if scalar.type == .string, let pattern = schema["pattern"] as? String,
                scalar.text.range(of: pattern, options: .regularExpression) == nil
            {
                fail("pattern \(pattern)")
            }
        }
        if kind == .sequence, let items = schema["items"] as? [String: Any] {
            for child in document.children(id) { problems += check(child, items, document) }
        }
        if kind == .mapping {
            let properties = schema["properties"] as? [String: Any] ?? [:]
            var present: Set<String> = []
            for (key, value) in document.entries(id) {
                let name = document.text(key)
                present.insert(name)
                if let property = properties[name] as? [String: Any] {
                    problems += check(value, property, document)
                } else if let others = schema["additionalProperties"] as? [String: Any] {
                    problems += check(value, others, document)
                } else if schema["additionalProperties"] as? Bool == false {
                    fail("has the key \(name)")
                }
            }
            for name in schema["required"] as? [String] ?? [] where !present.contains(name) { fail("lacks \(name)") }
        }
        return problems
    }

    private func fits(_ type: String, _ kind: Node.Kind, _ scalar: CoreScalar?) -> Bool {
        switch type {
        case "object": kind == .mapping
        case "array": kind == .sequence
        case "number": scalar?.type == .number || scalar?.type == .integer
        default: scalar?.type.rawValue == type
        }
    }
}
