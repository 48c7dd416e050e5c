/// A signed message in JSON form, with one signature (RFC 7515 §7.2.2).
package enum FlattenedMessage {
    /// Signed with a shared secret by HS256, which `protected`, a JSON object, says. Nil for an empty secret.
    package static func hs256(protected: String, payload: String, secret: [UInt8]) -> String? {
        guard let key = SecretKey(secret) else { return nil }
        return make(protected: protected, payload: payload) { key.code(for: $0.span, .sha256) }
    }

    /// nil when it cannot be signed.
    static func make(protected: String, payload: String, sign: ([UInt8]) -> [UInt8]?) -> String? {
        func encode(_ bytes: [UInt8]) -> String { String(decoding: Base64URL.encode(bytes.span), as: UTF8.self) }
        let (protected, payload) = (encode(Array(protected.utf8)), encode(Array(payload.utf8)))
        guard let signature = sign(Array("\(protected).\(payload)".utf8)) else { return nil }
        return "{\"protected\":\"\(protected)\",\"payload\":\"\(payload)\",\"signature\":\"\(encode(signature))\"}"
    }
}
