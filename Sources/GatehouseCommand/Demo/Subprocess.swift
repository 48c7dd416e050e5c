#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A process of this program's own, and the two pipes to it: its standard input, which is held open so that its end says
/// that we are gone, and its standard output.
final class Subprocess: Sendable {
    let id: pid_t
    private let input: Int32
    private let output: Int32

    /// Starts a program found by its path, or by its name along `PATH`.
    ///
    /// - Throws: `Outcome` when the system refuses.
    init(_ program: String, _ arguments: [String]) throws(Outcome) {
        guard let toChild = Pipe(), let fromChild = Pipe() else {
            throw Outcome(.cannotStart, "no descriptor is left for a pipe")
        }
        #if canImport(Glibc)
            var actions = unsafe posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        // All of these fill or read local variables; the copies of the arguments are freed below.
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_adddup2(&actions, toChild.reader, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, fromChild.writer, 1)
        unsafe posix_spawnattr_init(&attributes)
        // The signals that this program waits for are blocked here, and would stay so in the child.
        var none = sigset_t()
        _ = unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        var defaults = sigset_t()
        _ = unsafe sigemptyset(&defaults)
        _ = unsafe sigaddset(&defaults, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var texts = unsafe ([program] + arguments).map { unsafe strdup($0) }
        unsafe texts.append(nil)
        var id: pid_t = 0
        let code = unsafe posix_spawnp(&id, program, &actions, &attributes, texts, environ)
        for index in 0...arguments.count { unsafe free(texts[index]) }
        unsafe posix_spawn_file_actions_destroy(&actions)
        unsafe posix_spawnattr_destroy(&attributes)
        _ = close(toChild.reader)
        _ = close(fromChild.writer)
        guard code == 0 else {
            _ = close(toChild.writer)
            _ = close(fromChild.reader)
            throw Outcome(.cannotStart, "cannot start \(program): \(unsafe String(cString: strerror(code)))")
        }
        self.id = id
        input = toChild.writer
        output = fromChild.reader
    }

    /// What it writes, up to a line feed or its end.
    func readLine() -> String {
        readOutput { $0.last == UInt8(ascii: "\n") }
    }

    /// Everything it writes until it ends, and its exit code (or 128 and the signal that ended it).
    func finish() -> (output: String, code: Int32) {
        _ = close(input)
        let text = readOutput { _ in false }
        return (text, wait())
    }

    /// Tells it to end, by the end of its input, and waits until it has.
    func end() {
        _ = close(input)
        _ = close(output)
        _ = wait()
    }

    private func wait() -> Int32 {
        var status: Int32 = 0
        // A local variable.
        while unsafe waitpid(id, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private func readOutput(until isComplete: ([UInt8]) -> Bool) -> String {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while !isComplete(all) {
            // At most as many bytes as the array has.
            let count = unsafe read(output, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            all += chunk[0..<count]
        }
        return String(decoding: all, as: UTF8.self)
    }
}

/// Both ends of a pipe, closed in children.
struct Pipe {
    let reader: Int32
    let writer: Int32

    init?() {
        var ends: [Int32] = [-1, -1]
        // An array of two.
        guard unsafe pipe(&ends) == 0 else { return nil }
        (reader, writer) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
}

/// Where this program lies.
enum Executable {
    static var path: String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        #if os(Linux)
            // One byte less than the array has, so that it ends with a zero.
            if unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1) > 0 { return text(buffer) }
        #else
            var size = UInt32(buffer.count)
            // As many bytes as the array has, the zero included.
            if unsafe _NSGetExecutablePath(&buffer, &size) == 0 { return text(buffer) }
        #endif
        return CommandLine.arguments[0]
    }

    private static func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
