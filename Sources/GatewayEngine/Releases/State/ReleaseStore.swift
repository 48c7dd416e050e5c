internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Keeps the releases in a file, on a thread of its own: a disk that is slow or gone holds up nobody.
///
/// Only the newest text matters: one that waits is replaced by the next. It is written beside the file and renamed over
/// it, so that the file is always whole, the old one or the new. A failure is told once, and again after a success.
///
/// The thread keeps this object alive until `close`.
final class ReleaseStore: Sendable {
    private struct State {
        var waiting: [UInt8]?
        var isClosing = false
    }

    private let path: String
    private let log: OperationLog?
    private let state = Mutex(State())
    private let news: SignalPipe
    private let finished: SignalPipe

    /// A state file beyond this is none of ours.
    static let maximumSize = 16 << 20

    /// Reads what the file holds and begins to keep it. Without a store when the file belongs to somebody else, or cannot be
    /// written at all: then everything is kept in memory, which is said in the log.
    static func open(_ path: String, _ log: OperationLog?) -> (store: ReleaseStore?, records: [SplitRecord]) {
        var records: [SplitRecord] = []
        switch DiskFile.read(path, limit: maximumSize) {
        case .missing: break
        case .failed(let number):
            log?.error(
                "the state file cannot be read; releases are kept in memory only",
                ["path": .text(path), "errno": .integer(Int(number))])
            return (nil, [])
        case .found(let bytes):
            // A file of no bytes is what a crash of the machine may leave.
            guard bytes.isEmpty || bytes.starts(with: Array(ReleaseFile.mark.utf8)) else {
                log?.error(
                    "the state file is not the gateway's own; it is left alone, releases are kept in memory only",
                    ["path": .text(path)])
                return (nil, [])
            }
            do throws(ReleaseFile.Refusal) {
                if !bytes.isEmpty { records = try ReleaseFile.decode(bytes) }
            } catch {
                let aside = path + ".unusable"
                let isMoved = DiskFile.rename(path, aside)
                log?.error(
                    "the state file cannot be used; releases begin as the configuration says",
                    ["path": .text(path), "reason": .text(error.reason), "moved_to": .text(isMoved ? aside : "")])
            }
        }
        guard let store = ReleaseStore(path, log) else {
            log?.error("there is no thread for the state file; releases are kept in memory only", ["path": .text(path)])
            return (nil, records)
        }
        return (store, records)
    }

    private init?(_ path: String, _ log: OperationLog?) {
        guard let news = SignalPipe(), let finished = SignalPipe() else { return nil }
        self.path = path
        self.log = log
        self.news = news
        self.finished = finished
        guard startThread() else { return nil }
    }

    /// Writes the text when the disk has time. Never waits.
    func keep(_ text: [UInt8]) {
        state.withLock { $0.waiting = text }
        news.signal()
    }

    /// Writes what waits, and ends the thread; gives up after two seconds.
    func close() {
        state.withLock { $0.isClosing = true }
        news.signal()
        if finished.wait(milliseconds: 2_000) { finished.signal() }  // for a second caller
    }

    // MARK: The thread

    private func startThread() -> Bool {
        // The new thread takes the retained object over; when there is none, it is released here.
        let context = unsafe Unmanaged.passRetained(self)
        #if canImport(Glibc)
            var handle = pthread_t()
            let result = unsafe pthread_create(&handle, nil, { unsafe ReleaseStore.enter($0!) }, context.toOpaque())
            let thread: pthread_t? = handle
        #else
            var thread: pthread_t? = nil
            let result = unsafe pthread_create(&thread, nil, { unsafe ReleaseStore.enter($0) }, context.toOpaque())
        #endif
        guard result == 0, let thread else {
            unsafe context.release()
            return false
        }
        _ = pthread_detach(thread)
        return true
    }

    private static func enter(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        // Balances passRetained in `startThread`.
        let store = unsafe Unmanaged<ReleaseStore>.fromOpaque(context).takeRetainedValue()
        // Signals are for the main thread.
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
        store.run()
        return nil
    }

    private func run() {
        var isFailing = false
        while true {
            let (text, isClosing) = state.withLock { state in
                defer { state.waiting = nil }
                return (state.waiting, state.isClosing)
            }
            if let text {
                let number = DiskFile.replace(path, with: text)
                if number != 0, !isFailing {
                    log?.error(
                        "the state file cannot be written", ["path": .text(path), "errno": .integer(Int(number))])
                }
                isFailing = number != 0
                continue
            }
            if isClosing { break }
            _ = news.wait(milliseconds: -1)
        }
        finished.signal()
    }
}
