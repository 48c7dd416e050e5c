/// Keys out of what is written: shared secrets, PEM texts, the numbers of a JWK. Every key comes through these, so that
/// the rules about weak keys hold for all.
extension VerificationKey {
    /// RFC 7518 §3.3 asks for 2048 bits. The upper bound keeps one check below about a millisecond.
    package static let rsaBits = 2048...8192

    /// A shared secret of the configuration.
    package static func secret(
        _ secret: [UInt8], identifier: [UInt8]? = nil, algorithms: SignatureAlgorithms = .hmac
    ) throws(KeyFault) -> VerificationKey {
        guard let key = SecretKey(secret) else { throw .emptySecret }
        // A fingerprint tells a guessable secret to whoever sees it: it never leaves the process.
        return VerificationKey(
            .secret(key), identifier: identifier, algorithms: algorithms, encoded: [0] + secret)
    }

    /// The public key of a PEM text: a certificate's or one that stands alone. Of several blocks the first is taken.
    package static func pem(
        _ text: [UInt8], identifier: [UInt8]? = nil, algorithms: SignatureAlgorithms = .all
    ) throws(KeyFault) -> VerificationKey {
        guard !contains(text, "PRIVATE KEY-----") else { throw .privateKey }
        let isCertificate = contains(text, "-----BEGIN CERTIFICATE-----")
        guard let key = PublicKey.pem(text, isCertificate: isCertificate) else { throw .unreadablePEM }
        return try make(key, identifier: identifier, algorithms: algorithms)
    }

    /// An RSA key from its numbers, big-endian.
    static func rsa(
        modulus: [UInt8], exponent: [UInt8], identifier: [UInt8]?, algorithms: SignatureAlgorithms
    ) throws(KeyFault) -> VerificationKey {
        // Asked before the library sees them: the exponent, which decides how long one check takes, and the size.
        let exponent = Array(exponent.drop { $0 == 0 })
        let modulus = Array(modulus.drop { $0 == 0 })
        guard exponent.count <= 5, let last = exponent.last, last & 1 == 1 else { throw .invalidExponent }
        let value = exponent.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard value >= 3, value <= 1 << 33 else { throw .invalidExponent }
        guard modulus.count * 8 <= rsaBits.upperBound else { throw .oversizedRSA }
        guard let lowest = modulus.last else { throw .invalidMember }
        // A product of two odd primes is odd.
        guard lowest & 1 == 1 else { throw .invalidMember }
        guard let key = PublicKey.rsa(modulus: modulus, exponent: exponent) else { throw .invalidMember }
        return try make(key, identifier: identifier, algorithms: algorithms)
    }

    static func ec(
        _ curve: Curve, x: [UInt8], y: [UInt8], identifier: [UInt8]?, algorithms: SignatureAlgorithms
    ) throws(KeyFault) -> VerificationKey {
        // Coordinates have exactly the curve's length, zeros in front included (RFC 7518 §6.2.1.2).
        guard x.count == curve.coordinateLength, y.count == curve.coordinateLength else { throw .invalidMember }
        guard let key = PublicKey.ec(curve, x: x, y: y) else { throw .notOnCurve }
        return try make(key, identifier: identifier, algorithms: algorithms)
    }

    static func ed25519(
        _ bytes: [UInt8], identifier: [UInt8]?, algorithms: SignatureAlgorithms
    ) throws(KeyFault) -> VerificationKey {
        guard let key = PublicKey.ed25519(bytes) else { throw .invalidMember }
        return try make(key, identifier: identifier, algorithms: algorithms)
    }

    /// The key, if it is of a kind and a size that we take.
    private static func make(
        _ key: PublicKey, identifier: [UInt8]?, algorithms: SignatureAlgorithms
    ) throws(KeyFault) -> VerificationKey {
        let material: Material
        switch key.kind {
        case .rsa(let bits):
            guard bits >= rsaBits.lowerBound else { throw .weakRSA }
            guard bits <= rsaBits.upperBound else { throw .oversizedRSA }
            material = .rsa(key)
        case .ec(let curve): material = .ec(curve, key)
        case .ed25519: material = .ed25519(key)
        case nil: throw .unsupportedKey
        }
        let made = VerificationKey(material, identifier: identifier, algorithms: algorithms, encoded: key.encoded)
        guard !made.algorithms.isEmpty else { throw .algorithmMismatch }
        return made
    }

    /// What deserves a word: nothing for public keys, which are refused where they are weak.
    ///
    /// A secret has to be as long as the digest (RFC 7518 §3.2): of the longest algorithm that is named for it, by the key
    /// itself or by its issuer; where none is named, of the shortest that it may be used with.
    ///
    /// - Parameter accepted: what the issuer's list names; nil: there is no list.
    package func warnings(named accepted: SignatureAlgorithms? = nil) -> [KeyWarning] {
        guard case .secret(let secret) = material else { return [] }
        let possible = algorithms.intersection(accepted ?? .all)
        let all = [SignatureAlgorithm.hs256, .hs384, .hs512].filter { possible.contains($0) }
        let isNamed = accepted != nil || all.count == 1
        guard let judged = isNamed ? all.last : all.first, let wanted = judged.digest?.length, secret.length < wanted
        else { return [] }
        return [.shortSecret(bytes: secret.length, algorithm: judged)]
    }

    private static func contains(_ text: [UInt8], _ part: String) -> Bool {
        let part = Array(part.utf8)
        guard text.count >= part.count else { return false }
        return (0...text.count - part.count).contains { text[$0..<$0 + part.count].elementsEqual(part) }
    }
}
