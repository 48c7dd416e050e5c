internal import Reactor

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Starts this program anew, from the same path with the same arguments and `--replace`: the file at that path may be
/// another version by now.
struct Successor {
    private let program: String
    private let arguments: [String]

    /// To be made at the start: later the path of the running file may be gone.
    init(arguments: [String], controlSocket: String) {
        program = Self.ownPath() ?? CommandLine.arguments.first ?? "gatehouse"
        self.arguments = Self.adding(controlSocket, to: arguments)
    }

    /// The arguments of this program, such that the new one replaces it.
    static func adding(_ controlSocket: String, to arguments: [String]) -> [String] {
        var result = arguments
        if !result.contains("--replace") { result.append("--replace") }
        if !result.contains(where: { $0 == "--control-socket" || $0.hasPrefix("--control-socket=") }) {
            result += ["--control-socket", controlSocket]
        }
        return result
    }

    /// Starts it. It says by itself what is wrong, on the same standard error; when it ends before it has taken over, the
    /// present program goes on.
    func start(_ report: Console) {
        #if canImport(Glibc)
            var attributes = posix_spawnattr_t()
        #else
            var attributes: posix_spawnattr_t?
        #endif
        // All of these fill or read local variables; the copies of the arguments and of the environment are freed below.
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // The signals that this program waits for are blocked here, and would stay so in the child.
        var none = sigset_t()
        _ = unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) }
        unsafe words.append(nil)
        var settings = unsafe Self.environment().map { unsafe strdup($0) }
        unsafe settings.append(nil)
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
            for index in unsafe settings.indices { unsafe free(settings[index]) }
        }
        var id: pid_t = 0
        let code = unsafe posix_spawn(&id, program, nil, &attributes, words, settings)
        guard code == 0 else {
            return report.say(
                "cannot start \(program): \(unsafe String(cString: strerror(code))); this program goes on")
        }
        report.say("SIGUSR2: started process \(id), which takes over when it is ready")
        PlainThread.start { [id] in
            var status: Int32 = 0
            // A local variable.
            while unsafe waitpid(id, &status, 0) < 0 && errno == EINTR {}
            report.say("process \(id) has ended; this program goes on")
        }
    }

    /// Without what the service manager has meant for this very process.
    private static func environment() -> [String] {
        let own = ["WATCHDOG_PID=", "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES="]
        var result: [String] = []
        // A list of C strings that ends with a null; nothing in this program changes it.
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let setting = unsafe String(cString: text)
            if !own.contains(where: setting.hasPrefix) { result.append(setting) }
            unsafe entry += 1
        }
        return result
    }

    private static func ownPath() -> String? {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        // As many bytes as the array has.
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe readlink("/proc/self/exe", buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
