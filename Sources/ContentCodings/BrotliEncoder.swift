internal import CBrotli

/// Brotli's states cannot be used again; their memory is.
@safe final class BrotliEncoder: ContentEncoder {
    private let arena: UnsafeMutablePointer<gh_arena>
    private var state: OpaquePointer?

    /// 256 KiB: what bodies of an API seldom exceed, and a tenth of the memory of the library's own choice.
    private static let window: UInt32 = 18

    init?(level: Int) {
        guard let arena = unsafe gh_arena_new(.max) else { return nil }
        unsafe self.arena = arena
        super.init(.br, level: level)
        guard reset() else { return nil }
    }

    deinit {
        // The state gives its blocks back to the arena, which then goes.
        if let state = unsafe state { unsafe BrotliEncoderDestroyInstance(state) }
        unsafe gh_arena_free(arena)
    }

    override func encode(
        _ bytes: Span<UInt8>, _ ending: Ending, write: (Span<UInt8>) -> Void
    ) throws(CodingFault) {
        guard let state = unsafe state else { throw .outOfMemory }
        let operation =
            switch ending {
            case .none: BROTLI_OPERATION_PROCESS
            case .flush: BROTLI_OPERATION_FLUSH
            case .finish: BROTLI_OPERATION_FINISH
            }
        var failed = false
        // The pointers are used within the calls only; output stays valid until the next call on the state.
        unsafe bytes.withUnsafeBufferPointer { input in
            var next = input.baseAddress
            var available = input.count
            var room = 0
            while true {
                guard
                    unsafe BrotliEncoderCompressStream(state, operation, &available, &next, &room, nil, nil) != 0
                else {
                    failed = true
                    return
                }
                var size = 0
                while unsafe BrotliEncoderHasMoreOutput(state) != 0, !failed {
                    size = 0
                    if let output = unsafe BrotliEncoderTakeOutput(state, &size), size > 0 {
                        write(unsafe Span(_unsafeStart: output, count: size))
                    } else {
                        failed = true
                    }
                }
                if failed { return }
                if ending == .finish {
                    if unsafe BrotliEncoderIsFinished(state) != 0 { return }
                } else if available == 0 {
                    return
                }
            }
        }
        if failed { throw .outOfMemory }
    }

    override func reset() -> Bool {
        if let state = unsafe state { unsafe BrotliEncoderDestroyInstance(state) }
        unsafe state = gh_brotli_encoder(arena, UInt32(clamping: level), Self.window)
        return unsafe state != nil
    }
}
