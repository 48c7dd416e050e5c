internal import Identity

/// An account that the authority knows by other means, and the account here, bound together (RFC 8555 §7.3.4): the account's
/// public key, signed with a key that the authority has given to its customer.
struct ACMEBinding: Sendable {
    var keyID: String
    /// As bytes.
    var secret: [UInt8]
    /// Of the account here.
    var jwk: String

    /// A JSON object. - Parameter url: where it is sent, which is signed too.
    func text(url: String) -> String? {
        let protected =
            "{\"alg\":\"HS256\",\"kid\":\(JSONQuoting.quoted(keyID)),\"url\":\(JSONQuoting.quoted(url))}"
        return FlattenedMessage.hs256(protected: protected, payload: jwk, secret: secret)
    }
}
