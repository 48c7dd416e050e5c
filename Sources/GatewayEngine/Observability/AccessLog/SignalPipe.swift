internal import CSystem

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Wakes one thread from another: a pipe that holds at most one byte of news.
///
/// A condition variable would do, but it needs the C library's locks at fixed addresses; a pipe waits with a time limit
/// on every system and composes with the safe `Mutex`.
struct SignalPipe: ~Copyable, Sendable {
    private let reader: Int32
    private let writer: Int32

    /// nil when the process is out of descriptors; `errno` says so.
    init?() {
        var ends: (Int32, Int32) = (-1, -1)
        // A tuple of two equal integers has the layout of the two-element array that pipe() fills.
        let result = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
            unsafe pipe(bytes.baseAddress!.assumingMemoryBound(to: Int32.self))
        }
        guard result == 0 else { return nil }
        (reader, writer) = ends
        for end in [reader, writer] {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
        }
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// Never waits: when the pipe is full, the other side has its news already.
    func signal() {
        var byte: UInt8 = 1
        // One byte of a local variable.
        _ = unsafe write(writer, &byte, 1)
    }

    /// Waits for a signal and takes it. Negative: without limit.
    ///
    /// - Returns: false when the time ran out.
    func wait(milliseconds: Int32) -> Bool {
        let limit = milliseconds < 0 ? Int64.max : SignalPipe.now() + Int64(milliseconds)
        while true {
            let rest = milliseconds < 0 ? -1 : Int32(clamping: max(limit - SignalPipe.now(), 0))
            var entry = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            // One entry, in a local variable.
            let ready = unsafe poll(&entry, 1, rest)
            if ready > 0 {
                var taken: UInt64 = 0
                // Up to eight bytes into a local variable of eight.
                _ = unsafe read(reader, &taken, 8)
                return true
            }
            if ready == 0 { return false }
            // Interrupted by a signal handler: wait for what is left.
        }
    }

    private static func now() -> Int64 {
        var time = timespec()
        // Fills a local variable.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
