internal import CZstd

/// Zstandard: frames behind one another, skippable ones among them (RFC 8878 §3.1).
@safe final class ZstdDecoder: ContentDecoder {
    private var context: OpaquePointer?

    /// 8 MiB: the largest window that senders may use (RFC 9659 §3).
    private static let window: Int32 = 23
    /// What a context may keep between bodies.
    private static let kept = 512 * 1024

    init?(buffer: CodingBuffer) {
        super.init(.zstd, buffer: buffer)
        guard open() else { return nil }
    }

    deinit { if let context = unsafe context { _ = unsafe ZSTD_freeDCtx(context) } }

    private func open() -> Bool {
        guard let made = unsafe ZSTD_createDCtx() else { return false }
        unsafe context = made
        return ZSTD_isError(unsafe ZSTD_DCtx_setParameter(made, ZSTD_d_windowLogMax, Self.window)) == 0
    }

    override func restart(isBody: Bool) -> Bool {
        guard isBody else { return true }
        guard let context = unsafe context else { return open() }
        return ZSTD_isError(unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)) == 0
    }

    override func trim() {
        guard let context = unsafe context, unsafe ZSTD_sizeof_DCtx(context) > Self.kept else { return }
        _ = unsafe ZSTD_freeDCtx(context)
        unsafe self.context = nil
    }

    override func decode(
        _ input: UnsafePointer<UInt8>?, _ count: Int, into output: UnsafeMutablePointer<UInt8>, _ capacity: Int,
        _ consumed: inout Int, _ produced: inout Int
    ) -> Outcome {
        guard let context = unsafe context else { return .failed(.outOfMemory) }
        var source = unsafe ZSTD_inBuffer(src: input, size: count, pos: 0)
        var target = unsafe ZSTD_outBuffer(dst: output, size: capacity, pos: 0)
        // The library reads `count` bytes at most and writes `capacity` at most.
        let left = unsafe ZSTD_decompressStream(context, &target, &source)
        consumed = unsafe source.pos
        produced = unsafe target.pos
        if ZSTD_isError(left) != 0 { return .failed(.malformed) }
        return left == 0 ? .ended : .more
    }
}
