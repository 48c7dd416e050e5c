/// Why something that was given as a key is none. The label is constant, for metrics and findings; the text says what
/// to do.
package enum KeyFault: Error, Hashable, Sendable {
    case malformed
    case unknownType
    case unknownCurve
    case missingMember
    case invalidMember
    case weakRSA
    case oversizedRSA
    case invalidExponent
    case notOnCurve
    case emptySecret
    case publishedSecret
    case privateKey
    case notForSignatures
    case unknownAlgorithm
    case algorithmMismatch
    case unreadablePEM
    case unsupportedKey

    package var label: String {
        switch self {
        case .malformed: "malformed"
        case .unknownType: "unknown_type"
        case .unknownCurve: "unknown_curve"
        case .missingMember: "missing_member"
        case .invalidMember: "invalid_member"
        case .weakRSA: "weak_rsa"
        case .oversizedRSA: "oversized_rsa"
        case .invalidExponent: "invalid_exponent"
        case .notOnCurve: "not_on_curve"
        case .emptySecret: "empty_secret"
        case .publishedSecret: "published_secret"
        case .privateKey: "private_key"
        case .notForSignatures: "not_for_signatures"
        case .unknownAlgorithm: "unknown_algorithm"
        case .algorithmMismatch: "algorithm_mismatch"
        case .unreadablePEM: "unreadable_pem"
        case .unsupportedKey: "unsupported_key"
        }
    }

    package var text: String {
        switch self {
        case .malformed: "this is no JSON Web Key: it is not a JSON object, or names a member twice"
        case .unknownType: "the key type (kty) is none of RSA, EC, OKP and oct"
        case .unknownCurve: "the curve (crv) is none of P-256, P-384, P-521 and Ed25519"
        case .missingMember: "a member that this type of key needs is missing"
        case .invalidMember: "a member of the key is not what it has to be: strict base64url, or a text"
        case .weakRSA: "the RSA key has fewer than 2048 bits, which RFC 7518 forbids"
        case .oversizedRSA: "the RSA key has more than 8192 bits; checking one signature would take too long"
        case .invalidExponent: "the RSA exponent is not an odd number from 3 to 2^33"
        case .notOnCurve: "the point is not on the curve"
        case .emptySecret: "the shared secret is empty"
        case .publishedSecret: "a shared secret stands in a published key set, where everybody can read it"
        case .privateKey: "this is a private key; give the public one, and replace this pair if others could see it"
        case .notForSignatures: "the key is for something else than checking signatures (use, key_ops)"
        case .unknownAlgorithm: "the key is for an algorithm (alg) that the gateway does not know"
        case .algorithmMismatch: "the key's algorithm (alg) does not go with its type or curve"
        case .unreadablePEM: "this is no PEM text of a public key or certificate"
        case .unsupportedKey: "the key is none of RSA, P-256, P-384, P-521 and Ed25519"
        }
    }
}

/// What deserves a word about a key that works.
package enum KeyWarning: Hashable, Sendable {
    /// The secret is shorter than the digest's output: RFC 7518 §3.2 asks for that length at least.
    case shortSecret(bytes: Int, algorithm: SignatureAlgorithm)

    package var text: String {
        switch self {
        case .shortSecret(let bytes, let algorithm):
            "the shared secret has \(bytes) bytes, and \(algorithm.name) asks for \(algorithm.digest?.length ?? 0) at "
                + "least; make one with: openssl rand -base64 48"
        }
    }
}
