#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Why the access log cannot be written: what was tried, on which path, and the system's error number.
package struct AccessLogFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Operation: String, Sendable { case open, write, start }

    package var operation: Operation
    package var path: String
    package var errorNumber: Int32

    package var description: String {
        // The system's text for an error number is static or thread-local and copied at once.
        let reason = unsafe String(cString: strerror(errorNumber))
        let place = path == "-" ? "on standard output" : "\"\(path)\""
        return "cannot \(operation.rawValue) the access log \(place): \(reason)"
    }
}

/// A file, pipe or standard output that lines are appended to. Used by the log's own thread only, so it may block.
struct LogFile: ~Copyable {
    private let path: String
    private var descriptor: Int32
    /// A write broke off within a line; the next one begins on a line of its own.
    private var isMidLine = false

    /// - Parameter path: "-" is standard output, which is neither opened nor closed here.
    init(path: String) throws(AccessLogFailure) {
        self.path = path
        descriptor = try LogFile.open(path)
    }

    deinit { LogFile.close(descriptor) }

    /// Opens the path anew: after rotation the old file has another name. When that fails the old one stays in use.
    mutating func reopen() throws(AccessLogFailure) {
        let fresh = try LogFile.open(path)
        LogFile.close(descriptor)
        descriptor = fresh
        isMidLine = false
    }

    /// Writes all of `bytes`, waiting as long as it takes; on an error, what was not written is lost.
    ///
    /// - Returns: how many bytes were written, and the error number if that is not all of them.
    mutating func write(_ bytes: borrowing Span<UInt8>) -> (written: Int, errorNumber: Int32) {
        if isMidLine {
            let lineFeed: InlineArray<1, UInt8> = [UInt8(ascii: "\n")]
            let (count, number) = writeAll(lineFeed.span)
            if count == 0 { return (0, number) }
            isMidLine = false
        }
        let (count, number) = writeAll(bytes)
        if count > 0 { isMidLine = bytes[count - 1] != UInt8(ascii: "\n") }
        return (count, number)
    }

    private func writeAll(_ bytes: borrowing Span<UInt8>) -> (written: Int, errorNumber: Int32) {
        var done = 0
        while done < bytes.count {
            // The pointer is used within the call only, and `done` is less than the count.
            let count = unsafe bytes.withUnsafeBufferPointer { buffer in
                unsafe systemWrite(descriptor, buffer.baseAddress! + done, buffer.count - done)
            }
            if count > 0 {
                done += count
                continue
            }
            let number = errno
            switch number {
            case EINTR where count < 0: continue
            case EAGAIN where count < 0:
                // Standard output may be shared with a process that made it non-blocking.
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&entry, 1, -1)
            default: return (done, count == 0 ? EIO : number)
            }
        }
        return (done, 0)
    }

    private static func open(_ path: String) throws(AccessLogFailure) -> Int32 {
        if path == "-" { return STDOUT_FILENO }
        // A named pipe without a reader must not hold up the start, so it is opened without waiting; writes do wait.
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK
        let descriptor = systemOpen(path, flags, 0o640)
        guard descriptor >= 0 else { throw AccessLogFailure(operation: .open, path: path, errorNumber: errno) }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        return descriptor
    }

    private static func close(_ descriptor: Int32) {
        if descriptor != STDOUT_FILENO { _ = systemClose(descriptor) }
    }
}

// The C functions under names that a method of the same name does not hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
    // The path is passed as a temporary C string.
    unsafe open(path, flags, mode)
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
