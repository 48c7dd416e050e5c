internal import COpenSSL

/// A private key on P-256 that signs in the gateway's own name (ES256, RFC 7518 §3.4): the one by which an authority of
/// certificates knows it. Made once and only read.
@safe
package final class SigningKey: @unchecked Sendable {
    private let key: OpaquePointer
    /// The public half: both coordinates in the URL's alphabet.
    private let x: String
    private let y: String

    /// A new one; nil where the library has no memory or no random numbers.
    package convenience init?() {
        guard let key = unsafe gh_make_key() else { return nil }
        unsafe self.init(owning: key)
    }

    /// One that was kept; nil for what is no private key on P-256 in PEM.
    package convenience init?(pem text: [UInt8]) {
        // Text and passphrase are read during the calls only; the library must not ask for one at the terminal.
        let key = unsafe text.withUnsafeBytes { text -> OpaquePointer? in
            guard let source = unsafe BIO_new_mem_buf(text.baseAddress, Int32(clamping: text.count)) else { return nil }
            defer { unsafe BIO_free(source) }
            return unsafe PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
        ERR_clear_error()
        guard let key = unsafe key else { return nil }
        unsafe self.init(owning: key)
    }

    /// Takes the key, also when it is refused.
    @unsafe private init?(owning key: OpaquePointer) {
        unsafe self.key = key
        var point = [UInt8](repeating: 0, count: 65)
        var size = 0
        // The library writes at most as many bytes as the array has.
        let isPoint = unsafe EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &size) == 1
        ERR_clear_error()
        var name = [CChar](repeating: 0, count: 32)
        var length = 0
        let isNamed = unsafe EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1
        ERR_clear_error()
        let group = String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let (first, second) = (Array(point[1..<33]), Array(point[33..<65]))
        x = String(decoding: Base64URL.encode(first.span), as: UTF8.self)
        y = String(decoding: Base64URL.encode(second.span), as: UTF8.self)
        guard isPoint, isNamed, size == 65, point[0] == 4, group == "prime256v1" else { return nil }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The key as PEM, without a passphrase; empty when there is no memory.
    package var pem: [UInt8] {
        guard let sink = unsafe BIO_new(BIO_s_mem()) else { return [] }
        defer { unsafe BIO_free(sink) }
        guard unsafe PEM_write_bio_PrivateKey(sink, key, nil, nil, 0, nil, nil) == 1 else { return [] }
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe gh_bio_memory(sink, &start)
        // The memory is the BIO's, which lives until the end of this function.
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: max(0, count)))
    }

    /// The public key as a JWK, its members as the thumbprint wants them (RFC 7638 §3.2): sorted, without blanks.
    package var jwk: String { "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"\(x)\",\"y\":\"\(y)\"}" }

    /// RFC 7638: SHA-256 of the JWK, in the URL's alphabet.
    package var thumbprint: String {
        let text = Array(jwk.utf8)
        let digest = SHA256.hash(text.span)
        return String(decoding: Base64URL.encode(digest.span), as: UTF8.self)
    }

    /// The signature over a message: two numbers of 32 bytes.
    package func sign(_ message: [UInt8]) -> [UInt8]? {
        var signature = [UInt8](repeating: 0, count: 64)
        // Fills exactly the 64 bytes there are.
        guard unsafe gh_sign_es256(key, message, message.count, &signature) == 1 else { return nil }
        return signature
    }

    /// A signed message in JSON form (RFC 7515 §7.2.2), which is what ACME sends.
    ///
    /// - Parameter protected: a JSON object; it names the algorithm, ES256.
    package func flattened(protected: String, payload: String) -> [UInt8]? {
        FlattenedMessage.make(protected: protected, payload: payload, sign: sign).map { Array($0.utf8) }
    }
}
