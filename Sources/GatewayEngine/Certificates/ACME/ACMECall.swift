/// A request to the authority, before it is signed.
struct ACMECall: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case get
        case head
        /// Signed; an empty payload only asks (POST-as-GET, RFC 8555 §6.3).
        case post(payload: String, nonce: String, signer: Signer)
    }

    /// By what the authority knows who signs (RFC 8555 §6.2).
    enum Signer: Sendable, Hashable {
        /// The key itself goes along.
        case key
        /// The account's URL does.
        case account(String)
    }

    var url: String
    var kind: Kind
    /// The media type that is asked for.
    var accepts = "application/json"

    /// What was asked over TLS stays so, whatever URLs the authority gives.
    static func mayBeAsked(_ url: String, directory: String) -> Bool {
        url.hasPrefix("https://") || (url.hasPrefix("http://") && directory.hasPrefix("http://"))
    }
}

/// What came back of a call.
struct ACMEAnswer: Sendable {
    var status: Int
    var body: [UInt8] = []
    /// `Replay-Nonce`
    var nonce: String?
    var location: String?
    /// `Retry-After`, in seconds.
    var retryAfter: Int64?
}

/// By what the authority can see that a name leads here.
struct ACMEChallenge: Sendable, Hashable {
    var domain: String
    /// In the URL's alphabet.
    var token: String
    /// The token and the thumbprint of the account's key (RFC 8555 §8.1).
    var keyAuthorization: String
}
