internal import COpenSSL

/// Comparing secrets without telling, by the time it takes, how far they agree.
package enum ConstantTime {
    /// Whether both are the same. Their lengths are no secret.
    package static func equals(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
        guard first.count == second.count else { return false }
        guard first.count > 0 else { return true }
        // Read during the call only, and as far as both reach.
        return unsafe first.withUnsafeBytes { first in
            unsafe second.withUnsafeBytes { second in
                unsafe CRYPTO_memcmp(first.baseAddress!, second.baseAddress!, first.count) == 0
            }
        }
    }
}

/// SHA-256 of a message at once.
package enum SHA256 {
    package typealias Value = [UInt8]

    package static let length = 32

    package static func hash(_ message: Span<UInt8>) -> Value {
        SHA256Digest(of: message).bytes
    }
}

/// SHA-1, which the handshake of WebSocket asks for (RFC 6455 §1.3), not as a protection.
package enum SHA1 {
    package static let length = 20

    package static func hash(_ message: Span<UInt8>) -> [UInt8] {
        unsafe message.withUnsafeBytes { message in
            // The room is as long as the digest; the library writes that many bytes.
            unsafe [UInt8](unsafeUninitializedCapacity: length) { room, count in
                var size: UInt32 = 0
                let done = unsafe EVP_Digest(
                    message.baseAddress, message.count, room.baseAddress, &size, EVP_sha1(), nil)
                precondition(done == 1 && size == UInt32(length), "SHA-1 is not to be had")
                count = length
            }
        }
    }
}

/// Random bytes of the library's generator, which the system seeds. Where keys are made, an injected source takes its
/// place in tests.
package enum SystemRandom {
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        // Without random numbers no key may be made.
        precondition(unsafe RAND_bytes(&bytes, Int32(count)) == 1, "no random numbers to be had")
        return bytes
    }
}
