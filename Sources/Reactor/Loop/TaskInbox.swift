internal import CLibuv
internal import Synchronization

/// Work for a loop from other threads: a short-held lock around an array, and libuv's wake-up.
@safe final class TaskInbox: @unchecked Sendable {
    enum Work {
        case body(@Sendable () -> Void)
        case job(UnownedJob)
    }

    private let waiting = Mutex<[Work]>([])
    private let wakeUp: UnsafeMutablePointer<uv_async_t>

    init() {
        unsafe wakeUp = .allocate(capacity: 1)
    }

    deinit {
        unsafe wakeUp.deallocate()
    }

    func open(on libuv: UnsafeMutablePointer<uv_loop_t>) {
        // The callback has nothing to do: the loop looks into the inbox after libuv ran.
        let made = unsafe uv_async_init(libuv, wakeUp) { _ in }
        precondition(made == 0, "uv_async_init failed: \(made)")
    }

    func close() {
        unsafe wakeUp.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { unsafe uv_close($0, nil) }
    }

    func add(_ work: Work) {
        waiting.withLock { $0.append(work) }
        // uv_async_send is the one libuv call that any thread may make.
        _ = unsafe uv_async_send(wakeUp)
    }

    func drain(on loop: EventLoop) {
        while true {
            let work = waiting.withLock { waiting -> [Work] in
                var taken: [Work] = []
                swap(&taken, &waiting)
                return taken
            }
            if work.isEmpty { return }
            for item in work {
                switch item {
                case .body(let body): body()
                case .job(let job): loop.executor.run(job)
                }
                loop.flush()
            }
        }
    }
}
