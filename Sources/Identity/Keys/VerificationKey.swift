internal import Synchronization

/// One key that signatures are checked with, and what it may be used for.
///
/// The algorithms are settled when the key is made, from its type and, where it came as a JWK, from what its publisher
/// says of it; a token's header can only choose among them. So an RSA key is never a shared secret, a key on P-384
/// never checks ES256, and a key published for RS256 only checks nothing else.
///
/// A key that its issuer has withdrawn is `retire()`d: tokens that were verified with it and are remembered somewhere
/// ask `isRetired` and are forgotten. That is one load for each use of a remembered token, needs no list of who
/// remembers what, and leaves alone what other keys have signed.
package final class VerificationKey: Sendable {
    /// Where a key came from decides whether it may be a shared secret.
    package enum Origin: Sendable {
        /// Published for all to read: no shared secret among those, whatever it says.
        case published
        /// Written in the configuration.
        case configured
    }

    enum Material: Sendable {
        case secret(SecretKey)
        case rsa(PublicKey)
        case ec(Curve, PublicKey)
        case ed25519(PublicKey)
    }

    let material: Material

    /// The key's name (`kid`), byte by byte, or nil.
    package let identifier: [UInt8]?

    /// What the key checks.
    package let algorithms: SignatureAlgorithms

    /// The SHA-256 of name, algorithms and material: two keys with the same are the same key.
    package let fingerprint: [UInt8]

    private let retired = Atomic<Bool>(false)

    /// Makes a key out of its material, for those of `algorithms` that the material is capable of.
    init(_ material: Material, identifier: [UInt8]?, algorithms: SignatureAlgorithms, encoded: [UInt8]) {
        let possible = algorithms.intersection(Self.capabilities(of: material))
        self.material = material
        self.identifier = identifier
        self.algorithms = possible
        var description: [UInt8] = [UInt8(truncatingIfNeeded: possible.rawValue), UInt8(possible.rawValue >> 8)]
        let name = identifier ?? []
        // The name's length stands in front of it, so that name and material cannot run into each other.
        description.append(identifier == nil ? 0 : 1)
        for shift in [0, 8, 16, 24] { description.append(UInt8(truncatingIfNeeded: name.count >> shift)) }
        description += name
        description += encoded
        fingerprint = SHA256.hash(description.span)
    }

    private static func capabilities(of material: Material) -> SignatureAlgorithms {
        switch material {
        case .secret: .hmac
        case .rsa: .rsa
        case .ec(let curve, _): SignatureAlgorithms(curve.algorithm)
        case .ed25519: SignatureAlgorithms(.edDSA)
        }
    }

    /// Whether its issuer has withdrawn the key.
    package var isRetired: Bool { retired.load(ordering: .relaxed) }

    package func retire() { retired.store(true, ordering: .relaxed) }

    /// Whether the signature, as JOSE writes it, is this key's over the message by this algorithm. An algorithm that
    /// the key is not for verifies nothing; nor does a signature of another length than the one that the key makes.
    package func verifies(
        _ signature: Span<UInt8>, of message: Span<UInt8>, by algorithm: SignatureAlgorithm
    ) -> Bool {
        guard algorithms.contains(algorithm) else { return false }
        switch material {
        case .secret(let secret):
            guard let digest = algorithm.digest else { return false }
            return secret.verifies(signature, of: message, digest)
        case .rsa(let key):
            guard let digest = algorithm.digest, signature.count == key.rsaLength else { return false }
            return key.verifies(signature, of: message, digest: digest, isPSS: algorithm.family == .rsaPSS)
        case .ec(let curve, let key):
            guard let digest = algorithm.digest, let der = ECDSASignature.der(signature, on: curve) else {
                return false
            }
            return key.verifies(der.span, of: message, digest: digest, isPSS: false)
        case .ed25519(let key):
            guard signature.count == 64 else { return false }
            return key.verifies(signature, of: message, digest: nil, isPSS: false)
        }
    }
}
