internal import JSONStream

/// What a token's header says (RFC 7515 §4), as far as it is anybody's business: the algorithm, the name of the key,
/// the type. Members that would bring a key along (`jwk`, `jku`, `x5u`, `x5c`) are not read: keys come from whom the
/// configuration names, never out of a token.
package struct TokenHeader: Hashable, Sendable {
    package let algorithm: SignatureAlgorithm
    package let identifier: [UInt8]?
    /// `typ` in lower case, without `application/`.
    package let type: [UInt8]?

    /// Reads the header's JSON. A member that stands twice makes it malformed.
    package init(_ bytes: [UInt8]) throws(TokenFault) {
        let document: JSONDocument
        do { document = try JSONDocument(bytes, limits: JSONLimits(depth: 8, size: 8 * 1024)) } catch {
            throw .badHeader
        }
        let root = document.root
        guard root.isObject else { throw .badHeader }
        // Whatever must be understood is not: no extension is implemented (RFC 7515 §4.1.11).
        guard root.member("crit") == nil else { throw .unsupportedCritical }
        if let encoded = root.member("b64"), encoded.bool != true { throw .unencodedPayload }
        guard let name = try Self.text(root, "alg") else { throw .badHeader }
        guard let algorithm = SignatureAlgorithm(name: name) else { throw .unknownAlgorithm }
        self.algorithm = algorithm
        identifier = try Self.text(root, "kid")
        guard (identifier?.count ?? 0) <= JSONWebKey.longestIdentifier else { throw .badHeader }
        type = try Self.text(root, "typ").map(Self.normalized)
    }

    /// Media types ignore case, and `application/` may be left out (RFC 7515 §4.1.9).
    package static func normalized(_ type: [UInt8]) -> [UInt8] {
        let lower = type.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        let prefix = Array("application/".utf8)
        return lower.starts(with: prefix) ? Array(lower.dropFirst(prefix.count)) : lower
    }

    private static func text(_ root: JSONNode, _ name: String) throws(TokenFault) -> [UInt8]? {
        guard let member = root.member(name) else { return nil }
        guard let bytes = member.stringBytes else { throw .badHeader }
        return bytes
    }
}
