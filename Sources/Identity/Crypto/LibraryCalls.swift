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
