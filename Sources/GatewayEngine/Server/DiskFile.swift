#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The few calls of the system by which a small file is read, and replaced as a whole.
enum DiskFile {
    enum Contents {
        case found([UInt8])
        case missing
        /// The system's error number.
        case failed(Int32)
    }

    static func read(_ path: String, limit: Int) -> Contents {
        // Not to wait for the writer of a pipe that somebody named. The path is passed for the length of the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return errno == ENOENT ? .missing : .failed(errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            // At most as many bytes as the array has.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe systemRead(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return .failed(errno) }
            if count == 0 { return .found(bytes) }
            bytes += chunk[..<count]
            if bytes.count > limit { return .failed(EFBIG) }
        }
    }

    /// Writes beside the file, brings it to the disk, and renames it over the file.
    ///
    /// - Returns: 0, or the system's error number; then the file is as it was.
    static func replace(_ path: String, with bytes: [UInt8]) -> Int32 {
        let fresh = path + ".new"
        // Keys, and what is served, are nobody else's business.
        let descriptor = systemOpen(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return errno }
        var number = writeAll(descriptor, bytes)
        if number == 0, fsync(descriptor) != 0 { number = errno }
        if close(descriptor) != 0, number == 0 { number = errno }
        if number == 0, !rename(fresh, path) { number = errno }
        // The path is passed for the length of the call.
        if number != 0 { _ = unsafe unlink(fresh) }
        return number
    }

    static func rename(_ path: String, _ other: String) -> Bool { systemRename(path, other) == 0 }

    private static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
        var done = 0
        while done < bytes.count {
            // The pointer is used within the call only, and `done` is less than the count.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(descriptor, buffer.baseAddress! + done, buffer.count - done)
            }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return count == 0 ? EIO : errno }
            done += count
        }
        return 0
    }
}

// The C functions under names that a method of the same name does not hide; pointers are used within the calls.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { unsafe open(path, flags, mode) }

private func systemRename(_ path: String, _ other: String) -> Int32 { unsafe rename(path, other) }
