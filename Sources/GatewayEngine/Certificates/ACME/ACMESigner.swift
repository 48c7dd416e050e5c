internal import Identity

/// Signs calls with the account's key (RFC 8555 §6.2).
enum ACMESigner {
    static let contentType = "application/jose+json"

    /// nil when the library fails.
    static func body(
        of call: ACMECall, payload: String, nonce: String, signer: ACMECall.Signer, key: SigningKey
    ) -> [UInt8]? {
        let whom =
            switch signer {
            case .key: "\"jwk\":\(key.jwk)"
            case .account(let url): "\"kid\":\(JSONQuoting.quoted(url))"
            }
        let protected =
            "{\"alg\":\"ES256\",\"nonce\":\(JSONQuoting.quoted(nonce)),\"url\":\(JSONQuoting.quoted(call.url)),\(whom)}"
        return key.flattened(protected: protected, payload: payload)
    }
}

/// A text as JSON writes it.
enum JSONQuoting {
    static func quoted(_ text: String) -> String {
        var line = LineWriter(capacity: 128)
        line.append(quotedJSON: text)
        return line.span.text
    }
}
