internal import JSONStream

/// Checks signed tokens (JWT, RFC 7519) against the issuers of one authentication policy, in steps of which each is
/// asked only when those before it have passed:
///
/// 1. The size, then the three parts (`CompactToken`).
/// 2. The encoding of the parts, the header, the claims' syntax: no member twice, nothing critical, a known algorithm.
/// 3. The issuer: it chooses the keys and the rules. Nothing else of the claims is believed yet.
/// 4. The algorithm, against the issuer's list.
/// 5. The key by its name, and the signature.
/// 6. `typ`, `exp`, `nbf`, `iat`, `aud`.
///
/// Steps 1 to 4 cost some microseconds and happen on the loop (`inspect`); step 5 costs up to a hundred and may happen
/// elsewhere (`verify`), for which the token between them is a value of its own.
package struct TokenVerifier: Sendable {
    package let issuers: [IssuerRules]
    package let limits: CompactToken.Limits

    package init(issuers: [IssuerRules], limits: CompactToken.Limits = CompactToken.Limits()) {
        self.issuers = issuers
        self.limits = limits
    }

    /// A token that is well-formed and whose issuer is known. Nothing it says is true yet.
    package struct Inspected: Sendable {
        package let text: [UInt8]
        package let header: TokenHeader
        /// The place of its issuer among the verifier's.
        package let issuer: Int
        let parts: CompactToken
        let signature: [UInt8]
        let claims: ClaimSet
    }

    /// Steps 1 to 4.
    package func inspect(_ text: Span<UInt8>) throws(TokenFault) -> Inspected {
        let parts = try CompactToken(text, limits: limits)
        guard let headerBytes = Base64URL.decode(text.extracting(parts.header)),
            let payload = Base64URL.decode(text.extracting(parts.payload)),
            let signature = Base64URL.decode(text.extracting(parts.signature))
        else { throw .badEncoding }
        let header = try TokenHeader(headerBytes)
        let claims = try ClaimSet(payload)
        let named = try claims.text("iss")
        // The rules of that issuer; else those that ask for none.
        let index =
            issuers.firstIndex { $0.issuer != nil && $0.issuer == named } ?? issuers.firstIndex { $0.issuer == nil }
        guard let index else { throw .unknownIssuer }
        guard issuers[index].algorithms.contains(header.algorithm) else { throw .algorithmNotAllowed }
        var copy: [UInt8] = []
        copy.reserveCapacity(text.count)
        for position in text.indices { copy.append(text[position]) }
        return Inspected(
            text: copy, header: header, issuer: index, parts: parts, signature: signature, claims: claims)
    }

    /// Steps 5 and 6, with the issuer's keys as they are now, at this epoch second.
    package func verify(_ token: Inspected, keys: KeySet, at second: Int64) throws(TokenFault) -> VerifiedToken {
        let rules = issuers[token.issuer]
        let text = token.text
        let message = text.span.extracting(token.parts.signed)
        let key = try keys.signer(
            of: message, signature: token.signature.span, algorithm: token.header.algorithm,
            identifier: token.header.identifier)

        if !rules.types.isEmpty {
            guard let type = token.header.type, rules.types.contains(type) else { throw .wrongType }
        }
        guard let expiry = try token.claims.time("exp") else { throw .noExpiry }
        guard second < expiry + rules.skew else { throw .expired }
        if let start = try token.claims.time("nbf"), start > second + rules.skew { throw .notYetValid }
        if let issued = try token.claims.time("iat"), issued > second + rules.skew { throw .issuedInFuture }
        if !rules.audiences.isEmpty {
            guard try token.claims.isMeant(for: rules.audiences) else { throw .wrongAudience }
        }
        var texts: [[UInt8]] = []
        for path in rules.headerClaims {
            switch ClaimText(token.claims.node(path)) {
            case .absent: texts.append([])
            case .value(let value): texts.append(value)
            case .refused: throw .badClaim
            }
        }
        return VerifiedToken(
            text: text, claims: token.claims, expiry: expiry, issuer: token.issuer, key: key, headerTexts: texts)
    }
}

/// A token that was checked: what policies and templates read. Immutable, shared by all loops.
package final class VerifiedToken: Sendable {
    /// The whole token.
    package let text: [UInt8]
    package let claims: ClaimSet
    /// `exp`, in epoch seconds.
    package let expiry: Int64
    package let issuer: Int
    /// Who signed it; nil: nobody here asked, since whoever issued it has said that it is good.
    package let key: VerificationKey?
    /// For each of the issuer's `headerClaims` the value; empty: no header.
    package let headerTexts: [[UInt8]]
    package let scopes: [[UInt8]]
    /// `sub`; of an access token without one, the client that it was given to.
    package let subject: [UInt8]

    init(
        text: [UInt8], claims: ClaimSet, expiry: Int64, issuer: Int, key: VerificationKey?, headerTexts: [[UInt8]]
    ) {
        self.text = text
        self.claims = claims
        self.expiry = expiry
        self.issuer = issuer
        self.key = key
        self.headerTexts = headerTexts
        scopes = claims.scopes
        // A `sub` that is no text names nobody.
        let holder = key == nil ? claims.document.root.member("client_id")?.stringBytes : nil
        subject = claims.document.root.member("sub")?.stringBytes ?? holder ?? []
    }

    /// Its key was withdrawn.
    package var isWithdrawn: Bool { key?.isRetired ?? false }

    package func hasScope(_ scope: [UInt8]) -> Bool {
        for index in scopes.indices where scopes[index] == scope { return true }
        return false
    }

    /// About how much memory it holds.
    package var footprint: Int {
        // Text, payload, the payload's index (16 bytes a value, eight bytes a value at the least) and the object.
        text.count + claims.document.bytes.count * 3 + 256
    }
}
