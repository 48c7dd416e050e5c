internal import CLibuv
internal import CSystem
internal import Synchronization

/// Work for a loop from other threads: a short-held lock around an array, and libuv's wake-up.
///
/// The lock is the system's and not `Mutex`, whose lock on Linux ThreadSanitizer cannot see: it would report every one of
/// these accesses, and the real races of whoever hands work over would drown in that.
@safe final class TaskInbox: @unchecked Sendable {
    enum Work {
        case body(@Sendable () -> Void)
        case job(UnownedJob)
    }

    private static let rounds = 16

    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    /// Guarded by the lock, as `isOpen`.
    private var waiting: [Work] = []
    private var isOpen = true
    /// What the loop is running right now. Touched by the loop's thread only, as `hasMore`.
    private var running: [Work] = []
    /// Jobs that the loop's own thread has brought, the next ones and those of the present round: nobody has to be woken
    /// for them, and no other thread sees them.
    private var own: [UnownedJob] = []
    private var ownNow: [UnownedJob] = []
    /// The last drain stopped before the inbox was empty.
    private(set) var hasMore = false
    /// The thread that turns the loop, 0 for none: asked for from any thread.
    private let thread = Atomic<UInt>(0)
    private let wakeUp: UnsafeMutablePointer<uv_async_t>

    init() {
        unsafe wakeUp = .allocate(capacity: 1)
        unsafe lock = .allocate(capacity: 1)
        _ = unsafe pthread_mutex_init(lock, nil)
    }

    deinit {
        unsafe wakeUp.deallocate()
        _ = unsafe pthread_mutex_destroy(lock)
        unsafe lock.deallocate()
    }

    var isOnLoop: Bool { thread.load(ordering: .relaxed) == Self.currentThread }

    func enterThread() { thread.store(Self.currentThread, ordering: .relaxed) }
    func leaveThread() { thread.store(0, ordering: .relaxed) }

    private static var currentThread: UInt {
        #if os(Linux)
            UInt(pthread_self())
        #else
            UInt(bitPattern: pthread_self())
        #endif
    }

    func open(on libuv: UnsafeMutablePointer<uv_loop_t>) {
        // The callback has nothing to do: the loop looks into the inbox after libuv ran.
        let made = unsafe uv_async_init(libuv, wakeUp) { _ in }
        precondition(made == 0, "uv_async_init failed: \(made)")
    }

    /// After this, work is still taken but nobody is woken for it: the loop is gone.
    func close() {
        withLock {
            isOpen = false
            unsafe wakeUp.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { unsafe uv_close($0, nil) }
        }
    }

    /// A step of a task. One that the loop's own thread brings costs neither a lock nor a wake-up: the turn under way
    /// comes to it, or the next one, which does not wait then.
    func add(_ job: UnownedJob) {
        if isOnLoop { own.append(job) } else { add(.job(job)) }
    }

    /// Jobs of the loop's own thread wait.
    var hasOwn: Bool { !own.isEmpty }

    func add(_ work: Work) {
        withLock {
            waiting.append(work)
            // uv_async_send is the one libuv call that any thread may make; under the lock, so that it never meets a
            // closed handle. When work waits already, whoever brought it has sent the wake-up.
            if waiting.count == 1 && isOpen { _ = unsafe uv_async_send(wakeUp) }
        }
    }

    @inline(__always)
    private func withLock(_ body: () -> Void) {
        // The mutex lives as long as this object, and `body` does not call back into it.
        _ = unsafe pthread_mutex_lock(lock)
        body()
        _ = unsafe pthread_mutex_unlock(lock)
    }

    /// Runs what waits, and what that brings, a bounded number of times: a task that always yields would keep the loop
    /// from its sockets for ever.
    func drain(on loop: EventLoop) {
        for _ in 0..<Self.rounds {
            // The two arrays change places, so that a warm inbox allocates nothing.
            withLock { swap(&running, &waiting) }
            hasMore = !running.isEmpty
            if !hasMore { return }
            for item in running {
                switch item {
                case .body(let body): body()
                case .job(let job): loop.executor.run(job)
                }
                loop.flush()
            }
            running.removeAll(keepingCapacity: true)
        }
    }

    /// Runs the jobs that the loop's own thread has brought, and what those bring, as often as `drain` does.
    func runOwn(on loop: EventLoop) {
        for _ in 0..<Self.rounds {
            if own.isEmpty { return }
            swap(&own, &ownNow)
            for job in ownNow {
                loop.executor.run(job)
                loop.flush()
                loop.runAllDeferred()
            }
            ownNow.removeAll(keepingCapacity: true)
        }
    }
}
