internal import CLibuv
internal import CSystem

/// One event loop: one thread, and everything that thread owns.
///
/// A turn of the loop:
/// 1. wait for descriptors, at most until the next timer,
/// 2. take the time once for the whole turn,
/// 3. let libuv run if it has anything (wake-ups from other threads, signals, file events),
/// 4. tell each ready handler; what it wrote in small pieces leaves in one system call after it,
/// 5. fire due timers,
/// 6. go round once more for sockets that had more to read than their turn allows, and for failures found on the way,
/// 7. run the steps of Swift tasks that all of this has brought (`LoopExecutor`).
///
/// Nothing here is locked: apart from `execute` and `stop`, every call belongs to the loop's own thread.
@safe package final class EventLoop: @unchecked Sendable {
    /// Bytes read per system call. The same memory serves every socket of the loop, so an idle one owns none.
    package static let readSize = 64 * 1024
    /// Sockets and timers that a turn has to come back to; more of them than this make the lists grow.
    private static let listCapacity = 256

    package let index: Int
    /// Nanoseconds of the monotonic clock, taken once a turn.
    package private(set) var now: Int64
    /// Nanoseconds since the epoch, taken with it.
    package private(set) var wallNow: Int64
    package var timers: TimerWheel
    package var chunks = ChunkPool()
    /// The longest time one turn took since somebody last asked: how late others were served (nanoseconds).
    package private(set) var worstLag: Int64 = 0
    package private(set) var turns: UInt64 = 0

    let descriptors: DescriptorSet
    let scratch: UnsafeMutablePointer<UInt8>
    var batch: WriteBatch
    /// What TLS connections have encrypted, on its way out; made when the first one comes.
    lazy var sealed = TLSOutput()
    /// Sockets with more to read than one turn gives them.
    private var readAgain: [StreamSocket] = []
    private var readAgainNow: [StreamSocket] = []
    /// Sockets whose write failed while somebody else's code was on the stack.
    private var failed: [(StreamSocket, Int32)] = []
    private var dueTimers: [TimerNode] = []
    /// What must not happen while a handler is on the stack.
    private var deferred: [() -> Void] = []
    /// Who has something to do when all events of this turn have been told.
    private var endingTurn: [StreamHandler] = []
    private var endingTurnNow: [StreamHandler] = []
    let libuv: UnsafeMutablePointer<uv_loop_t>
    let inbox = TaskInbox()
    package let executor: LoopExecutor
    private var isStopping = false

    package init(index: Int = 0) {
        self.index = index
        now = gh_monotonic_ns()
        wallNow = gh_wall_ns()
        timers = TimerWheel(now: now)
        unsafe scratch = .allocate(capacity: Self.readSize)
        batch = WriteBatch()
        unsafe libuv = .allocate(capacity: 1)
        let made = unsafe uv_loop_init(libuv)
        precondition(made == 0, "uv_loop_init failed: \(made)")
        unsafe descriptors = DescriptorSet(libuv: libuv)
        executor = LoopExecutor(inbox: inbox)
        unsafe inbox.open(on: libuv)
        // Room from the start, so that a warm loop does not grow them one by one.
        readAgain.reserveCapacity(Self.listCapacity)
        readAgainNow.reserveCapacity(Self.listCapacity)
        failed.reserveCapacity(Self.listCapacity)
        dueTimers.reserveCapacity(Self.listCapacity)
        endingTurn.reserveCapacity(Self.listCapacity)
        endingTurnNow.reserveCapacity(Self.listCapacity)
    }

    deinit {
        descriptors.tearDown()
        inbox.close()
        // Closing handles are finished by running the loop until nothing is left.
        while unsafe uv_run(libuv, UV_RUN_NOWAIT) != 0 {}
        _ = unsafe uv_loop_close(libuv)
        unsafe libuv.deallocate()
        unsafe scratch.deallocate()
    }

    // MARK: From any thread

    /// Runs `body` on the loop's thread, soon.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        inbox.add(.body(body))
    }

    /// Ends `run()` after the turn under way.
    package func stop() {
        execute { [self] in isStopping = true }
    }

    package var isCurrent: Bool { inbox.isOnLoop }

    // MARK: On the loop's thread

    /// Turns until `stop()`.
    package func run() {
        isStopping = false
        while !isStopping { turn(longest: nil) }
        inbox.leaveThread()
    }

    /// One turn, waiting `longest` milliseconds at most.
    package func turn(longest: Int64?) {
        // Whoever turns the loop owns it: tests turn it by hand.
        inbox.enterThread()
        var libuvIsReady = false
        let count = descriptors.wait(milliseconds: waitTime(longest), libuvIsReady: &libuvIsReady)
        let began = gh_monotonic_ns()
        now = began
        wallNow = gh_wall_ns()
        turns &+= 1
        if DescriptorSet.waitRunsLibuv {
            inbox.drain(on: self)
        } else if libuvIsReady || libuvTimerIsDue {
            _ = unsafe uv_run(libuv, UV_RUN_NOWAIT)
            inbox.drain(on: self)
        } else if inbox.hasMore {
            inbox.drain(on: self)
        }
        for index in 0..<count {
            guard let (handler, readiness) = descriptors.event(index) else { continue }
            handler.descriptorIsReady(readiness)
            flush()
            if !failed.isEmpty { reportFailures() }
        }
        fireTimers()
        if !readAgain.isEmpty { continueReading() }
        if !failed.isEmpty { reportFailures() }
        runAllDeferred()
        if inbox.hasOwn { inbox.runOwn(on: self) }
        if !endingTurn.isEmpty { endTurn() }
        let lag = gh_monotonic_ns() - began
        if lag > worstLag { worstLag = lag }
    }

    /// Runs `body` when the handler on the stack has returned, before the loop waits again.
    package func afterThis(_ body: @escaping () -> Void) {
        deferred.append(body)
    }

    /// Calls the handler's `loopTurnDidEnd` once all events of this turn have been told: for what many of them may add
    /// to, such as a connection's answers. A handler that asks while it is called is called in the next turn.
    package func atTurnEnd(_ handler: StreamHandler) {
        endingTurn.append(handler)
    }

    private func endTurn() {
        swap(&endingTurn, &endingTurnNow)
        for handler in endingTurnNow {
            handler.loopTurnDidEnd()
            flush()
        }
        endingTurnNow.removeAll(keepingCapacity: true)
    }

    /// Returns the longest turn since the last call, in nanoseconds.
    package func takeWorstLag() -> Int64 {
        let lag = worstLag
        worstLag = 0
        return lag
    }

    func readLater(_ socket: StreamSocket) { readAgain.append(socket) }
    func failLater(_ socket: StreamSocket, _ error: Int32) { failed.append((socket, error)) }

    /// Sends what handlers wrote in small pieces.
    @inline(__always)
    package func flush() {
        if batch.owner != nil { batch.flush() }
    }

    private func waitTime(_ longest: Int64?) -> Int32 {
        if !readAgain.isEmpty || !failed.isEmpty || !deferred.isEmpty || !endingTurn.isEmpty || inbox.hasMore
            || inbox.hasOwn
        {
            return 0
        }
        var wait = longest ?? 60_000
        if let timer = timers.timeout(now: gh_monotonic_ns()) { wait = min(wait, timer) }
        let libuvTimer = unsafe uv_backend_timeout(libuv)
        if libuvTimer >= 0 { wait = min(wait, Int64(libuvTimer)) }
        return Int32(clamping: max(0, wait))
    }

    private var libuvTimerIsDue: Bool {
        unsafe uv_update_time(libuv)
        return unsafe uv_backend_timeout(libuv) == 0
    }

    private func fireTimers() {
        timers.collectDue(now: now, into: &dueTimers)
        if dueTimers.isEmpty { return }
        // By index: an iterator lives on the heap when nothing is optimised, and the allocation test counts there too.
        for index in dueTimers.indices {
            dueTimers[index].fireIfStillDue()
            flush()
        }
        dueTimers.removeAll(keepingCapacity: true)
    }

    private func continueReading() {
        swap(&readAgain, &readAgainNow)
        for index in readAgainNow.indices {
            readAgainNow[index].continueReading()
            flush()
        }
        readAgainNow.removeAll(keepingCapacity: true)
    }

    private func reportFailures() {
        while let (socket, error) = failed.popLast() {
            socket.failAfterWriting(error)
            flush()
        }
    }

    func runAllDeferred() {
        while !deferred.isEmpty { runDeferred() }
    }

    private func runDeferred() {
        var now: [() -> Void] = []
        swap(&now, &deferred)
        for body in now {
            body()
            flush()
        }
    }
}
