/// Why a body cannot be encoded or decoded.
package enum CodingFault: Error, Sendable, Hashable {
    /// It is not what its coding says, or ends too early, or something stands behind its end.
    case malformed
    /// It expands to more than may be: a decompression bomb, or a limit that is too small.
    case tooLarge
    /// There is no memory for it.
    case outOfMemory
}

/// Where results are put before they are handed on: one for all coders of a worker.
@safe package final class CodingBuffer {
    package static let size = 32 * 1024
    let base: UnsafeMutablePointer<UInt8>

    package init() { unsafe base = .allocate(capacity: Self.size) }

    deinit { unsafe base.deallocate() }
}
