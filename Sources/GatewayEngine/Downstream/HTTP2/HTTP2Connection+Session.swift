internal import CNghttp2
internal import HTTPWire
internal import Reactor

/// What the session calls back with. It is on the stack in all of these: they may submit frames to it, but neither feed
/// it nor delete it.
extension HTTP2Connection {
    private func stream(_ id: Int32) -> HTTP2Downstream? {
        guard let user = unsafe nghttp2_session_get_stream_user_data(session, id) else { return nil }
        // Set in `headerBlockDidBegin`; `streams` holds the object until the library forgets the stream.
        return unsafe Unmanaged<HTTP2Downstream>.fromOpaque(user).takeUnretainedValue()
    }

    func headerBlockDidBegin(_ frame: nghttp2_frame_hd, _ category: nghttp2_headers_category) {
        decoded = 0
        limits = worker.snapshot.settings.head
        reading = nil
        guard UInt32(frame.type) == NGHTTP2_HEADERS.rawValue else { return }
        guard category == NGHTTP2_HCAT_REQUEST else {
            reading = stream(frame.stream_id)
            reading?.trailersDidBegin()
            return
        }
        let stream = worker.takeStream(for: self)
        add(stream)
        // The stream is in `streams` as long as the library knows it.
        _ = unsafe nghttp2_session_set_stream_user_data(
            session, frame.stream_id, Unmanaged.passUnretained(stream).toOpaque())
        stream.begin(frame.stream_id, on: self)
        reading = stream
    }

    /// False: this is no head any more, but an attack on our memory.
    func didReceiveField(_ id: Int32, _ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        decoded += name.count + value.count + RequestFieldReader.fieldCost
        if decoded > 4 * limits.head {
            flood = .headerBytes
            return false
        }
        // One that ended within its header block is somebody else's by now, or nobody's.
        if let reading, reading.id == id, reading.connection === self { reading.didReceive(name, value, limits) }
        return true
    }

    func didReceiveFrame(_ frame: nghttp2_frame_hd, _ category: nghttp2_headers_category) {
        let endsStream = UInt32(frame.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
        switch UInt32(frame.type) {
        case NGHTTP2_HEADERS.rawValue:
            reading = nil
            guard let stream = stream(frame.stream_id) else { return }
            if category == NGHTTP2_HCAT_REQUEST {
                stream.headDidEnd(endsStream: endsStream)
            } else {
                stream.trailersDidEnd(endsStream: endsStream)
            }
        case NGHTTP2_DATA.rawValue:
            if endsStream { stream(frame.stream_id)?.requestDidEnd() }
        case NGHTTP2_PING.rawValue:
            if UInt32(frame.flags) & NGHTTP2_FLAG_ACK.rawValue != 0 { finishDraining() }
        default:
            break
        }
    }

    func didReceiveData(_ id: Int32, _ bytes: Span<UInt8>) {
        if let stream = stream(id) { stream.didReceive(bytes) } else { consume(bytes.count, of: id) }
    }

    func streamDidClose(_ id: Int32) {
        guard let stream = stream(id) else { return }
        let isReset = stream.wasCutShortByClient
        if resets.streamEnded(byReset: isReset, age: worker.loop.now - stream.beganAt) { flood = .resets }
        remove(stream)
        stream.didClose()
    }

    func didSendFrame(_ frame: nghttp2_frame_hd, _ code: UInt32) {
        switch UInt32(frame.type) {
        case NGHTTP2_RST_STREAM.rawValue:
            // A stream that was never opened here; all others are counted when they close.
            if code == NGHTTP2_REFUSED_STREAM.rawValue && resets.streamEnded(byReset: true, age: 0) { flood = .resets }
        case NGHTTP2_DATA.rawValue, NGHTTP2_HEADERS.rawValue:
            if UInt32(frame.type) == NGHTTP2_DATA.rawValue { frames.dataFramesSent += 1 }
            guard UInt32(frame.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0 else { return }
            stream(frame.stream_id)?.didSendEnd()
        default:
            break
        }
    }

    /// How much of a stream's body comes next, and whether that is its end.
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
        if socket?.isCongested != false { return NGHTTP2_ERR_WOULDBLOCK.rawValue }
        send(head)
        stream.write(count)
        return 0
    }
}

/// What streams submit.
extension HTTP2Connection {
    /// A response's head. Names get lower case when the library copies them.
    func submit(_ head: ResponseHead, for id: Int32, isInterim: Bool, endsStream: Bool) {
        let fields = head.fields
        let status = head.status
        unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.count + 1) { list in
            unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3) { digits in
                unsafe digits[0] = UInt8(truncatingIfNeeded: 0x30 + status / 100 % 10)
                unsafe digits[1] = UInt8(truncatingIfNeeded: 0x30 + status / 10 % 10)
                unsafe digits[2] = UInt8(truncatingIfNeeded: 0x30 + status % 10)
                let name: StaticString = ":status"
                unsafe list[0] = nghttp2_nv(
                    name: UnsafeMutablePointer(mutating: name.utf8Start), value: digits.baseAddress,
                    namelen: name.utf8CodeUnitCount, valuelen: 3, flags: 0)
                let count = unsafe HTTP2Fields.fill(list, from: 1, with: fields)
                if isInterim {
                    _ = unsafe nghttp2_submit_headers(session, 0, id, nil, list.baseAddress, count, nil)
                } else if endsStream {
                    _ = unsafe nghttp2_submit_response(session, id, list.baseAddress, count, nil)
                } else {
                    var provider = unsafe HTTP2Library.provider
                    _ = unsafe nghttp2_submit_response(session, id, list.baseAddress, count, &provider)
                }
            }
        }
        schedule()
    }

    private func submit(_ trailers: HeaderBlock, for id: Int32) {
        unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: trailers.count + 1) { list in
            let count = unsafe HTTP2Fields.fill(list, from: 0, with: trailers)
            _ = unsafe nghttp2_submit_trailer(session, id, list.baseAddress, count)
        }
    }

    /// More of a stream's body is there, or its end.
    func resume(_ id: Int32) {
        _ = unsafe nghttp2_session_resume_data(session, id)
        schedule()
    }

    func reset(_ id: Int32, _ code: UInt32) {
        _ = unsafe nghttp2_submit_rst_stream(session, 0, id, code)
        schedule()
    }
}
