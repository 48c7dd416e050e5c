internal import COpenSSL

/// A shared secret for HMAC (RFC 7518 §3.2): the library's state with the key already worked in, one for each digest,
/// which every message gets a copy of. The states are made here and only read later, so that all loops share them.
@safe
final class SecretKey: @unchecked Sendable {
    private let sha256: OpaquePointer
    private let sha384: OpaquePointer
    private let sha512: OpaquePointer
    /// The secret's length in bytes: one shorter than the digest deserves a warning.
    let length: Int

    /// Nil for an empty secret: everybody knows it.
    init?(_ secret: [UInt8]) {
        guard !secret.isEmpty,
            let sha256 = unsafe Self.state(.sha256, secret), let sha384 = unsafe Self.state(.sha384, secret),
            let sha512 = unsafe Self.state(.sha512, secret)
        else { return nil }
        unsafe self.sha256 = unsafe sha256
        unsafe self.sha384 = unsafe sha384
        unsafe self.sha512 = unsafe sha512
        length = secret.count
    }

    deinit {
        unsafe EVP_MAC_CTX_free(sha256)
        unsafe EVP_MAC_CTX_free(sha384)
        unsafe EVP_MAC_CTX_free(sha512)
    }

    private static func state(_ digest: Digest, _ secret: [UInt8]) -> OpaquePointer? {
        // Name and secret are read during the call only.
        unsafe digest.libraryName.withCString { unsafe gh_hmac_new($0, secret, secret.count) }
    }

    /// The HMAC of a message.
    func code(for message: Span<UInt8>, _ digest: Digest) -> [UInt8] {
        let state =
            switch digest {
            case .sha256: unsafe sha256
            case .sha384: unsafe sha384
            case .sha512: unsafe sha512
            }
        // Both pointers are used during the calls only; the room is that of the largest digest.
        return unsafe message.withUnsafeBufferPointer { message in
            unsafe [UInt8](unsafeUninitializedCapacity: 64) { room, count in
                count = unsafe gh_hmac(state, message.baseAddress, message.count, room.baseAddress, room.count)
            }
        }
    }

    /// Whether `code` is the HMAC of the message, in a time that does not tell how much of it is right. A code of
    /// another length is none.
    func verifies(_ code: Span<UInt8>, of message: Span<UInt8>, _ digest: Digest) -> Bool {
        let expected = self.code(for: message, digest)
        return expected.count == digest.length && ConstantTime.equals(expected.span, code)
    }
}
