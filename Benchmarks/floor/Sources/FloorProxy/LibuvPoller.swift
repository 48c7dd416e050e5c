internal import CFloorLibuv

/// libuv's `uv_poll`: level-triggered, one handle for each descriptor. Readable stays armed, interest in writing is
/// taken only while something waits, and a handle's memory lives until libuv's close callback.
///
/// Safe to use: no pointer leaves it, and handles are freed only by their close callback.
@safe struct LibuvPoller: Poller, ~Copyable {
    /// What a handle points back to. Safe to use: the handle is freed only when libuv lets go of the watch.
    @safe final class Watch {
        var token: UInt64
        var interest = UV_READABLE.rawValue
        unowned let sink: Sink
        let handle: UnsafeMutablePointer<uv_poll_t>

        init(token: UInt64, sink: Sink) {
            self.token = token
            self.sink = sink
            unsafe handle = .allocate(capacity: 1)
        }
    }

    /// Where callbacks leave events for `wait`.
    final class Sink {
        var ready: [Ready] = []
    }

    private let loop: UnsafeMutablePointer<uv_loop_t>
    private let sink = Sink()
    private var watches: [Watch?] = []

    init() {
        // Lives as long as the process.
        unsafe loop = .allocate(capacity: 1)
        guard unsafe uv_loop_init(loop) == 0 else { Sockets.fail("uv_loop_init") }
    }

    mutating func add(_ descriptor: Int32, token: UInt64) {
        let watch = Watch(token: token, sink: sink)
        while watches.count <= Int(descriptor) { watches.append(nil) }
        watches[Int(descriptor)] = watch
        guard unsafe uv_poll_init(loop, watch.handle, descriptor) == 0 else { Sockets.fail("uv_poll_init") }
        // The handle keeps the watch alive; the close callback takes it back.
        unsafe watch.handle.pointee.data = Unmanaged.passRetained(watch).toOpaque()
        arm(watch)
    }

    private func arm(_ watch: Watch) {
        guard watch.interest != 0 else {
            _ = unsafe uv_poll_stop(watch.handle)
            return
        }
        // The data member is the watch, for as long as callbacks can come.
        _ = unsafe uv_poll_start(watch.handle, Int32(watch.interest)) { handle, status, events in
            guard let data = unsafe handle?.pointee.data else { return }
            let watch = unsafe Unmanaged<Watch>.fromOpaque(data).takeUnretainedValue()
            watch.sink.ready.append(
                Ready(
                    token: watch.token,
                    readable: UInt32(events) & UV_READABLE.rawValue != 0,
                    writable: UInt32(events) & UV_WRITABLE.rawValue != 0,
                    hangup: status < 0))
        }
    }

    mutating func remove(_ descriptor: Int32) {
        guard let watch = watches[Int(descriptor)] else { return }
        watches[Int(descriptor)] = nil
        // A poll handle is a handle: libuv's own way to close one is this cast.
        unsafe watch.handle.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { handle in
            unsafe uv_close(handle) { closed in
                guard let data = unsafe closed?.pointee.data else { return }
                let watch = unsafe Unmanaged<Watch>.fromOpaque(data).takeRetainedValue()
                unsafe watch.handle.deallocate()
            }
        }
    }

    private func change(_ descriptor: Int32, _ bit: UInt32, _ on: Bool) {
        guard let watch = watches[Int(descriptor)] else { return }
        let interest = on ? watch.interest | bit : watch.interest & ~bit
        guard interest != watch.interest else { return }
        watch.interest = interest
        arm(watch)
    }

    mutating func pauseReading(_ descriptor: Int32) { change(descriptor, UV_READABLE.rawValue, false) }
    mutating func resumeReading(_ descriptor: Int32) { change(descriptor, UV_READABLE.rawValue, true) }
    mutating func wantWritable(_ descriptor: Int32, _ wanted: Bool) { change(descriptor, UV_WRITABLE.rawValue, wanted) }

    mutating func wait(into ready: inout [Ready]) {
        _ = unsafe uv_run(loop, UV_RUN_ONCE)
        swap(&ready, &sink.ready)
    }
}
