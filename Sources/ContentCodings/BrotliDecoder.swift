internal import CBrotli

/// Brotli's states cannot be used again; their memory is.
@safe final class BrotliDecoder: ContentDecoder {
    private let arena: UnsafeMutablePointer<gh_arena>
    private var state: OpaquePointer?

    /// A few bytes can ask for 16 MiB, which nobody needs for a body that may not be so large.
    private static let most = 20 << 20
    private static let least = 1 << 20

    init?(buffer: CodingBuffer) {
        guard let arena = unsafe gh_arena_new(Self.least) else { return nil }
        unsafe self.arena = arena
        super.init(.br, buffer: buffer)
    }

    deinit {
        // The state gives its blocks back to the arena, which then goes.
        if let state = unsafe state { unsafe BrotliDecoderDestroyInstance(state) }
        unsafe gh_arena_free(arena)
    }

    override func restart(isBody: Bool) -> Bool {
        guard isBody else { return false }
        if let state = unsafe state { unsafe BrotliDecoderDestroyInstance(state) }
        // The window, twice while it grows, and the tables of codes.
        let wanted = limits.size < Self.most ? limits.size * 3 + Self.least : Self.most
        unsafe gh_arena_set_limit(arena, min(wanted, Self.most))
        unsafe state = gh_brotli_decoder(arena)
        return unsafe state != nil
    }

    override func trim() {
        if let state = unsafe state { unsafe BrotliDecoderDestroyInstance(state) }
        unsafe state = nil
        unsafe gh_arena_trim(arena)
    }

    override func decode(
        _ input: UnsafePointer<UInt8>?, _ count: Int, into output: UnsafeMutablePointer<UInt8>, _ capacity: Int,
        _ consumed: inout Int, _ produced: inout Int
    ) -> Outcome {
        guard let state = unsafe state else { return .failed(.outOfMemory) }
        var available = count
        var next = unsafe input
        var room = capacity
        var place: UnsafeMutablePointer<UInt8>? = unsafe output
        // The library reads `count` bytes at most and writes `capacity` at most.
        let result = unsafe BrotliDecoderDecompressStream(state, &available, &next, &room, &place, nil)
        consumed = count - available
        produced = capacity - room
        switch result {
        case BROTLI_DECODER_RESULT_SUCCESS: return .ended
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT, BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: return .more
        default: return .failed(unsafe gh_arena_has_refused(arena) != 0 ? .tooLarge : .malformed)
        }
    }
}
