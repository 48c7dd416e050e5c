internal import CNghttp2
internal import HTTPWire
internal import Reactor

/// What all sessions have in common: which functions the library calls, and what it is told to leave to us.
///
/// - Field rules: off. They are ours (`RequestFieldReader`), so that a malformed request is answered and logged with its
///   reason, and no field vanishes without a word.
/// - Window updates: off. A window opens again when an exchange has taken the bytes.
/// - Bounds against floods: above ours (`FrameGuard`), which come first.
///
/// What the callbacks refer to is kept alive by others while the library is on the stack, and so not counted again for
/// each of the many calls of a request.
@safe final class HTTP2Library: @unchecked Sendable {  // Written in `init` only.
    static let shared = HTTP2Library()

    let callbacks: OpaquePointer?
    let options: OpaquePointer?

    private init() {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        let made = unsafe nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&options) == 0
        precondition(made, "no memory for HTTP/2")
        unsafe self.callbacks = callbacks
        unsafe self.options = options

        unsafe nghttp2_option_set_no_http_messaging(options, 1)
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe nghttp2_option_set_no_closed_streams(options, 1)
        unsafe nghttp2_option_set_max_outbound_ack(options, 10_000)
        unsafe nghttp2_option_set_max_continuations(options, 2 * FrameGuard.continuationsPerBlock)
        unsafe nghttp2_option_set_stream_reset_rate_limit(options, 1_000_000, 1_000_000)

        // The pointers that the library hands over are good for the call; the last is the connection, which outlives
        // its session.
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            unsafe connection(user)._withUnsafeGuaranteedRef {
                unsafe $0.headerBlockDidBegin(frame!.pointee.hd, frame!.pointee.headers.cat)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, valueCount, _, user in
            unsafe connection(user)._withUnsafeGuaranteedRef {
                let name = unsafe Span(_unsafeStart: name!, count: nameCount)
                let value = unsafe Span(_unsafeStart: value!, count: valueCount)
                let goesOn = unsafe $0.didReceiveField(frame!.pointee.hd.stream_id, name, value)
                return goesOn ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            unsafe connection(user)._withUnsafeGuaranteedRef {
                unsafe $0.didReceiveFrame(frame!.pointee.hd, frame!.pointee.headers.cat)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, count, user in
            unsafe connection(user)._withUnsafeGuaranteedRef {
                unsafe $0.didReceiveData(stream, Span(_unsafeStart: data!, count: count))
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            let frame = unsafe frame!
            let isReset = unsafe UInt32(frame.pointee.hd.type) == NGHTTP2_RST_STREAM.rawValue
            let code = unsafe isReset ? frame.pointee.rst_stream.error_code : 0
            unsafe connection(user)._withUnsafeGuaranteedRef { unsafe $0.didSendFrame(frame.pointee.hd, code) }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, _, user in
            unsafe connection(user)._withUnsafeGuaranteedRef { $0.streamDidClose(stream) }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, _, head, count, source, user in
            unsafe connection(user)._withUnsafeGuaranteedRef {
                let head = unsafe Span(_unsafeStart: head!, count: 9)
                return unsafe $0.sendData(owner(source), head, count)
            }
        }
    }

    /// Where a response's body comes from: the stream's own queue. The library asks only for streams that it knows.
    @unsafe static func provider(for stream: HTTP2Downstream) -> nghttp2_data_provider {
        var provider = unsafe nghttp2_data_provider()
        unsafe provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
        unsafe provider.read_callback = { _, _, _, limit, flags, source, user in
            unsafe connection(user)._withUnsafeGuaranteedRef {
                unsafe $0.nextData(owner(source), limit, &flags!.pointee)
            }
        }
        return unsafe provider
    }
}

@unsafe private func connection(_ user: UnsafeMutableRawPointer?) -> Unmanaged<HTTP2Connection> {
    unsafe Unmanaged<HTTP2Connection>.fromOpaque(user!)
}

@unsafe private func owner(_ source: UnsafeMutablePointer<nghttp2_data_source>?) -> Unmanaged<HTTP2Downstream> {
    unsafe Unmanaged<HTTP2Downstream>.fromOpaque(source!.pointee.ptr!)
}
