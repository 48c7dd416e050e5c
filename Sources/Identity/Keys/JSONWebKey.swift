package import JSONStream

/// One key of a JSON Web Key Set, or one that stands alone (RFC 7517), as a `VerificationKey`.
///
/// What the publisher says of a key binds: `use` other than `sig`, `key_ops` without `verify` and an `alg` of another
/// type make it no key for us. Private members are not read at all: a set that publishes a private key by mistake still
/// has its public half, and what must be done about it is not ours to do.
package enum JSONWebKey {
    /// `kid`s longer than this are no names but payloads.
    package static let longestIdentifier = 1_024

    package static func parse(
        _ node: JSONNode, origin: VerificationKey.Origin
    ) throws(KeyFault) -> VerificationKey {
        guard node.isObject else { throw .malformed }
        guard let type = try text(node, "kty") else { throw .missingMember }
        if let use = try text(node, "use"), use != Array("sig".utf8) { throw .notForSignatures }
        if let operations = node.member("key_ops") {
            guard operations.isArray else { throw .invalidMember }
            let verify = Array("verify".utf8)
            guard operations.elements.contains(where: { $0.isString(verify.span) }) else { throw .notForSignatures }
        }
        let identifier = try text(node, "kid")
        guard (identifier?.count ?? 0) <= longestIdentifier else { throw .invalidMember }
        var algorithms = SignatureAlgorithms.all
        if let name = try text(node, "alg") {
            guard let algorithm = SignatureAlgorithm(name: name) else { throw .unknownAlgorithm }
            algorithms = SignatureAlgorithms(algorithm)
        }

        let key: VerificationKey
        switch String(decoding: type, as: UTF8.self) {
        case "RSA":
            key = try .rsa(
                modulus: number(node, "n"), exponent: number(node, "e"), identifier: identifier,
                algorithms: algorithms)
        case "EC":
            guard let name = try text(node, "crv") else { throw .missingMember }
            guard let curve = Curve.allCases.first(where: { $0.name.utf8.elementsEqual(name) }) else {
                throw .unknownCurve
            }
            key = try .ec(
                curve, x: bytes(node, "x"), y: bytes(node, "y"), identifier: identifier, algorithms: algorithms)
        case "OKP":
            guard let name = try text(node, "crv") else { throw .missingMember }
            guard name == Array("Ed25519".utf8) else { throw .unknownCurve }
            key = try .ed25519(bytes(node, "x"), identifier: identifier, algorithms: algorithms)
        case "oct":
            guard origin == .configured else { throw .publishedSecret }
            key = try .secret(bytes(node, "k"), identifier: identifier, algorithms: algorithms)
        default: throw .unknownType
        }
        guard !key.algorithms.isEmpty else { throw .algorithmMismatch }
        return key
    }

    /// A member that is a text; nil where there is none.
    private static func text(_ node: JSONNode, _ name: String) throws(KeyFault) -> [UInt8]? {
        guard let member = node.member(name) else { return nil }
        guard let bytes = member.stringBytes else { throw .invalidMember }
        return bytes
    }

    private static func bytes(_ node: JSONNode, _ name: String) throws(KeyFault) -> [UInt8] {
        guard let text = try text(node, name) else { throw .missingMember }
        guard let bytes = Base64URL.decode(text.span) else { throw .invalidMember }
        return bytes
    }

    /// Base64urlUInt (RFC 7518 §2). Zeros in front are forbidden there and common in the field: they change nothing.
    private static func number(_ node: JSONNode, _ name: String) throws(KeyFault) -> [UInt8] {
        let value = try bytes(node, name)
        guard !value.isEmpty else { throw .invalidMember }
        return value
    }
}
