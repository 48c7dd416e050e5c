internal import CNghttp2
internal import HTTPWire
internal import Reactor

/// What all sessions with endpoints have in common: the functions that the library calls, and what it is told to leave to
/// us. As with clients (`HTTP2Library`), field rules and windows are ours; its bounds against floods stay its own, since
/// endpoints are chosen and clients are not.
@safe final class HTTP2UpstreamLibrary: @unchecked Sendable {  // Written in `init` only.
    static let shared = HTTP2UpstreamLibrary()

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

        // The pointers that the library hands over are good for the call; the last is the connection, which outlives
        // its session.
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            unsafe connection(user).headerBlockDidBegin(frame!.pointee.hd)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, valueCount, _, user in
            let name = unsafe Span(_unsafeStart: name!, count: nameCount)
            let value = unsafe Span(_unsafeStart: value!, count: valueCount)
            let goesOn = unsafe connection(user).didReceiveField(frame!.pointee.hd.stream_id, name, value)
            return goesOn ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            unsafe connection(user).didReceiveFrame(frame!.pointee.hd)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, count, user in
            unsafe connection(user).didReceiveData(stream, Span(_unsafeStart: data!, count: count))
            return 0
        }
        unsafe nghttp2_session_callbacks_set_before_frame_send_callback(callbacks) { _, frame, user in
            unsafe connection(user).willSendFrame(frame!.pointee.hd)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, user in
            unsafe connection(user).streamDidClose(stream, code)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, frame, head, count, _, user in
            let head = unsafe Span(_unsafeStart: head!, count: 9)
            return unsafe connection(user).sendData(frame!.pointee.hd.stream_id, head, count)
        }
    }

    /// Where a request's body comes from: the stream's own queue.
    static var provider: nghttp2_data_provider {
        var provider = unsafe nghttp2_data_provider()
        unsafe provider.read_callback = { _, stream, _, limit, flags, _, user in
            unsafe connection(user).nextData(stream, limit, &flags!.pointee)
        }
        return unsafe provider
    }
}

private func connection(_ user: UnsafeMutableRawPointer?) -> HTTP2Upstream {
    unsafe Unmanaged<HTTP2Upstream>.fromOpaque(user!).takeUnretainedValue()
}
