/// Why a token is not accepted. Towards the client all of these but `noKeys` are RFC 6750's `invalid_token`; the code
/// is for logs, metrics and `explain`, and stays the same for ever.
///
/// No case carries text out of the token: a fault can be a label, and goes into a header without being escaped.
package enum TokenFault: Error, Hashable, Sendable, CaseIterable, BitwiseCopyable {
    // Its form.
    case tooLarge
    /// More than one was sent, and they differ.
    case several
    case notCompact
    case badEncoding
    case badHeader
    case badPayload
    case unsupportedCritical
    case unencodedPayload
    case wrongType
    // Its signature.
    case unknownAlgorithm
    case algorithmNotAllowed
    case unknownKey
    case badSignature
    // Its claims.
    case unknownIssuer
    case wrongAudience
    case noExpiry
    case expired
    case notYetValid
    case issuedInFuture
    case badClaim
    /// Whoever issued it says that it does not count, or no more (RFC 7662).
    case inactive
    /// Not the token's fault: the keys of its issuer have never been had. Answered 503.
    case noKeys

    /// The stable code.
    package var code: String {
        switch self {
        case .tooLarge: "token_too_large"
        case .several: "token_several"
        case .notCompact: "token_not_compact"
        case .badEncoding: "token_bad_encoding"
        case .badHeader: "token_bad_header"
        case .badPayload: "token_bad_payload"
        case .unsupportedCritical: "token_unsupported_critical"
        case .unencodedPayload: "token_unencoded_payload"
        case .wrongType: "token_wrong_type"
        case .unknownAlgorithm: "token_unknown_algorithm"
        case .algorithmNotAllowed: "token_algorithm_not_allowed"
        case .unknownKey: "token_unknown_key"
        case .badSignature: "token_bad_signature"
        case .unknownIssuer: "token_unknown_issuer"
        case .wrongAudience: "token_wrong_audience"
        case .noExpiry: "token_no_expiry"
        case .expired: "token_expired"
        case .notYetValid: "token_not_yet_valid"
        case .issuedInFuture: "token_issued_in_future"
        case .badClaim: "token_bad_claim"
        case .inactive: "token_inactive"
        case .noKeys: "token_keys_unavailable"
        }
    }

    /// One sentence for `error_description`: only characters that RFC 6750 §3 allows there, so no quote, no backslash.
    package var text: String {
        switch self {
        case .tooLarge: "The token is too large"
        case .several: "Different tokens were sent in several places"
        case .notCompact: "The token is not a signed JSON Web Token in compact form"
        case .badEncoding: "The token is not encoded as base64url"
        case .badHeader: "The header of the token is malformed"
        case .badPayload: "The payload of the token is malformed"
        case .unsupportedCritical: "The token asks for an extension that is not supported"
        case .unencodedPayload: "Tokens with an unencoded payload are not accepted"
        case .wrongType: "The type of the token is not accepted"
        case .unknownAlgorithm: "The algorithm of the token is not supported"
        case .algorithmNotAllowed: "The algorithm of the token is not allowed"
        case .unknownKey: "The key of the token is not known"
        case .badSignature: "The signature of the token is not valid"
        case .unknownIssuer: "The issuer of the token is not accepted"
        case .wrongAudience: "The token is meant for another audience"
        case .noExpiry: "The token has no expiry"
        case .expired: "The token has expired"
        case .notYetValid: "The token is not valid yet"
        case .issuedInFuture: "The token was issued in the future"
        case .badClaim: "A claim of the token is malformed"
        case .inactive: "The token is not active"
        case .noKeys: "The keys of the issuer are not available"
        }
    }
}
