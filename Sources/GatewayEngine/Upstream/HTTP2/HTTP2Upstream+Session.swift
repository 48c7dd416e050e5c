internal import CNghttp2
internal import HTTPWire
internal import Reactor

/// What the session calls back with. It is on the stack in all of these: they may submit frames to it, but neither feed
/// it nor delete it.
extension HTTP2Upstream {
    private func stream(_ id: Int32) -> HTTP2UpstreamStream? {
        guard let user = unsafe nghttp2_session_get_stream_user_data(session, id) else { return nil }
        // Set when the request was submitted, taken back when `streams` lets go of the object.
        return unsafe Unmanaged<HTTP2UpstreamStream>.fromOpaque(user).takeUnretainedValue()
    }

    func headerBlockDidBegin(_ frame: nghttp2_frame_hd) {
        decoded = 0
        stream(frame.stream_id)?.headerBlockDidBegin()
    }

    /// False: no endpoint in its right mind sends so much.
    func didReceiveField(_ id: Int32, _ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        let limits = worker.snapshot.settings.responseHead
        decoded += name.count + value.count + RequestFieldReader.fieldCost
        if decoded > 4 * limits.head { return false }
        stream(id)?.didReceive(name, value, limits)
        return true
    }

    func didReceiveFrame(_ frame: nghttp2_frame_hd) {
        let endsStream = UInt32(frame.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
        switch UInt32(frame.type) {
        case NGHTTP2_HEADERS.rawValue: stream(frame.stream_id)?.headerBlockDidEnd(endsStream: endsStream)
        case NGHTTP2_DATA.rawValue: if endsStream { stream(frame.stream_id)?.responseDidEnd() }
        case NGHTTP2_SETTINGS.rawValue:
            if UInt32(frame.flags) & NGHTTP2_FLAG_ACK.rawValue == 0 { isGreeted = true }
            pool.hasRoomAgain()
        case NGHTTP2_GOAWAY.rawValue: retire()
        default: break
        }
    }

    func didReceiveData(_ id: Int32, _ bytes: Span<UInt8>) {
        // Any stream may be slow, the connection is not.
        _ = unsafe nghttp2_session_consume_connection(session, bytes.count)
        stream(id)?.didReceive(bytes)
    }

    func willSendFrame(_ frame: nghttp2_frame_hd) {
        if UInt32(frame.type) == NGHTTP2_HEADERS.rawValue { stream(frame.stream_id)?.headWillLeave() }
    }

    func streamDidClose(_ id: Int32, _ code: UInt32) {
        guard let stream = stream(id) else { return }
        remove(stream)
        stream.didClose(isRefused: code == NGHTTP2_REFUSED_STREAM.rawValue)
    }

    /// How much of a request's body comes next, and whether that is its end.
    func nextData(_ id: Int32, _ limit: Int, _ flags: inout UInt32) -> Int {
        guard let stream = stream(id) else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
        switch stream.nextData(limit) {
        case .wait:
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .some(let count, let isLast):
            if count > 0 { flags |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue }
            guard isLast else { return count }
            flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
            if let trailers = stream.trailers {
                flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
                submit(trailers, for: id)
            }
            return count
        }
    }

    /// Writes a DATA frame: its head, and the stream's next bytes straight out of its queue.
    func sendData(_ id: Int32, _ head: Span<UInt8>, _ count: Int) -> Int32 {
        guard let stream = stream(id), stream.waitingCount >= count else {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        if isCongested { return NGHTTP2_ERR_WOULDBLOCK.rawValue }
        send(head)
        stream.write(count)
        return 0
    }
}

/// What streams submit.
extension HTTP2Upstream {
    /// Sends a request's head. It comes in the form that HTTP/1 gives it, which the gateway has written itself: a request
    /// line and `Name: value` lines.
    ///
    /// - Returns: the stream's number; nil when there are none left.
    func submit(_ head: Span<UInt8>, endsStream: Bool, for stream: HTTP2UpstreamStream) -> Int32? {
        guard let session = unsafe session else { return nil }
        var lines = RequestLines(head)
        let target = lines.target
        let id = unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: lines.count + 4) { list in
            let scheme: StaticString = pool.peer == nil ? "http" : "https"
            unsafe list[0] = HTTP2Fields.describe(":method", head.extracting(lines.method))
            // The text is constant data of the program.
            unsafe list[1] = HTTP2Fields.describe(
                ":scheme", Span(_unsafeStart: scheme.utf8Start, count: scheme.utf8CodeUnitCount))
            unsafe list[2] = HTTP2Fields.describe(":path", head.extracting(target))
            var count = 3
            while let line = lines.next(head) {
                let (name, value) = (head.extracting(line.name), head.extracting(line.value))
                let known = KnownField.lookup(name)
                if known == .host {
                    // Pseudo-header fields come first.
                    unsafe list[count] = list[3]
                    unsafe list[3] = HTTP2Fields.describe(":authority", value)
                } else if known.isHopByHop && known != .te {
                    continue
                } else {
                    unsafe list[count] = HTTP2Fields.describe(name, value, known)
                }
                count += 1
            }
            var provider = unsafe HTTP2UpstreamLibrary.provider
            // `streams` holds the object as long as the library knows it.
            let user = unsafe Unmanaged.passUnretained(stream).toOpaque()
            return unsafe endsStream
                ? nghttp2_submit_request(session, nil, list.baseAddress, count, nil, user)
                : nghttp2_submit_request(session, nil, list.baseAddress, count, &provider, user)
        }
        schedule()
        return id > 0 ? id : nil
    }

    private func submit(_ trailers: HeaderBlock, for id: Int32) {
        unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: trailers.count + 1) { list in
            let count = unsafe HTTP2Fields.fill(list, from: 0, with: trailers)
            _ = unsafe nghttp2_submit_trailer(session, id, list.baseAddress, count)
        }
    }

    /// More of a request's body is there, or its end.
    func resume(_ id: Int32) {
        guard let session = unsafe session else { return }
        _ = unsafe nghttp2_session_resume_data(session, id)
        schedule()
    }

    func reset(_ id: Int32, _ code: UInt32) {
        guard let session = unsafe session else { return }
        _ = unsafe nghttp2_submit_rst_stream(session, 0, id, code)
        schedule()
    }

    /// Bytes of a response have been taken: the endpoint may send as many more.
    func consume(_ count: Int, of id: Int32) {
        guard count > 0, let session = unsafe session else { return }
        _ = unsafe nghttp2_session_consume_stream(session, id, count)
        schedule()
    }
}
