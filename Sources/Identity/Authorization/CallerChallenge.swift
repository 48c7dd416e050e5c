/// `WWW-Authenticate` for credentials that are no tokens.
package enum CallerChallenge {
    /// RFC 7617 §2.1: user and password are read as UTF-8.
    package static func basic(realm: String) -> String {
        "Basic realm=\(BearerChallenge.quoted(realm)), charset=\"UTF-8\""
    }

    /// There is no registered scheme for keys in a header of one's own; a 401 needs a challenge all the same (RFC 9110
    /// §15.5.2).
    package static func apiKey(realm: String) -> String { "ApiKey realm=\(BearerChallenge.quoted(realm))" }

    /// Nor for certificates, which are shown before there is a request.
    package static func certificate(realm: String) -> String {
        "ClientCertificate realm=\(BearerChallenge.quoted(realm))"
    }
}
