internal import COpenSSL

/// A server that one loop connects to over TLS: what it is called, what is expected of it, and the session that the next
/// connection can resume.
@safe package final class TLSPeer {
    package let context: TLSContext
    /// A DNS name or an IP literal without brackets.
    private let name: String
    private let isAddress: Bool
    private var session: OpaquePointer?

    /// - Parameter isAddress: the name is an IP literal, which is verified as one and never asked for by SNI (RFC 6066 §3).
    package init(context: TLSContext, name: String, isAddress: Bool) {
        self.context = context
        self.name = name
        self.isAddress = isAddress
    }

    deinit {
        unsafe SSL_SESSION_free(session)
    }

    /// Tells a new connection whom it will meet; false when that cannot be verified.
    @unsafe func prepare(_ ssl: OpaquePointer) -> Bool {
        if !isAddress { _ = unsafe gh_tls_set_server_name(ssl, name) }
        if context.verifies {
            let parameters = unsafe SSL_get0_param(ssl)
            // A name that cannot be set must not mean that none is verified.
            let isSet =
                isAddress
                ? unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1
                : unsafe X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1
            guard isSet else { return false }
            unsafe X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        }
        if let session = unsafe session, unsafe SSL_SESSION_is_resumable(session) == 1 {
            _ = unsafe SSL_set_session(ssl, session)
        }
        return true
    }

    /// Takes a reference to the session.
    @unsafe func keep(_ session: OpaquePointer) {
        unsafe SSL_SESSION_free(self.session)
        unsafe self.session = session
    }
}
