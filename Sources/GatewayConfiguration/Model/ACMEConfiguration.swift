/// An account that the authority knows by other means than ACME (RFC 8555 §7.3.4).
package struct ExternalAccountConfiguration: Sendable, Hashable {
    package var keyID: String
    /// In base64 with the URL's alphabet, without padding.
    package var key: Secret

    package init(keyID: String, key: Secret) {
        self.keyID = keyID
        self.key = key
    }
}

/// A certificate that the gateway gets and renews by itself (RFC 8555).
///
/// Two listeners that ask for the same one share it; so do the configurations before and after a reload.
package struct ACMEConfiguration: Sendable, Hashable {
    package enum Challenge: String, Sendable, CaseIterable {
        case tlsALPN = "tls-alpn-01"
        case http = "http-01"
    }

    package var directory: HTTPTarget
    package var email: String?
    /// Lower-case; at least one.
    package var domains: [String]
    /// A directory, which need not be there yet.
    package var storage: String
    package var challenge = Challenge.tlsALPN
    /// Authorities that are trusted for the directory's server, PEM; nil: the system's.
    package var ca: FileReference?
    /// nil: the account is bound to none.
    package var externalAccount: ExternalAccountConfiguration?
    @NotCompared package var location: SourceLocation = .none

    package init(directory: HTTPTarget, domains: [String], storage: String) {
        self.directory = directory
        self.domains = domains
        self.storage = storage
    }
}
