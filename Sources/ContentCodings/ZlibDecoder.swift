internal import CZlib

/// gzip, of which several may stand behind one another (RFC 1952 §2.2), and deflate, with its wrapping or without.
@safe final class ZlibDecoder: ContentDecoder {
    /// At one address for its whole life: the library keeps a pointer back to it.
    private let stream: UnsafeMutablePointer<z_stream>
    /// The first byte decides how deflate is wrapped.
    private var isFirst = true

    private static let gzip: Int32 = 31
    private static let zlib: Int32 = 15
    private static let raw: Int32 = -15

    init?(inflating coding: ContentCoding, buffer: CodingBuffer) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        super.init(coding, buffer: buffer)
        let wrapping = coding == .gzip ? Self.gzip : Self.zlib
        guard unsafe gh_inflate_start(stream, wrapping) == Z_OK else { return nil }
    }

    deinit {
        // Of a stream that was not started it does nothing.
        _ = unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    override func restart(isBody: Bool) -> Bool {
        guard isBody || coding == .gzip else { return false }
        isFirst = true
        return unsafe inflateReset2(stream, coding == .gzip ? Self.gzip : Self.zlib) == Z_OK
    }

    override func decode(
        _ input: UnsafePointer<UInt8>?, _ count: Int, into output: UnsafeMutablePointer<UInt8>, _ capacity: Int,
        _ consumed: inout Int, _ produced: inout Int
    ) -> Outcome {
        if isFirst, let input = unsafe input, count > 0 {
            isFirst = false
            // zlib's first byte: method 8, a window of 32 KiB at most (RFC 1950 §2.2). No stream without the wrapping
            // begins so, but for one whose padding is not zero.
            let first = unsafe input[0]
            let isWrapped = first & 0x0F == 8 && first >> 4 <= 7
            if coding == .deflate, !isWrapped { _ = unsafe inflateReset2(stream, Self.raw) }
        }
        // The library reads `count` bytes at most and writes `capacity` at most.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input)
        unsafe stream.pointee.avail_in = UInt32(clamping: count)
        unsafe stream.pointee.next_out = output
        unsafe stream.pointee.avail_out = UInt32(clamping: capacity)
        let code = unsafe inflate(stream, Z_NO_FLUSH)
        consumed = unsafe min(count, Int(UInt32.max)) - Int(stream.pointee.avail_in)
        produced = unsafe capacity - Int(stream.pointee.avail_out)
        switch code {
        case Z_OK, Z_BUF_ERROR: return .more
        case Z_STREAM_END: return .ended
        case Z_MEM_ERROR: return .failed(.outOfMemory)
        default: return .failed(.malformed)
        }
    }
}
