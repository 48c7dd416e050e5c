internal import HTTPWire
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Brings the access log's lines from all workers into one file, on a thread of its own.
///
/// 1. A worker gathers lines in a batch that it owns (`AccessLogWorker`).
/// 2. Full, or at a tick of the worker's timer, the batch is exchanged for an empty one: the lock is held for a few
///    pointers, and no line is copied.
/// 3. The thread takes all waiting batches at once, writes each with one system call, and puts it back for use.
///
/// The file may be a full disk, a dead network share or a pipe nobody reads. None of this ever holds up a request: the
/// queue is bounded, and lines that find it full are dropped and counted. A write that fails is reported once, and again
/// only after one that succeeded.
///
/// The thread keeps this object alive until `stop`.
package final class AccessLogSink: Sendable {
    /// Lines on their way. The buffer is only ever reached through the one batch that holds it, and a batch has one
    /// owner at a time: a worker, the queue, or the thread. So it may cross threads although it is not thread-safe.
    struct Batch: @unchecked Sendable {
        static let capacity = 64 * 1024

        let buffer = WireBuffer(capacity: Batch.capacity)
        var lines = 0

        /// What it counts for in the queue's limit: the memory it keeps, however little of it is used.
        var cost: Int { max(buffer.count, Batch.capacity) }
    }

    private enum Item: Sendable {
        case lines(Batch)
        case reopen
    }

    private struct State {
        var queue: [Item] = []
        /// Memory and lines of the batches that were handed over and are not written yet.
        var cost = 0
        var lines = 0
        var spares: [Batch] = []
        var isAsleep = false
        var isStopping = false
    }

    private let state = Mutex(State())
    private let news: SignalPipe
    private let finished: SignalPipe
    private let path: String
    private let limit: Int
    private let counters: AccessLogCounters
    private let report: @Sendable (AccessLogFailure) -> Void

    /// How many empty batches are kept for the next use; beyond that, a burst's memory goes back.
    private static let spareLimit = 16

    /// Opens the file and starts the thread.
    ///
    /// - Parameters:
    ///   - path: "-" for standard output.
    ///   - queueLimit: bytes that may wait to be written.
    ///   - report: called on the log's thread.
    package init(
        path: String, queueLimit: Int = 16 * 1024 * 1024, counters: AccessLogCounters,
        report: @escaping @Sendable (AccessLogFailure) -> Void
    ) throws(AccessLogFailure) {
        let file = try LogFile(path: path)
        guard let news = SignalPipe(), let finished = SignalPipe() else {
            throw AccessLogFailure(operation: .start, path: path, errorNumber: errno)
        }
        self.news = news
        self.finished = finished
        self.path = path
        self.counters = counters
        self.report = report
        limit = queueLimit
        state.withLock { state in
            state.queue.reserveCapacity(queueLimit / Batch.capacity + 16)
            state.spares.reserveCapacity(AccessLogSink.spareLimit)
        }
        try start(file)
    }

    /// Hands a full batch over and gives an empty one back, at once and in any case.
    func exchange(_ full: Batch) -> Batch {
        var isAccepted = false
        var mustWake = false
        let spare: Batch? = state.withLock { state in
            guard !state.isStopping, state.cost + full.cost <= limit else { return nil }
            isAccepted = true
            state.queue.append(.lines(full))
            state.cost += full.cost
            state.lines += full.lines
            mustWake = state.isAsleep
            state.isAsleep = false
            return state.spares.popLast()
        }
        if mustWake { news.signal() }
        if isAccepted { return spare ?? Batch() }
        counters.dropped.add(UInt64(full.lines), ordering: .relaxed)
        var emptied = full
        emptied.buffer.removeAll()
        emptied.lines = 0
        return emptied
    }

    /// Opens the path anew, behind the lines that were handed over before (SIGUSR1, after the file was renamed). Lines
    /// that a worker has not flushed yet go to the new file.
    package func reopen() {
        let mustWake = state.withLock { state in
            // One is enough, however often it is asked for while the disk stands still.
            if case .reopen? = state.queue.last { return false }
            state.queue.append(.reopen)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if mustWake { news.signal() }
    }

    /// Writes what was handed over and ends the thread; gives up after `timeout`, and counts what is left as dropped.
    ///
    /// - Returns: whether everything was written.
    @discardableResult
    package func stop(timeout: Duration) -> Bool {
        state.withLock { $0.isStopping = true }
        news.signal()
        let parts = timeout.components
        let milliseconds = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
        if finished.wait(milliseconds: Int32(clamping: max(milliseconds, 0))) {
            finished.signal()  // for a second caller
            return true
        }
        counters.dropped.add(UInt64(state.withLock { $0.lines }), ordering: .relaxed)
        return false
    }

    // MARK: The thread

    private func start(_ file: consuming LogFile) throws(AccessLogFailure) {
        let start = Thread(sink: self, file: file)
        var thread: pthread_t? = nil
        // The new thread takes the retained object over; when there is none, it is released here.
        let context = unsafe Unmanaged.passRetained(start)
        #if canImport(Glibc)
            var handle = pthread_t()
            let result = unsafe pthread_create(&handle, nil, { unsafe Thread.enter($0!) }, context.toOpaque())
            thread = handle
        #else
            let result = unsafe pthread_create(&thread, nil, { unsafe Thread.enter($0) }, context.toOpaque())
        #endif
        guard result == 0, let thread else {
            unsafe context.release()
            throw AccessLogFailure(operation: .start, path: path, errorNumber: result)
        }
        _ = pthread_detach(thread)
    }

    /// What the thread begins with.
    private final class Thread {
        private let sink: AccessLogSink
        private var file: LogFile

        init(sink: AccessLogSink, file: consuming LogFile) {
            self.sink = sink
            self.file = file
        }

        static func enter(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
            // Balances passRetained in `start`.
            let thread = unsafe Unmanaged<Thread>.fromOpaque(context).takeRetainedValue()
            // Signals are for the main thread; and a pipe without a reader is an error here, not the program's end.
            var all = sigset_t()
            unsafe sigfillset(&all)
            unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
            thread.sink.run(&thread.file)
            return nil
        }
    }

    private func run(_ file: inout LogFile) {
        var items: [Item] = []
        items.reserveCapacity(limit / Batch.capacity + 16)
        var isFailing = false
        while takeAll(into: &items) {
            // By index: an iterator lives on the heap when nothing is optimised, and the allocation test counts there too.
            for index in items.indices {
                switch items[index] {
                case .lines(let batch):
                    write(batch, to: &file, &isFailing)
                    recycle(batch)
                case .reopen:
                    do throws(AccessLogFailure) {
                        try file.reopen()
                        isFailing = false
                    } catch {
                        report(error)
                    }
                }
            }
            items.removeAll(keepingCapacity: true)
        }
        finished.signal()
    }

    /// Waits for items. `items` comes empty, and its memory is swapped for the queue's.
    ///
    /// - Returns: false when there is nothing left and nothing will come.
    private func takeAll(into items: inout [Item]) -> Bool {
        while true {
            let isStopping = state.withLock { state in
                swap(&state.queue, &items)
                state.isAsleep = items.isEmpty
                return state.isStopping
            }
            if !items.isEmpty { return true }
            if isStopping { return false }
            _ = news.wait(milliseconds: -1)
        }
    }

    private func write(_ batch: Batch, to file: inout LogFile, _ isFailing: inout Bool) {
        let bytes = batch.buffer.span
        let (count, errorNumber) = file.write(bytes)
        var written = 0
        if count == bytes.count {
            written = batch.lines
        } else {
            for index in 0..<count where bytes[index] == UInt8(ascii: "\n") { written += 1 }
        }
        counters.written.add(UInt64(written), ordering: .relaxed)
        if errorNumber == 0 {
            isFailing = false
            return
        }
        counters.dropped.add(UInt64(batch.lines - written), ordering: .relaxed)
        if !isFailing {
            isFailing = true
            report(AccessLogFailure(operation: .write, path: path, errorNumber: errorNumber))
        }
    }

    private func recycle(_ batch: Batch) {
        let cost = batch.cost
        var emptied = batch
        emptied.buffer.removeAll()
        emptied.lines = 0
        state.withLock { state in
            state.cost -= cost
            state.lines -= batch.lines
            if state.spares.count < AccessLogSink.spareLimit { state.spares.append(emptied) }
        }
    }
}
