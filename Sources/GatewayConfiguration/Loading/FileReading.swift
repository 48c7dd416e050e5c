#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a file could not be read, as the second half of a sentence.
struct FileFailure: Error {
    var reason: String
}

/// Files and directories by the system's own calls: the module has no Foundation.
enum FileReading {
    enum Entry { case file, directory }

    static func kind(of path: String) -> Result<Entry, FileFailure> {
        var status = stat()
        // The structure is ours and of the type that the call fills in.
        guard unsafe stat(path, &status) == 0 else { return .failure(lastFailure()) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .success(.directory)
        default: return .success(.file)
        }
    }

    /// Reads up to `limit` bytes; more is a failure.
    static func read(_ path: String, limit: Int) -> Result<[UInt8], FileFailure> {
        // The path is passed for the length of the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(lastFailure()) }
        defer { close(descriptor) }
        var status = stat()
        // As above.
        guard unsafe fstat(descriptor, &status) == 0 else { return .failure(lastFailure()) }
        if status.st_mode & S_IFMT == S_IFDIR { return .failure(FileFailure(reason: "is a directory")) }
        let tooLarge = FileFailure(reason: "is larger than \(SizeValue.describe(limit))")
        guard Int(status.st_size) <= limit else { return .failure(tooLarge) }

        // The size is a hint only: pipes and /proc report none, and a file may grow while it is read.
        var bytes: [UInt8] = []
        var capacity = max(Int(status.st_size) + 1, 4096)
        while true {
            var count = 0
            let room = capacity
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
                // read() writes at most as many bytes as the buffer has.
                count = unsafe Int(readRetrying(descriptor, buffer.baseAddress, room))
                initialized = max(count, 0)
            }
            if count < 0 { return .failure(lastFailure()) }
            if count == 0 { return .success(bytes) }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            guard bytes.count <= limit else { return .failure(tooLarge) }
            capacity = 65_536
        }
    }

    private static func readRetrying(_ descriptor: Int32, _ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
        while true {
            // The caller's buffer holds `count` bytes.
            #if canImport(Darwin)
                let result = unsafe Darwin.read(descriptor, buffer, count)
            #elseif canImport(Musl)
                let result = unsafe Musl.read(descriptor, buffer, count)
            #else
                let result = unsafe Glibc.read(descriptor, buffer, count)
            #endif
            if result >= 0 || errno != EINTR { return result }
        }
    }

    /// The names in a directory, sorted by their bytes.
    /// Sorted here, as the system lists them in no order at all, and the order decides how fragments are joined.
    static func names(in directory: String) -> Result<[String], FileFailure> {
        guard let stream = unsafe opendir(directory) else { return .failure(lastFailure()) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        // readdir's entry is valid until the next call; its name ends with a zero byte.
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            names.append(name)
        }
        return .success(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(validatingCString: value)
    }

    /// The few that an operator meets often, in words; the system's own text for the rest.
    private static func lastFailure() -> FileFailure {
        switch errno {
        case ENOENT: FileFailure(reason: "does not exist")
        case EACCES, EPERM: FileFailure(reason: "may not be read (permission denied)")
        case ENOTDIR: FileFailure(reason: "does not exist (a part of the path is no directory)")
        case EISDIR: FileFailure(reason: "is a directory")
        case let code: FileFailure(reason: unsafe "cannot be read: \(String(cString: strerror(code)))")
        }
    }
}

enum FilePaths {
    /// A relative path is relative to the directory of `file`.
    static func resolve(_ path: String, besides file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }

    static func join(_ directory: String, _ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }
}
