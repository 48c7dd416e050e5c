/// A document as a tree, by a reader of its own: what the tests compare the streaming code with. Right documents only.
indirect enum Tree {
    case object([(text: String, name: String, value: Tree)])
    case array([Tree])
    case scalar(String)

    init(_ document: [UInt8]) {
        var reader = Reader(bytes: minified(document))
        self = reader.value()
    }

    var isContainer: Bool { if case .scalar = self { false } else { true } }

    var text: String {
        switch self {
        case .scalar(let text): text
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\($0.text):\($0.value.text)" }.joined(separator: ",") + "}"
        }
    }

    /// The same whatever the order of members.
    var sorted: String {
        switch self {
        case .scalar(let text): text
        case .array(let elements): "[" + elements.map(\.sorted).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\($0.text):\($0.value.sorted)" }.sorted().joined(separator: ",") + "}"
        }
    }

    private struct Reader {
        var bytes: [UInt8]
        var at = 0

        mutating func value() -> Tree {
            switch bytes[at] {
            case UInt8(ascii: "{"):
                var members: [(text: String, name: String, value: Tree)] = []
                at += 1
                while bytes[at] != UInt8(ascii: "}") {
                    if bytes[at] == UInt8(ascii: ",") { at += 1 }
                    let text = scalar()
                    at += 1
                    members.append((text, Self.meaning(text), value()))
                }
                at += 1
                return .object(members)
            case UInt8(ascii: "["):
                var elements: [Tree] = []
                at += 1
                while bytes[at] != UInt8(ascii: "]") {
                    if bytes[at] == UInt8(ascii: ",") { at += 1 }
                    elements.append(value())
                }
                at += 1
                return .array(elements)
            default: return .scalar(scalar())
            }
        }

        private mutating func scalar() -> String {
            let start = at
            if bytes[at] == 0x22 {
                at += 1
                while bytes[at] != 0x22 { at += bytes[at] == 0x5C ? 2 : 1 }
                at += 1
            } else {
                while at < bytes.count, ![0x2C, 0x5D, 0x7D].contains(bytes[at]) { at += 1 }
            }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }

        /// Of the escapes, only `\u00XX` stands in names that the tests make.
        static func meaning(_ text: String) -> String {
            var result = ""
            var rest = text.dropFirst().dropLast()
            while let character = rest.first {
                if character == "\\" {
                    result.unicodeScalars.append(Unicode.Scalar(UInt8(rest.dropFirst(4).prefix(2), radix: 16) ?? 0))
                    rest = rest.dropFirst(6)
                } else {
                    result.append(character)
                    rest = rest.dropFirst()
                }
            }
            return result
        }
    }
}
