/// The grammar of RFC 9110 and RFC 9112 as the kit judges by it.
///
/// It is written for this purpose alone, apart from the gateway's parser: what both got wrong in the same way, no test
/// would see. It accepts only what a gateway may send, which is narrower than what a server might put up with.
enum StrictRules {
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: Array("!#$%&'*+-.^_`|~".utf8).contains(byte)
        }
    }

    static func isHexDigit(_ byte: UInt8) -> Bool { Unicode.Scalar(byte).properties.isASCIIHexDigit }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// A field line taken apart (RFC 9112 §5): `token ":" OWS value OWS`, nothing folded, no control byte.
    static func field(_ line: [UInt8], in what: String) throws -> FieldList.Field {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw violation("no colon in \(what)", line) }
        let name = line[..<colon]
        guard !name.isEmpty, name.allSatisfy(isTokenByte) else { throw violation("bad field name in \(what)", line) }
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var value = line[(colon + 1)...].drop(while: isBlank)
        while let last = value.last, isBlank(last) { value.removeLast() }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw violation("control byte in a value of \(what)", line)
        }
        return FieldList.Field(
            name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self))
    }

    /// Method, target and version of `GET /path?query HTTP/1.1`: single spaces, origin form (or `*` for OPTIONS).
    static func requestLine(_ line: [UInt8]) throws -> (method: String, target: String, version: String) {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw violation("request line without exactly two spaces", line) }
        guard !parts[0].isEmpty, parts[0].allSatisfy(isTokenByte) else { throw violation("bad method", line) }
        let target = Array(parts[1])
        guard target.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw violation("bad byte in the target", line)
        }
        let method = String(decoding: parts[0], as: UTF8.self)
        guard target.first == UInt8(ascii: "/") || (method == "OPTIONS" && target == [UInt8(ascii: "*")]) else {
            throw violation("the target is not in origin form", line)
        }
        let version = String(decoding: parts[2], as: UTF8.self)
        guard version == "HTTP/1.1" else { throw violation("a request of another version than HTTP/1.1", line) }
        return (method, String(decoding: target, as: UTF8.self), version)
    }

    /// Version, status and reason of `HTTP/1.1 200 OK`.
    static func statusLine(_ line: [UInt8]) throws -> (version: String, status: Int, reason: String) {
        let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw violation("status line without two spaces", line) }
        let version = String(decoding: parts[0], as: UTF8.self)
        guard version == "HTTP/1.1" else { throw violation("a response of another version than HTTP/1.1", line) }
        guard parts[1].count == 3, parts[1].allSatisfy(isDigit),
            let status = Int(String(decoding: parts[1], as: UTF8.self)), (100...599).contains(status)
        else { throw violation("bad status", line) }
        guard parts[2].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw violation("control byte in the reason", line)
        }
        return (version, status, String(decoding: parts[2], as: UTF8.self))
    }

    /// Exactly one Host, and a valid authority: host, then perhaps a port.
    static func checkHost(_ fields: FieldList) throws {
        let values = fields.values("host")
        guard values.count == 1 else { throw violation("\(values.count) Host fields") }
        let value = Array(values[0].utf8)
        guard !value.isEmpty, value.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Array("/?#@,\\\"<>".utf8).contains($0) })
        else { throw violation("bad Host", value) }
        var rest = value[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { throw violation("bad Host", value) }
            rest = rest[(end + 1)...]
            guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { throw violation("bad Host", value) }
        }
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            guard rest[(colon + 1)...].allSatisfy(isDigit) else { throw violation("bad port in Host", value) }
        }
    }

    /// Body framing of a request by its fields (RFC 9112 §6); whatever leaves room for two readings is a violation.
    static func framing(ofRequest fields: FieldList) throws -> BodyFraming {
        try declaredFraming(fields) ?? .none
    }

    static func framing(ofResponse status: Int, to method: String, _ fields: FieldList) throws -> BodyFraming {
        let declared = try declaredFraming(fields)
        if status < 200 || status == 204 {
            guard declared == nil else { throw violation("Content-Length or Transfer-Encoding with status \(status)") }
            return .none
        }
        if method == "HEAD" || status == 304 { return .none }
        return declared ?? .untilClose
    }

    private static func declaredFraming(_ fields: FieldList) throws -> BodyFraming? {
        let lengths = fields.values("content-length")
        let codings = fields.values("transfer-encoding")
        guard lengths.isEmpty || codings.isEmpty else {
            throw violation("both Content-Length and Transfer-Encoding")
        }
        if !codings.isEmpty {
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw violation("Transfer-Encoding other than one \"chunked\": \(codings)")
            }
            return .chunked
        }
        guard let first = lengths.first else { return nil }
        guard lengths.count == 1, !first.isEmpty, first.utf8.allSatisfy(isDigit), let length = Int(first) else {
            throw violation("bad Content-Length: \(lengths)")
        }
        return .length(length)
    }

    /// Size and extensions of a chunk's line: hexadecimal digits, then nothing or `;…`.
    static func chunkLine(_ line: [UInt8]) throws -> (size: Int, extensions: String) {
        let digits = line.prefix(while: isHexDigit)
        let rest = line.dropFirst(digits.count)
        guard !digits.isEmpty, digits.count <= 15, let size = Int(String(decoding: digits, as: UTF8.self), radix: 16),
            rest.isEmpty || rest.first == UInt8(ascii: ";"),
            rest.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
        else { throw violation("bad chunk size", line) }
        return (size, String(decoding: rest, as: UTF8.self))
    }
}
