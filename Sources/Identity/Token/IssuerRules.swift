/// What is asked of the tokens of one issuer.
package struct IssuerRules: Sendable {
    /// `iss` must be this, byte by byte. Nil: tokens of any issuer, or of none, whose key is ours.
    package var issuer: [UInt8]?
    /// `aud` must have one of these. Empty: not asked.
    package var audiences: [[UInt8]] = []
    /// The algorithms a token may use; what its key is for is asked besides.
    package var algorithms: SignatureAlgorithms = .all
    /// `typ` must be one of these (lower case, without `application/`). Empty: not asked.
    package var types: [[UInt8]] = []
    /// How far the issuer's clock may be off, in seconds: for `exp`, `nbf` and `iat`.
    package var skew: Int64 = 60
    /// The claims that become headers, worked out once when a token is verified.
    package var headerClaims: [ClaimPath] = []

    package init() {}
}
