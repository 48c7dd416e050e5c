/// A JSON value that is written with its members in the order given: deterministic output without a library.
indirect enum JSONText {
    case string(String)
    case number(Int)
    case decimal(Double)
    case boolean(Bool)
    case array([JSONText])
    case object([(String, JSONText)])

    /// Indented by two spaces; short arrays of scalars on one line.
    func write(indent: Int = 0) -> String {
        let inner = String(repeating: " ", count: indent + 2)
        let outer = String(repeating: " ", count: indent)
        switch self {
        case .string(let text): return JSONText.quote(text)
        case .number(let number): return "\(number)"
        case .decimal(let number): return "\(number)"
        case .boolean(let value): return value ? "true" : "false"
        case .array(let elements):
            if elements.allSatisfy(\.isScalar) { return "[\(elements.map { $0.write() }.joined(separator: ", "))]" }
            return "[\n\(elements.map { inner + $0.write(indent: indent + 2) }.joined(separator: ",\n"))\n\(outer)]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map { "\(inner)\(JSONText.quote($0)): \($1.write(indent: indent + 2))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        }
    }

    private var isScalar: Bool {
        switch self {
        case .string, .number, .decimal, .boolean: true
        case .array, .object: false
        }
    }

    /// RFC 8259 §7: only what must be escaped.
    static func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20:
                result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
