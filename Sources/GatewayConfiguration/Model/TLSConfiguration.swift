/// A file that the configuration names: read when the snapshot is compiled, again at every reload.
package struct FileReference: Sendable, Hashable {
    /// Relative paths have been put beside the file that names them.
    package var path: String
    @NotCompared package var location: SourceLocation

    package init(path: String, location: SourceLocation = .none) {
        self.path = path
        self.location = location
    }

    /// The file's bytes, or why they cannot be had, as the second half of a sentence.
    package func read() -> (bytes: [UInt8]?, failure: String) {
        switch FileReading.read(path, limit: 4 << 20) {
        case .success(let bytes): (bytes, "")
        case .failure(let failure): (nil, failure.reason)
        }
    }
}

/// A certificate chain with its key, as PEM files.
package struct CertificateConfiguration: Sendable, Hashable {
    /// The certificate itself first.
    package var certificate: FileReference
    package var key: FileReference
    /// An OCSP response (DER) that is sent along to clients that ask for it.
    package var ocsp: FileReference?

    package init(certificate: FileReference, key: FileReference, ocsp: FileReference? = nil) {
        self.certificate = certificate
        self.key = key
        self.ocsp = ocsp
    }
}

/// TLS towards clients.
package struct ListenerTLSConfiguration: Sendable, Hashable {
    /// Mozilla's names.
    package enum Profile: String, Sendable, CaseIterable { case intermediate, modern }

    package enum Version: String, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// Chosen by the name the client asks for; the first is the default, and `acme` comes last.
    package var certificates: [CertificateConfiguration] = []
    package var profile: Profile = .intermediate
    package var minVersion: Version = .tls12
    package var clientCertificates: ClientCertificatesConfiguration?
    /// nil: the gateway gets no certificate by itself.
    package var acme: ACMEConfiguration?
    /// `max-age` of `Strict-Transport-Security`; nil: the field is not sent.
    package var hsts: Duration?
    @NotCompared package var location: SourceLocation = .none

    package init() {}
}

/// What is asked of clients.
package struct ClientCertificatesConfiguration: Sendable, Hashable {
    package enum Mode: String, Sendable, CaseIterable { case optional, required }

    package var mode: Mode = .required
    /// Authorities that are trusted, PEM.
    package var ca: FileReference
    /// Revocation lists, PEM.
    package var crl: FileReference?

    package init(ca: FileReference) {
        self.ca = ca
    }
}

/// TLS towards the endpoints of a service that are https.
package struct ServiceTLSConfiguration: Sendable, Hashable {
    /// Authorities that are trusted, PEM; nil: the system's.
    package var ca: FileReference?
    /// The name asked for and verified; nil: the endpoint's host.
    package var serverName: String?
    /// What the gateway shows when it is asked who it is.
    package var identity: CertificateConfiguration?
    package var verify = true
    @NotCompared package var location: SourceLocation = .none

    package init() {}
}
