internal import JSONStream

/// The part of an issuer's discovery document (OpenID Connect Discovery 1.0 §3, RFC 8414 §2) that matters here: who it
/// speaks for and where its keys are.
package struct DiscoveryDocument: Hashable, Sendable {
    package enum Fault: Error, Hashable, Sendable {
        case malformed
        /// Another issuer than the one that was asked: its keys would sign in this one's name (§4.3).
        case wrongIssuer
        case noKeySet
        /// The key set's address is neither https nor, for an issuer over http, http.
        case insecureKeySet
    }

    package let keySet: String

    package static func address(ofIssuer issuer: String) -> String {
        var base = issuer
        while base.hasSuffix("/") { base.removeLast() }
        return base + "/.well-known/openid-configuration"
    }

    package init(_ bytes: [UInt8], issuer: String) throws(Fault) {
        let document: JSONDocument
        do { document = try JSONDocument(bytes, limits: JSONLimits(depth: 16, size: 512 * 1024)) } catch {
            throw .malformed
        }
        guard document.root.isObject else { throw .malformed }
        guard document.root.member("issuer")?.string == issuer else { throw .wrongIssuer }
        guard let address = document.root.member("jwks_uri")?.string else { throw .noKeySet }
        let isSecure = address.hasPrefix("https://")
        guard isSecure || (address.hasPrefix("http://") && issuer.hasPrefix("http://")) else { throw .insecureKeySet }
        keySet = address
    }
}
