/// A template as a configuration has it: the values of JSON, not yet looked into.
package indirect enum JSONTemplateValue: Sendable, Hashable {
    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONTemplateValue

        package init(_ name: String, _ value: JSONTemplateValue) {
            self.name = name
            self.value = value
        }
    }

    case null
    case bool(Bool)
    /// As it is written.
    case number(String)
    case string(String)
    case array([JSONTemplateValue])
    case object([Member])

    /// The value of a document.
    package init(_ node: JSONNode) {
        switch node.kind {
        case .objectStart: self = .object(node.members.map { Member($0.name, JSONTemplateValue($0.value)) })
        case .arrayStart: self = .array(node.elements.map { JSONTemplateValue($0) })
        case .string: self = .string(node.string ?? "")
        case .number: self = .number(String(decoding: node.text, as: UTF8.self))
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        default: self = .null
        }
    }
}
