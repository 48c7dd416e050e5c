import Synchronization

@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs a body on a thread of its own.
@safe final class SystemThread {
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        let box = unsafe Unmanaged.passRetained(Box(body))
        // The new thread takes over the reference to its body.
        _ = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
    }

    func join() {
        _ = pthread_join(thread, nil)
    }

    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

/// A loop that runs on a thread of its own until it is ended.
final class LoopThread {
    let loop: EventLoop
    private let thread: SystemThread

    init() {
        let loop = EventLoop()
        self.loop = loop
        thread = SystemThread { loop.run() }
    }

    func end() {
        loop.stop()
        thread.join()
    }
}
