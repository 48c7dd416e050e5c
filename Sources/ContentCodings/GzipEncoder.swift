internal import CZlib

@safe final class GzipEncoder: ContentEncoder {
    /// At one address for its whole life: the library keeps a pointer back to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let buffer: CodingBuffer

    init?(level: Int, buffer: CodingBuffer) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        self.buffer = buffer
        super.init(.gzip, level: level)
        // 31: a window of 32 KiB, gzip's wrapping.
        guard unsafe gh_deflate_start(stream, Int32(clamping: level), 31) == Z_OK else { return nil }
    }

    deinit {
        // Of a stream that was not started it does nothing.
        _ = unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    override func encode(
        _ bytes: Span<UInt8>, _ ending: Ending, write: (Span<UInt8>) -> Void
    ) throws(CodingFault) {
        let mode =
            switch ending {
            case .none: Z_NO_FLUSH
            case .flush: Z_SYNC_FLUSH
            case .finish: Z_FINISH
            }
        var failed = false
        // The pointers are used within the calls only; the library writes at most `size` bytes into the buffer.
        unsafe bytes.withUnsafeBufferPointer { input in
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
            while true {
                unsafe stream.pointee.next_out = buffer.base
                unsafe stream.pointee.avail_out = UInt32(CodingBuffer.size)
                let code = unsafe deflate(stream, mode)
                failed = code == Z_STREAM_ERROR
                let left = unsafe Int(stream.pointee.avail_out)
                if left < CodingBuffer.size {
                    write(unsafe Span(_unsafeStart: UnsafePointer(buffer.base), count: CodingBuffer.size - left))
                }
                if failed || code == Z_STREAM_END || (left > 0 && ending != .finish) { break }
            }
        }
        if failed { throw .outOfMemory }
    }

    override func reset() -> Bool { unsafe deflateReset(stream) == Z_OK }
}
