/// The signature algorithms of RFC 7518 §3.1 and RFC 8037 that the gateway checks. There is no case for `none`: what
/// has no name here cannot be asked for.
package enum SignatureAlgorithm: UInt8, CaseIterable, Sendable {
    case hs256, hs384, hs512
    case rs256, rs384, rs512
    case ps256, ps384, ps512
    case es256, es384, es512
    case edDSA

    /// What kind of key an algorithm belongs to. A key knows its kind and takes no algorithm of another, so that a
    /// token's header cannot turn a public key into a shared secret ("algorithm confusion").
    package enum Family: Sendable {
        case hmac, rsa, rsaPSS, ecdsa, edDSA
    }

    package var name: String {
        switch self {
        case .hs256: "HS256"
        case .hs384: "HS384"
        case .hs512: "HS512"
        case .rs256: "RS256"
        case .rs384: "RS384"
        case .rs512: "RS512"
        case .ps256: "PS256"
        case .ps384: "PS384"
        case .ps512: "PS512"
        case .es256: "ES256"
        case .es384: "ES384"
        case .es512: "ES512"
        case .edDSA: "EdDSA"
        }
    }

    package var family: Family {
        switch self {
        case .hs256, .hs384, .hs512: .hmac
        case .rs256, .rs384, .rs512: .rsa
        case .ps256, .ps384, .ps512: .rsaPSS
        case .es256, .es384, .es512: .ecdsa
        case .edDSA: .edDSA
        }
    }

    /// The digest below the signature; nil for Ed25519, which brings its own.
    package var digest: Digest? {
        switch self {
        case .hs256, .rs256, .ps256, .es256: .sha256
        case .hs384, .rs384, .ps384, .es384: .sha384
        case .hs512, .rs512, .ps512, .es512: .sha512
        case .edDSA: nil
        }
    }

    /// The algorithm of this name. Names are compared byte by byte: they are case-sensitive (RFC 7515 §4.1.1).
    /// `Ed25519` is the newer name of what `EdDSA` means with the only curve that is known here (RFC 9864).
    package init?(name: some Collection<UInt8>) {
        if name.elementsEqual("Ed25519".utf8) {
            self = .edDSA
            return
        }
        guard let found = Self.allCases.first(where: { $0.name.utf8.elementsEqual(name) }) else { return nil }
        self = found
    }
}

/// A set of algorithms: what an issuer may use, what a key is for.
package struct SignatureAlgorithms: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package init(_ algorithm: SignatureAlgorithm) { self.init(rawValue: 1 << UInt16(algorithm.rawValue)) }

    package func contains(_ algorithm: SignatureAlgorithm) -> Bool { contains(Self(algorithm)) }

    package static let hmac: Self = [Self(.hs256), Self(.hs384), Self(.hs512)]
    package static let rsa: Self = [
        Self(.rs256), Self(.rs384), Self(.rs512), Self(.ps256), Self(.ps384), Self(.ps512),
    ]
    package static let ecdsa: Self = [Self(.es256), Self(.es384), Self(.es512)]
    /// Everything that is checked with a public key.
    package static let asymmetric: Self = rsa.union(ecdsa).union(Self(.edDSA))
    package static let all: Self = hmac.union(asymmetric)
}

/// The digests of RFC 7518.
package enum Digest: Sendable {
    case sha256, sha384, sha512

    /// Its length in bytes.
    package var length: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// OpenSSL's name for it.
    var libraryName: StaticString {
        switch self {
        case .sha256: "SHA256"
        case .sha384: "SHA384"
        case .sha512: "SHA512"
        }
    }
}
