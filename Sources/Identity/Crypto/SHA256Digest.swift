internal import COpenSSL

/// A SHA-256 as a value: what keys and tokens are looked up by where they are not to be kept. Making one allocates nothing.
package struct SHA256Digest: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    package init(of message: Span<UInt8>) {
        var digest = InlineArray<4, UInt64>(repeating: 0)
        var room = digest.mutableSpan
        // The message is read, and the 32 bytes of four words are written, during the call only.
        let done = unsafe message.withUnsafeBufferPointer { message in
            unsafe room.withUnsafeMutableBytes { room in
                unsafe gh_sha256(
                    message.baseAddress, message.count, room.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
        }
        // No digest must ever stand for many messages.
        precondition(done == 1, "SHA-256 is not to be had")
        words = (
            UInt64(bigEndian: digest[0]), UInt64(bigEndian: digest[1]), UInt64(bigEndian: digest[2]),
            UInt64(bigEndian: digest[3])
        )
    }

    /// - Parameter bytes: 32 of them.
    init(_ bytes: [UInt8]) {
        precondition(bytes.count == SHA256.length, "no SHA-256")
        func word(_ start: Int) -> UInt64 { (start..<start + 8).reduce(0) { $0 << 8 | UInt64(bytes[$1]) } }
        words = (word(0), word(8), word(16), word(24))
    }

    var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }

    package static func == (one: SHA256Digest, other: SHA256Digest) -> Bool { one.words == other.words }

    package func hash(into hasher: inout Hasher) {
        // Any part is as random as the whole.
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
