internal import JSONStream

/// What whoever issued a token says of it (RFC 7662 §2.2).
package enum IntrospectionAnswer: Sendable {
    /// Unknown, revoked, expired: no reason is told.
    case inactive
    /// The members of the answer, read as the claims of a signed token are. `expiry`: epoch second, nil: not told.
    case active(ClaimSet, expiry: Int64?)

    /// It is none: not JSON, or without `active`.
    package struct Malformed: Error, Hashable, Sendable {}

    package init(_ body: [UInt8]) throws(Malformed) {
        do throws(TokenFault) {
            let claims = try ClaimSet(body)
            guard let isActive = claims.document.root.member("active")?.bool else { throw .badPayload }
            self = isActive ? .active(claims, expiry: try claims.time("exp")) : .inactive
        } catch { throw Malformed() }
    }
}

/// What a policy asks of a token that its issuer calls active, and what it makes of the answer.
package struct IntrospectionRules: Hashable, Sendable {
    /// nil: any, or none.
    package var issuer: [UInt8]?
    /// Empty: any.
    package var audiences: [[UInt8]] = []
    package var skew: Int64 = 60
    package var headerClaims: [ClaimPath] = []

    package init() {}

    /// The token, with how long this may be believed: never past its `exp`, and no longer than `until`.
    package func judge(
        _ claims: ClaimSet, text: [UInt8], until: Int64, at second: Int64
    ) throws(TokenFault) -> VerifiedToken {
        let expiry = try claims.time("exp")
        // The issuer's own word is that it is active: the skew is for clocks that differ about that.
        if let expiry, second >= expiry + skew { throw .expired }
        if let start = try claims.time("nbf"), start > second + skew { throw .notYetValid }
        if let issuer {
            guard try claims.text("iss") == issuer else { throw .unknownIssuer }
        }
        if !audiences.isEmpty {
            guard try claims.isMeant(for: audiences) else { throw .wrongAudience }
        }
        var texts: [[UInt8]] = []
        for path in headerClaims {
            switch ClaimText(claims.node(path)) {
            case .absent: texts.append([])
            case .value(let value): texts.append(value)
            case .refused: throw .badClaim
            }
        }
        return VerifiedToken(
            text: text, claims: claims, expiry: min(expiry ?? .max, until), issuer: 0, key: nil, headerTexts: texts)
    }
}
