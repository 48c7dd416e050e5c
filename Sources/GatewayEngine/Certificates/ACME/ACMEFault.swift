/// Why an order did not become a certificate.
struct ACMEFault: Error, Sendable, Hashable {
    /// A fixed list, fit for labels of metrics and for logs.
    enum Reason: UInt8, Sendable, CaseIterable {
        /// No connection to the authority, or it broke.
        case unreachable
        case timeout
        /// The authority answers what RFC 8555 does not have.
        case malformed
        /// The authority says no, and why.
        case refused
        /// Too many requests or certificates; it may say when there are fewer.
        case rateLimited
        /// The authority could not see that a name leads here.
        case notValidated
        /// It offers no challenge of the kind that is configured.
        case noChallenge
        /// It takes only accounts that are bound to one it knows by other means, and not by what is configured.
        case externalAccount
        /// The certificate is not the one that was ordered.
        case wrongCertificate
        /// Keys or certificates cannot be kept.
        case storage

        var label: StaticString {
            switch self {
            case .unreachable: "unreachable"
            case .timeout: "timeout"
            case .malformed: "malformed"
            case .refused: "refused"
            case .rateLimited: "rate_limited"
            case .notValidated: "not_validated"
            case .noChallenge: "no_challenge"
            case .externalAccount: "external_account"
            case .wrongCertificate: "wrong_certificate"
            case .storage: "storage"
            }
        }

        /// Whether asking again soon may help, and costs nobody anything.
        var isPassing: Bool { self == .unreachable || self == .timeout || self == .malformed }
    }

    var reason: Reason
    /// At which step, in words of RFC 8555.
    var step: String
    /// What the authority says: another's words, cut and without control characters.
    var detail = ""
    /// Seconds, where the authority named a time.
    var retryAfter: Int64?

    /// For status pages: `new order: rateLimited: too many certificates`.
    var description: String { detail.isEmpty ? "\(step): \(reason.label)" : "\(step): \(detail)" }
}
