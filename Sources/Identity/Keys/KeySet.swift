internal import JSONStream

/// The keys of one issuer at one time: immutable, shared by all loops.
///
/// Keys of a set that cannot be used are left out, each with its reason (RFC 7517 §5 asks to ignore what is not
/// understood): one new kind of key in a set must not take the others away. A set of which nothing is left is no set.
package final class KeySet: Sendable {
    /// Why a text is no key set.
    package enum Fault: Error, Hashable, Sendable {
        case tooLarge
        case malformed
        case tooManyKeys
        case noUsableKey
    }

    package struct Limits: Hashable, Sendable {
        package var bytes = 512 * 1024
        package var keys = 256

        package init() {}
    }

    /// A key that was left out: its place in the set, and why.
    package struct Omission: Hashable, Sendable {
        package let index: Int
        package let fault: KeyFault
    }

    package let keys: [VerificationKey]
    package let omissions: [Omission]

    /// How many keys are tried for a token that names none.
    package static let mostTried = 8

    package init(_ keys: [VerificationKey], omissions: [Omission] = []) {
        self.keys = keys
        self.omissions = omissions
    }

    /// Reads a JSON Web Key Set, or one key that stands alone.
    package static func parse(
        _ bytes: [UInt8], origin: VerificationKey.Origin, limits: Limits = Limits()
    ) throws(Fault) -> KeySet {
        guard bytes.count <= limits.bytes else { throw .tooLarge }
        let document: JSONDocument
        do { document = try JSONDocument(bytes, limits: JSONLimits(depth: 16, size: limits.bytes)) } catch {
            throw .malformed
        }
        var nodes: [JSONNode] = []
        if let set = document.root.member("keys") {
            guard set.isArray else { throw .malformed }
            for node in set.elements {
                guard nodes.count < limits.keys else { throw .tooManyKeys }
                nodes.append(node)
            }
        } else if document.root.member("kty") != nil {
            nodes = [document.root]
        } else {
            throw .malformed
        }
        var keys: [VerificationKey] = []
        var omissions: [Omission] = []
        for (index, node) in nodes.enumerated() {
            do throws(KeyFault) { keys.append(try JSONWebKey.parse(node, origin: origin)) } catch {
                omissions.append(Omission(index: index, fault: error))
            }
        }
        guard !keys.isEmpty else { throw .noUsableKey }
        return KeySet(keys, omissions: omissions)
    }

    /// The same set, but with the keys of `previous` where they are still the same, so that tokens verified with those
    /// stay remembered. Keys that are gone are retired.
    package func replacing(_ previous: KeySet?) -> KeySet {
        guard let previous else { return self }
        let merged = keys.map { key in previous.keys.first { $0.fingerprint == key.fingerprint } ?? key }
        for old in previous.keys where !merged.contains(where: { $0 === old }) { old.retire() }
        return KeySet(merged, omissions: omissions)
    }

    /// Retires all keys: their issuer is no longer believed.
    package func retire() { for key in keys { key.retire() } }

    /// Whether a key of that name is here, or one without a name, which may be meant by any.
    package func hasKey(named identifier: [UInt8]?) -> Bool {
        guard let identifier else { return !keys.isEmpty }
        return keys.contains { $0.identifier == nil || $0.identifier == identifier }
    }

    /// The key whose signature it is.
    ///
    /// - Throws: `unknownKey` where no key may be meant, `algorithmNotAllowed` where the ones meant do not take the
    ///   algorithm, `badSignature` where they do and none has signed.
    package func signer(
        of message: Span<UInt8>, signature: Span<UInt8>, algorithm: SignatureAlgorithm, identifier: [UInt8]?
    ) throws(TokenFault) -> VerificationKey {
        var isNamed = false
        var tried = 0
        for key in keys {
            if let name = key.identifier, let identifier, name != identifier { continue }
            isNamed = true
            guard key.algorithms.contains(algorithm) else { continue }
            guard tried < Self.mostTried else { break }
            tried += 1
            if key.verifies(signature, of: message, by: algorithm) { return key }
        }
        guard isNamed else { throw .unknownKey }
        throw tried == 0 ? .algorithmNotAllowed : .badSignature
    }
}
