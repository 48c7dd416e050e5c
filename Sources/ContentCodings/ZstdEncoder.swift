internal import CZstd

@safe final class ZstdEncoder: ContentEncoder {
    private let context: OpaquePointer
    private let buffer: CodingBuffer

    /// 128 KiB, well below the 8 MiB that every reader must take (RFC 9659).
    private static let window: Int32 = 17

    init?(level: Int, buffer: CodingBuffer) {
        guard let context = unsafe ZSTD_createCCtx() else { return nil }
        unsafe self.context = context
        self.buffer = buffer
        super.init(.zstd, level: level)
        let hasLevel = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(clamping: level))
        let hasWindow = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, Self.window)
        guard ZSTD_isError(hasLevel) == 0, ZSTD_isError(hasWindow) == 0 else { return nil }
    }

    deinit { _ = unsafe ZSTD_freeCCtx(context) }

    override func encode(
        _ bytes: Span<UInt8>, _ ending: Ending, write: (Span<UInt8>) -> Void
    ) throws(CodingFault) {
        let mode =
            switch ending {
            case .none: ZSTD_e_continue
            case .flush: ZSTD_e_flush
            case .finish: ZSTD_e_end
            }
        var failed = false
        // The pointers are used within the calls only; the library writes at most `size` bytes into the buffer.
        unsafe bytes.withUnsafeBufferPointer { bytes in
            var input = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            while true {
                var output = unsafe ZSTD_outBuffer(dst: buffer.base, size: CodingBuffer.size, pos: 0)
                let left = unsafe ZSTD_compressStream2(context, &output, &input, mode)
                failed = ZSTD_isError(left) != 0
                let made = unsafe output.pos
                if made > 0, !failed {
                    write(unsafe Span(_unsafeStart: UnsafePointer(buffer.base), count: made))
                }
                let isTaken = unsafe input.pos == input.size
                if failed || (isTaken && (ending == .none ? made < CodingBuffer.size : left == 0)) { return }
            }
        }
        if failed { throw .outOfMemory }
    }

    override func reset() -> Bool {
        ZSTD_isError(unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_only)) == 0
    }
}
