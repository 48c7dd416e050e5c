/// A JSON text as plain values, read by the reader of configurations: for small files that the gateway writes itself.
package indirect enum PlainJSON: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int)
    /// Anything but a whole number is kept as it is written.
    case number(String)
    case text(String)
    case list([PlainJSON])
    case object([String: PlainJSON])

    package struct Failure: Error, Hashable {
        package var line: Int
        package var column: Int
        package var message: String
    }

    package static func parse(_ bytes: [UInt8]) throws(Failure) -> PlainJSON {
        var builder = DocumentBuilder(document: Document(), file: "", sizeHint: bytes.count)
        do throws(ReadFailure) {
            try JSONReader.read(bytes, into: &builder)
        } catch {
            throw Failure(line: error.line, column: error.column, message: error.message)
        }
        if let twice = builder.duplicates.first {
            throw Failure(line: twice.location.line, column: twice.location.column, message: twice.message)
        }
        guard let root = builder.root else { throw Failure(line: 1, column: 1, message: "the text is empty") }
        return builder.document.value(root)
    }

    /// A member of an object; nil where there is none, or no object.
    package subscript(name: String) -> PlainJSON? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// As JSON on one line, members sorted by name.
    var written: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let number): "\(number)"
        case .number(let text): text
        case .text(let text): JSONText.quote(text)
        case .list(let values): "[\(values.map(\.written).joined(separator: ","))]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(JSONText.quote($0.key)):\($0.value.written)" }
                .joined(separator: ",") + "}"
        }
    }

    package var text: String? { if case .text(let text) = self { text } else { nil } }
    package var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    package var list: [PlainJSON]? { if case .list(let values) = self { values } else { nil } }
}

extension Document {
    /// The builder bounds the depth.
    func value(_ id: NodeID) -> PlainJSON {
        switch node(id).kind {
        case .sequence: return .list(children(id).map(value))
        case .mapping:
            var members: [String: PlainJSON] = [:]
            for (key, child) in entries(id) { members[text(key)] = value(child) }
            return .object(members)
        case .plain, .quoted, .key, .alias:
            guard let scalar = scalar(id) else { return .null }
            switch scalar.type {
            case .string: return .text(scalar.text)
            case .null: return .null
            case .boolean: return .boolean(scalar.text == "true")
            case .integer: return CoreScalar.integer(scalar.text).map { .integer($0) } ?? .number(scalar.text)
            case .number: return .number(scalar.text)
            }
        }
    }
}
