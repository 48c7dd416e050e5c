internal import CFloorLibuv
internal import Glibc

/// epoll, edge-triggered: one call when a connection opens and none until it closes.
/// Safe to use: the event array is private, allocated once and never freed.
@safe struct EpollPoller: Poller, ~Copyable {
    let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private static let capacity = 256

    init() {
        descriptor = epoll_create1(0)
        guard descriptor >= 0 else { Sockets.fail("epoll_create1") }
        // Lives as long as the process.
        unsafe events = .allocate(capacity: Self.capacity)
    }

    mutating func add(_ added: Int32, token: UInt64) {
        var event = unsafe epoll_event()  // unsafe for its union
        unsafe event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        unsafe event.data.u64 = token  // a C union: this member is the one that `wait` reads
        guard unsafe epoll_ctl(descriptor, EPOLL_CTL_ADD, added, &event) == 0 else { Sockets.fail("epoll_ctl") }
    }

    /// Adds a descriptor that is only ever read, level-triggered: the backend of an embedded event loop.
    mutating func addInner(_ added: Int32, token: UInt64) {
        var event = unsafe epoll_event()  // unsafe for its union
        unsafe event.events = EPOLLIN.rawValue
        unsafe event.data.u64 = token  // as above
        guard unsafe epoll_ctl(descriptor, EPOLL_CTL_ADD, added, &event) == 0 else { Sockets.fail("epoll_ctl") }
    }

    mutating func remove(_ descriptor: Int32) {}  // closing it does
    mutating func pauseReading(_ descriptor: Int32) {}
    mutating func resumeReading(_ descriptor: Int32) {}
    mutating func wantWritable(_ descriptor: Int32, _ wanted: Bool) {}

    mutating func wait(into ready: inout [Ready]) {
        wait(into: &ready, milliseconds: -1)
    }

    mutating func wait(into ready: inout [Ready], milliseconds: Int32) {
        // The kernel writes at most `capacity` events, and says how many.
        let count = unsafe epoll_wait(descriptor, events, Int32(Self.capacity), milliseconds)
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let event = unsafe events[index]
            unsafe ready.append(
                Ready(
                    token: event.data.u64,
                    readable: event.events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0,
                    writable: event.events & EPOLLOUT.rawValue != 0,
                    hangup: event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0))
        }
    }
}
