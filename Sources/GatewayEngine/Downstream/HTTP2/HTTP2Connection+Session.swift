internal import CNghttp2
internal import HTTPWire
internal import Reactor

/// What the session calls back with. It is on the stack in all of these: they may submit frames to it, but neither feed
/// it nor delete it.
extension HTTP2Connection {
    /// Set in `headerBlockDidBegin`; `streams` holds the object until the library forgets the stream, and then the worker.
    private func stream(_ id: Int32) -> Unmanaged<HTTP2Downstream>? {
        guard let user = unsafe nghttp2_session_get_stream_user_data(session, id) else { return nil }
        return unsafe Unmanaged<HTTP2Downstream>.fromOpaque(user)
    }

    func headerBlockDidBegin(_ frame: nghttp2_frame_hd, _ category: nghttp2_headers_category) {
        decoded = 0
        limits = worker.snapshot.settings.head
        unsafe reading = nil
        guard UInt32(frame.type) == NGHTTP2_HEADERS.rawValue else { return }
        guard category == NGHTTP2_HCAT_REQUEST else {
            unsafe reading = stream(frame.stream_id)
            unsafe reading?._withUnsafeGuaranteedRef { $0.trailersDidBegin() }
            return
        }
        let stream = worker.takeStream(for: self)
        add(stream)
        // The stream is in `streams` as long as the library knows it.
        let unmanaged = unsafe Unmanaged.passUnretained(stream)
        _ = unsafe nghttp2_session_set_stream_user_data(session, frame.stream_id, unmanaged.toOpaque())
        stream.begin(frame.stream_id, on: self)
        unsafe reading = unmanaged
    }

    /// False: this is no head any more, but an attack on our memory.
    func didReceiveField(_ id: Int32, _ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        decoded += name.count + value.count + RequestFieldReader.fieldCost
        if decoded > 4 * limits.head {
            flood = .headerBytes
            return false
        }
        // As long as it is set, the stream has not ended.
        unsafe reading?._withUnsafeGuaranteedRef { if $0.id == id { $0.didReceive(name, value, limits) } }
        return true
    }

    func didReceiveFrame(_ frame: nghttp2_frame_hd, _ category: nghttp2_headers_category) {
        let endsStream = UInt32(frame.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
        switch UInt32(frame.type) {
        case NGHTTP2_HEADERS.rawValue:
            guard let stream = unsafe reading else { return }
            unsafe reading = nil
            unsafe stream._withUnsafeGuaranteedRef {
                guard $0.id == frame.stream_id else { return }
                if category == NGHTTP2_HCAT_REQUEST {
                    $0.headDidEnd(endsStream: endsStream)
                } else {
                    $0.trailersDidEnd(endsStream: endsStream)
                }
            }
        case NGHTTP2_DATA.rawValue:
            if endsStream { unsafe stream(frame.stream_id)?._withUnsafeGuaranteedRef { $0.requestDidEnd() } }
        case NGHTTP2_PING.rawValue:
            if UInt32(frame.flags) & NGHTTP2_FLAG_ACK.rawValue != 0 { finishDraining() }
        default:
            break
        }
    }

    func didReceiveData(_ id: Int32, _ bytes: Span<UInt8>) {
        guard let stream = unsafe stream(id) else { return consume(bytes.count, of: id) }
        unsafe stream._withUnsafeGuaranteedRef { $0.didReceive(bytes) }
    }

    func streamDidClose(_ id: Int32) {
        guard let stream = unsafe stream(id)?.takeUnretainedValue() else { return }
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
            unsafe stream(frame.stream_id)?._withUnsafeGuaranteedRef { $0.didSendEnd() }
        default:
            break
        }
    }

    /// How much of a stream's body comes next, and whether that is its end.
    @unsafe func nextData(_ stream: Unmanaged<HTTP2Downstream>, _ limit: Int, _ flags: inout UInt32) -> Int {
        switch unsafe stream._withUnsafeGuaranteedRef({ $0.nextData(limit) }) {
        case .wait:
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .some(let count, let isLast):
            if count > 0 { flags |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue }
            guard isLast else { return count }
            flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
            let stream = unsafe stream.takeUnretainedValue()
            if let trailers = stream.trailers {
                flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
                submit(trailers, for: stream.id)
            }
            return count
        }
    }

    /// Writes a DATA frame: its head, and the stream's next bytes straight out of its queue.
    @unsafe func sendData(_ stream: Unmanaged<HTTP2Downstream>, _ head: Span<UInt8>, _ count: Int) -> Int32 {
        unsafe stream._withUnsafeGuaranteedRef {
            guard $0.waitingCount >= count else { return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue }
            guard let socket, !socket.isCongested else { return NGHTTP2_ERR_WOULDBLOCK.rawValue }
            socket.write(head)
            $0.write(count, to: socket)
            return 0
        }
    }
}

/// What streams submit.
extension HTTP2Connection {
    /// A response's head. Names get lower case when the library copies them.
    func submit(_ head: ResponseHead, for stream: HTTP2Downstream, isInterim: Bool, endsStream: Bool) {
        let id = stream.id
        let fields = head.fields
        let status = head.status
        unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.count + 1) { list in
            unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3) { digits in
                unsafe digits[0] = UInt8(truncatingIfNeeded: 0x30 + status / 100 % 10)
                unsafe digits[1] = UInt8(truncatingIfNeeded: 0x30 + status / 10 % 10)
                unsafe digits[2] = UInt8(truncatingIfNeeded: 0x30 + status % 10)
                unsafe list[0] = HTTP2Fields.describe(":status", Span(_unsafeElements: UnsafeBufferPointer(digits)))
                let count = unsafe HTTP2Fields.fill(list, from: 1, with: fields, tellsNames: isTimeToTellNames())
                if isInterim {
                    _ = unsafe nghttp2_submit_headers(session, 0, id, nil, list.baseAddress, count, nil)
                } else if endsStream {
                    _ = unsafe nghttp2_submit_response(session, id, list.baseAddress, count, nil)
                } else {
                    var provider = unsafe HTTP2Library.provider(for: stream)
                    _ = unsafe nghttp2_submit_response(session, id, list.baseAddress, count, &provider)
                }
            }
        }
        schedule()
    }

    /// Whether names of fields that never come twice, such as a request's id, have to be put into the tables (again): what
    /// changes from second to second pushes them out by and by.
    private func isTimeToTellNames() -> Bool {
        let now = worker.loop.now
        guard now >= namesAreDue else { return false }
        namesAreDue = now + Self.namesTime
        return true
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
