/// A scalar's text and what YAML 1.2's core schema (§10.3.2), which for JSON is simply JSON, makes of it.
///
/// Types are worked out when somebody asks, not for every scalar: most are strings and nobody asks.
struct CoreScalar {
    enum CoreType: String { case string, integer, number, boolean, null }

    var text: String
    var type: CoreType

    init(text: String, quoted: Bool) {
        self.text = text
        type = quoted ? .string : CoreScalar.plainType(text)
    }

    /// By the first byte most plain scalars (paths, URLs, names) are strings at once.
    private static func plainType(_ text: String) -> CoreType {
        guard let first = text.utf8.first else { return .null }
        switch first {
        case UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "~"):
            return ["null", "Null", "NULL", "~"].contains(text) ? .null : .string
        case UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"):
            return boolean(text) == nil ? .string : .boolean
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            return numericType(text)
        default:
            return .string
        }
    }

    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// The value of an integer scalar: decimal, `0o17` or `0x1f`.
    static func integer(_ text: String) -> Int? {
        if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8) }
        return Int(text)
    }

    /// Integers and floats of the core schema. `1_000`, `0b1` and sexagesimals are YAML 1.1, and strings here.
    private static func numericType(_ text: String) -> CoreType {
        let bytes = Array(text.utf8)
        var at = 0
        func digits() -> Int {
            let start = at
            while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) { at += 1 }
            return at - start
        }
        if text.hasPrefix("0x") || text.hasPrefix("0o") {
            let radix = text.hasPrefix("0x") ? 16 : 8
            let rest = bytes.dropFirst(2)
            let fits = rest.allSatisfy { hexadecimalDigit($0).map { Int($0) < radix } ?? false }
            return !rest.isEmpty && fits ? .integer : .string
        }
        if bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") { at += 1 }
        if [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(String(decoding: bytes[at...], as: UTF8.self)) {
            return .number
        }
        let whole = digits()
        if at == bytes.count { return whole > 0 ? .integer : .string }
        var fraction = 0
        if bytes[at] == UInt8(ascii: ".") {
            at += 1
            fraction = digits()
        }
        guard whole + fraction > 0 else { return .string }
        if at < bytes.count, bytes[at] == UInt8(ascii: "e") || bytes[at] == UInt8(ascii: "E") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") { at += 1 }
            guard digits() > 0 else { return .string }
        }
        return at == bytes.count ? .number : .string
    }
}

extension Document {
    /// nil for anything but a scalar.
    func scalar(_ id: NodeID) -> CoreScalar? {
        let node = node(id)
        guard node.kind == .plain || node.kind == .quoted else { return nil }
        return CoreScalar(text: text(id), quoted: node.kind == .quoted)
    }
}
