#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A new directory for one test, gone with its last reference.
public final class TemporaryDirectory: Sendable {
    public let path: String
    private let names = Monitor<[String]>([])

    public init() throws {
        let base = Environment.string("TMPDIR") ?? "/tmp"
        var template = Array("\(base)/gatehouse-test-XXXXXX".utf8CString)
        // SAFETY: mkdtemp changes the six letters in place and keeps the length.
        guard unsafe mkdtemp(&template) != nil else {
            throw KitFailure(.system, "no directory under \(base): \(systemMessage(errno))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // SAFETY: paths are strings that live across the calls, here and below.
        for name in names.withLock({ $0 }) where unsafe unlink(name) != 0 { Self.removeFolder(name) }
        unsafe rmdir(path)
    }

    /// Where a file, or a directory of files, of this name lies; it is removed at the end, whoever makes it.
    public func file(_ name: String) -> String {
        let full = "\(path)/\(name)"
        names.withLock { $0.append(full) }
        return full
    }

    /// With the files in it.
    private static func removeFolder(_ path: String) {
        guard let folder = unsafe opendir(path) else { return }
        // SAFETY: an entry is good until the next one is read, and its name ends in a zero.
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { unsafe unlink("\(path)/\(name)") }
        }
        unsafe closedir(folder)
        unsafe rmdir(path)
    }

    /// Writes a file and gives its path.
    public func write(_ text: String, to name: String, mode: UInt32 = 0o600) throws -> String {
        let full = file(name)
        let descriptor = unsafe open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw KitFailure(.system, "open \(full): \(systemMessage(errno))") }
        defer { systemClose(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            // SAFETY: the buffer is valid in the closure, and its own count bounds the call.
            let count = unsafe bytes.withUnsafeBytes { unsafe systemWrite(descriptor, $0) }
            guard count > 0 else { throw KitFailure(.system, "write \(full): \(systemMessage(errno))") }
            bytes = bytes.dropFirst(count)
        }
        unsafe chmod(full, mode_t(mode))
        return full
    }

    /// The bytes of a file as text; nil when there is none.
    public static func read(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { systemClose(descriptor) }
        var bytes: [UInt8] = []
        while let piece = systemRead(descriptor), !piece.isEmpty { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Makes a symbolic link at `path`.
    public static func link(_ path: String, to target: String) throws {
        guard unsafe symlink(target, path) == 0 else {
            throw KitFailure(.system, "symlink \(path): \(systemMessage(errno))")
        }
    }

    /// Renames a file, as a log rotation does.
    public static func move(_ path: String, to other: String) throws {
        guard unsafe rename(path, other) == 0 else {
            throw KitFailure(.system, "rename \(path): \(systemMessage(errno))")
        }
    }
}
