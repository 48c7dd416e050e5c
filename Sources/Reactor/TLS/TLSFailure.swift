internal import COpenSSL

/// Why a TLS connection was not made, or broke: a fixed list, fit for labels of metrics and for logs.
package enum TLSFailure: UInt8, Error, Sendable, CaseIterable {
    /// The peer spoke HTTP in clear, or something else that begins with a letter.
    case plainText
    /// The handshake took too long: known to whoever holds the timer.
    case timeout
    /// The peer ended the connection before the handshake was complete.
    case closed
    /// No version of TLS that both sides accept.
    case version
    /// No cipher suite that both sides accept.
    case cipher
    /// No application protocol (ALPN) that both sides speak.
    case applicationProtocol
    /// The peer refused, by an alert: most often it does not trust the certificate.
    case alert
    /// The peer showed no certificate, and had to.
    case certificateMissing
    case certificateExpired
    case certificateNotYetValid
    /// No trusted authority stands behind the certificate, or it signed itself.
    case certificateUntrusted
    case certificateRevoked
    /// The certificate is for other names.
    case certificateName
    /// Any other fault of the certificate.
    case certificateInvalid
    /// The stream ended without a word (close_notify): it may have been cut.
    case truncated
    /// Anything else that is not TLS as it should be.
    case protocolError

    package var label: StaticString {
        switch self {
        case .plainText: "plain_text"
        case .timeout: "timeout"
        case .closed: "closed"
        case .version: "version"
        case .cipher: "cipher"
        case .applicationProtocol: "application_protocol"
        case .alert: "alert"
        case .certificateMissing: "certificate_missing"
        case .certificateExpired: "certificate_expired"
        case .certificateNotYetValid: "certificate_not_yet_valid"
        case .certificateUntrusted: "certificate_untrusted"
        case .certificateRevoked: "certificate_revoked"
        case .certificateName: "certificate_name"
        case .certificateInvalid: "certificate_invalid"
        case .truncated: "truncated"
        case .protocolError: "protocol_error"
        }
    }

    /// Whether the peer's certificate is at fault.
    package var isAboutCertificate: Bool {
        switch self {
        case .certificateMissing, .certificateExpired, .certificateNotYetValid, .certificateUntrusted,
            .certificateRevoked, .certificateName, .certificateInvalid:
            true
        case .plainText, .timeout, .closed, .version, .cipher, .applicationProtocol, .alert, .truncated,
            .protocolError:
            false
        }
    }

    /// From the oldest error in the thread's queue, and the result of the verification.
    init(code: UInt, verification: Int) {
        let reason = gh_error_reason(code)
        // Alerts of the peer are numbered from here on.
        if reason >= SSL_AD_REASON_OFFSET {
            self = .alert
            return
        }
        switch reason {
        case SSL_R_CERTIFICATE_VERIFY_FAILED: self = TLSFailure(verification: verification)
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: self = .certificateMissing
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: self = .plainText
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SUITABLE_KEY_SHARE: self = .cipher
        case SSL_R_NO_APPLICATION_PROTOCOL: self = .applicationProtocol
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_VERSION_NUMBER, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH,
            SSL_R_UNKNOWN_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_INAPPROPRIATE_FALLBACK:
            self = .version
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: self = .truncated
        default: self = .protocolError
        }
    }

    init(verification: Int) {
        switch Int32(truncatingIfNeeded: verification) {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CRL_HAS_EXPIRED: self = .certificateExpired
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .certificateNotYetValid
        case X509_V_ERR_CERT_REVOKED: self = .certificateRevoked
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .certificateName
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED, X509_V_ERR_INVALID_CA:
            self = .certificateUntrusted
        default: self = .certificateInvalid
        }
    }
}
