internal import COpenSSL

/// A public key in OpenSSL's keeping. It is made once, never changed, and read from every loop: OpenSSL counts its
/// references with atomics and only reads a key while verifying.
@safe
final class PublicKey: @unchecked Sendable {
    /// Owned: freed with this object.
    private let key: OpaquePointer

    private init(owning key: OpaquePointer) { unsafe self.key = unsafe key }

    deinit { unsafe EVP_PKEY_free(key) }

    /// An RSA key from its modulus and exponent, big-endian.
    static func rsa(modulus: [UInt8], exponent: [UInt8]) -> PublicKey? {
        // The pointers are read during the call only; so in all of these.
        let key = unsafe gh_rsa_public(modulus, modulus.count, exponent, exponent.count)
        return unsafe key.map { unsafe PublicKey(owning: $0) }
    }

    /// A key on a curve from its coordinates. Coordinates of another length, and points off the curve, are refused.
    static func ec(_ curve: Curve, x: [UInt8], y: [UInt8]) -> PublicKey? {
        guard x.count == curve.coordinateLength, y.count == curve.coordinateLength else { return nil }
        let point = [0x04] + x + y
        let key = unsafe curve.libraryName.withCString { name in
            unsafe gh_ec_public(name, point, point.count)
        }
        return unsafe key.map { unsafe PublicKey(owning: $0) }
    }

    static func ed25519(_ bytes: [UInt8]) -> PublicKey? {
        guard bytes.count == 32 else { return nil }
        let key = unsafe gh_ed25519_public(bytes, bytes.count)
        return unsafe key.map { unsafe PublicKey(owning: $0) }
    }

    static func pem(_ text: [UInt8], isCertificate: Bool) -> PublicKey? {
        let key = unsafe gh_pem_public(text, text.count, isCertificate ? 1 : 0)
        return unsafe key.map { unsafe PublicKey(owning: $0) }
    }

    /// What the library says the key is.
    enum Kind: Equatable {
        case rsa(bits: Int)
        case ec(Curve)
        case ed25519
    }

    /// The kind, or nil for one that no algorithm of ours takes: DSA, Ed448, an unknown curve, RSA bound to PSS.
    var kind: Kind? {
        if unsafe EVP_PKEY_is_a(key, "RSA") == 1 { return .rsa(bits: Int(unsafe EVP_PKEY_get_bits(key))) }
        if unsafe EVP_PKEY_is_a(key, "ED25519") == 1 { return .ed25519 }
        guard unsafe EVP_PKEY_is_a(key, "EC") == 1 else { return nil }
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return nil }
        switch String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self) {
        case "prime256v1": return .ec(.p256)
        case "secp384r1": return .ec(.p384)
        case "secp521r1": return .ec(.p521)
        default: return nil
        }
    }

    /// The bytes of a signature by an RSA key: those of its modulus.
    var rsaLength: Int { Int(unsafe EVP_PKEY_get_size(key)) }

    /// The key in the one form that all keys have (SubjectPublicKeyInfo, DER): equal keys, equal bytes.
    var encoded: [UInt8] {
        var start: UnsafeMutablePointer<UInt8>? = nil
        // The library allocates the text and leaves it to us.
        let length = unsafe i2d_PUBKEY(key, &start)
        guard length > 0, let text = unsafe start else { return [] }
        defer { unsafe CRYPTO_free(text, #file, #line) }
        return unsafe Array(UnsafeBufferPointer(start: text, count: Int(length)))
    }

    /// Whether the signature, in the library's form, is this key's over the message.
    func verifies(
        _ signature: Span<UInt8>, of message: Span<UInt8>, digest: Digest?, isPSS: Bool
    ) -> Bool {
        unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                let result: Int32
                if let digest {
                    result = unsafe digest.libraryName.withCString { name in
                        unsafe gh_verify(
                            key, name, isPSS ? 1 : 0, signature.baseAddress, signature.count, message.baseAddress,
                            message.count)
                    }
                } else {
                    result = unsafe gh_verify(
                        key, nil, 0, signature.baseAddress, signature.count, message.baseAddress, message.count)
                }
                return result == 1
            }
        }
    }
}

extension StaticString {
    /// The text as C reads it: a literal ends in a zero byte.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        unsafe utf8Start.withMemoryRebound(to: CChar.self, capacity: utf8CodeUnitCount + 1) { unsafe body($0) }
    }
}
