import GatehouseTesting

#if canImport(Glibc)
    import Glibc
#endif

/// Counts the heap allocations of another process: Counter/counter.c, compiled and loaded into it.
///
/// The count lies in a file that both processes share, so that reading it needs no help of the gateway's: a request for
/// the count would count itself.
struct AllocationCounter {
    private let directory: TemporaryDirectory
    private let file: String
    private let library: String

    /// Compiles the counter with the machine's C compiler: `swift build` cannot make a library that is loaded this way.
    init() throws {
        directory = try TemporaryDirectory()
        library = directory.file("counter.so")
        // One page of zeros: the words are written by the counter.
        file = try directory.write(String(repeating: "\0", count: 4_096), to: "allocations")
        let folder = #filePath.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
        let source = folder + "/Counter/counter.c"
        let script = "for tool in cc clang gcc; do command -v $tool >/dev/null && exec $tool \"$@\"; done; exit 127"
        let compiler = try ChildProcess(
            "/bin/sh", ["-c", script, "cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, source])
        guard try compiler.waitForExit() == .code(0) else {
            throw KitFailure(.program, "no C compiler made the counter: \(compiler.errors)")
        }
    }

    /// What a gateway needs in its environment to be counted.
    var environment: [String: String] { ["LD_PRELOAD": library, "GATEHOUSE_ALLOCATIONS": file] }

    /// Allocations of all threads since the process began.
    func count() throws -> UInt64 {
        try withFile(O_RDONLY) { descriptor in
            var count: UInt64 = 0
            // SAFETY: eight bytes into a local of eight bytes.
            guard unsafe pread(descriptor, &count, 8, 0) == 8 else { throw KitFailure(.system, "no count in \(file)") }
            return count
        }
    }

    /// Has the next allocations described on the gateway's standard error, to be found when there should be none.
    func describe(next count: UInt64) throws {
        try withFile(O_WRONLY) { descriptor in
            var count = count
            // SAFETY: eight bytes from a local of eight bytes.
            guard unsafe pwrite(descriptor, &count, 8, 8) == 8 else {
                throw KitFailure(.system, "cannot write \(file)")
            }
        }
    }

    private func withFile<Result>(_ flags: Int32, _ body: (Int32) throws -> Result) throws -> Result {
        // SAFETY: the path is a string that lives across the call.
        let descriptor = unsafe open(file, flags)
        guard descriptor >= 0 else { throw KitFailure(.system, "cannot open \(file)") }
        defer { close(descriptor) }
        return try body(descriptor)
    }
}
