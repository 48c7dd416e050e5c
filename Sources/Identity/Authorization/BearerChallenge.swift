/// `WWW-Authenticate` for bearer tokens (RFC 6750 §3). These are made when the configuration is compiled, or on the way
/// of a refusal, never on that of a request that passes.
package enum BearerChallenge {
    /// 401 to a request without credentials: no error, because none was made (§3.1).
    package static func missing(realm: String) -> String { "Bearer realm=\(quoted(realm))" }

    /// 401 to a token that is not accepted.
    package static func invalid(realm: String, _ fault: TokenFault) -> String {
        "Bearer realm=\(quoted(realm)), error=\"invalid_token\", error_description=\(quoted(fault.text))"
    }

    /// 403 to a good token that does not reach; `scopes` are those that would.
    package static func insufficientScope(realm: String, scopes: [[UInt8]]) -> String {
        let names = scopes.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        return "Bearer realm=\(quoted(realm)), error=\"insufficient_scope\""
            + (names.isEmpty ? "" : ", scope=\(quoted(names))")
    }

    /// A quoted-string (RFC 9110 §5.6.4). What has no place in one is left out.
    static func quoted(_ text: String) -> String {
        var bytes = [UInt8(ascii: "\"")]
        for byte in text.utf8 where byte >= 0x20 && byte != 0x7F {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }
}
