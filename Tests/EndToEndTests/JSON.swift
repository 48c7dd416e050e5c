import GatehouseTesting

/// A small strict reader of JSON (RFC 8259), so that no line that a lenient one would forgive is taken for JSON.
enum JSON: Equatable {
    case null
    case bool(Bool)
    /// As written.
    case number(String)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    static func == (one: JSON, other: JSON) -> Bool { one.description == other.description }

    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let text): text
        case .string(let text): "\"\(text)\""
        case .array(let items): "[" + items.map(\.description).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\($0.key):\($0.value.description)" }.joined(separator: ",") + "}"
        }
    }

    subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    var keys: [String] {
        guard case .object(let members) = self else { return [] }
        return members.map(\.key)
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }

    var number: Double? { if case .number(let text) = self { Double(text) } else { nil } }

    /// - Throws: `KitFailure` that says where it is not JSON.
    init(_ text: String) throws {
        var reader = Reader(bytes: Array(text.utf8))
        self = try reader.value()
        reader.skipBlanks()
        guard reader.position == reader.bytes.count else { throw reader.failure("something behind the value") }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        func failure(_ what: String) -> KitFailure {
            KitFailure(.violation, "\(what) at byte \(position) of \(String(decoding: bytes, as: UTF8.self))")
        }

        var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

        mutating func skipBlanks() {
            while [0x20, 0x09, 0x0A, 0x0D].contains(next) { position += 1 }
        }

        mutating func take(_ text: String) -> Bool {
            guard bytes[position...].starts(with: Array(text.utf8)) else { return false }
            position += text.utf8.count
            return true
        }

        mutating func value() throws -> JSON {
            skipBlanks()
            switch next {
            case UInt8(ascii: "{"): return try object()
            case UInt8(ascii: "["): return try array()
            case UInt8(ascii: "\""): return .string(try string())
            default:
                if take("null") { return .null }
                if take("true") { return .bool(true) }
                if take("false") { return .bool(false) }
                return try number()
            }
        }

        mutating func number() throws -> JSON {
            let start = position
            if next == UInt8(ascii: "-") { position += 1 }
            guard (0x30...0x39).contains(next) else { throw failure("no value") }
            if next == 0x30 { position += 1 } else { skipDigits() }
            if next == UInt8(ascii: ".") {
                position += 1
                guard (0x30...0x39).contains(next) else { throw failure("no digit behind the point") }
                skipDigits()
            }
            if next | 0x20 == UInt8(ascii: "e") {
                position += 1
                if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
                guard (0x30...0x39).contains(next) else { throw failure("no exponent") }
                skipDigits()
            }
            return .number(String(decoding: bytes[start..<position], as: UTF8.self))
        }

        mutating func skipDigits() {
            while (0x30...0x39).contains(next) { position += 1 }
        }

        mutating func string() throws -> String {
            position += 1
            var text: [UInt8] = []
            while position < bytes.count {
                let byte = next
                position += 1
                switch byte {
                case UInt8(ascii: "\""):
                    guard let valid = String(validating: text, as: UTF8.self) else { throw failure("invalid UTF-8") }
                    return valid
                case 0..<0x20: throw failure("a control byte in a string")
                case UInt8(ascii: "\\"): text += try escape()
                default: text.append(byte)
                }
            }
            throw failure("a string without end")
        }

        mutating func escape() throws -> [UInt8] {
            let byte = next
            position += 1
            let simple: [UInt8: UInt8] = [
                0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9,
            ]
            if let plain = simple[byte] { return [plain] }
            guard byte == UInt8(ascii: "u"), position + 4 <= bytes.count,
                let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
            else { throw failure("a bad escape") }
            position += 4
            guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
            return Array(String(Character(scalar)).utf8)
        }

        mutating func array() throws -> JSON {
            position += 1
            var items: [JSON] = []
            skipBlanks()
            if take("]") { return .array([]) }
            while true {
                items.append(try value())
                skipBlanks()
                if take("]") { return .array(items) }
                guard take(",") else { throw failure("no comma") }
            }
        }

        mutating func object() throws -> JSON {
            position += 1
            var members: [(key: String, value: JSON)] = []
            skipBlanks()
            if take("}") { return .object([]) }
            while true {
                skipBlanks()
                guard next == UInt8(ascii: "\"") else { throw failure("no key") }
                let key = try string()
                guard !members.contains(where: { $0.key == key }) else { throw failure("the key \(key) twice") }
                skipBlanks()
                guard take(":") else { throw failure("no colon") }
                members.append((key, try value()))
                skipBlanks()
                if take("}") { return .object(members) }
                guard take(",") else { throw failure("no comma") }
            }
        }
    }
}
