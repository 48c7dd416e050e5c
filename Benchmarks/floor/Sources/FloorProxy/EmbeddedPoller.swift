internal import CFloorLibuv

/// An edge-triggered epoll set of our own as the outer wait, with a libuv loop inside it: libuv's descriptor is one
/// member of the set, and the loop runs, without waiting, only when that member is readable or a timer is due. So
/// connections cost what bare epoll costs, and timers, wake-ups and DNS still have libuv under them.
///
/// One repeating timer of 100 ms stands for the work that a gateway gives the inner loop.
///
/// Safe to use: no pointer leaves it, and none is ever freed.
@safe struct EmbeddedPoller: Poller, ~Copyable {
    private var outer = EpollPoller()
    private let loop: UnsafeMutablePointer<uv_loop_t>
    private let timer: UnsafeMutablePointer<uv_timer_t>
    private static let innerToken = UInt64.max

    init() {
        // Both live as long as the process.
        unsafe loop = .allocate(capacity: 1)
        unsafe timer = .allocate(capacity: 1)
        guard unsafe uv_loop_init(loop) == 0, unsafe uv_timer_init(loop, timer) == 0 else {
            Sockets.fail("uv_loop_init")
        }
        _ = unsafe uv_timer_start(timer, { _ in }, 100, 100)
        outer.addInner(unsafe uv_backend_fd(loop), token: Self.innerToken)
    }

    mutating func add(_ descriptor: Int32, token: UInt64) { outer.add(descriptor, token: token) }
    mutating func remove(_ descriptor: Int32) {}
    mutating func pauseReading(_ descriptor: Int32) {}
    mutating func resumeReading(_ descriptor: Int32) {}
    mutating func wantWritable(_ descriptor: Int32, _ wanted: Bool) {}

    mutating func wait(into ready: inout [Ready]) {
        unsafe uv_update_time(loop)
        let patience = unsafe uv_backend_timeout(loop)
        if patience != 0 { outer.wait(into: &ready, milliseconds: patience) }
        let inner = ready.lastIndex { $0.token == Self.innerToken }
        if let inner { ready.remove(at: inner) }
        if patience == 0 || ready.isEmpty || inner != nil {
            _ = unsafe uv_run(loop, UV_RUN_NOWAIT)
        }
    }
}
