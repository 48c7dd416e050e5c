internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A program that runs beside the test: its output is kept line by line, its end is awaited, and it is killed by its
/// own process id, never by name, when the last reference goes.
public final class ChildProcess: Sendable {
    /// How a program ended.
    public enum Exit: Sendable, Hashable, CustomStringConvertible {
        case code(Int32)
        case signal(Int32)

        public var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let number): "signal \(number)"
            }
        }
    }

    public enum Signal: Sendable {
        case terminate, interrupt, hangup, user1, user2, kill
        /// Frozen, and let go on.
        case stop, resume

        var number: Int32 {
            switch self {
            case .terminate: SIGTERM
            case .interrupt: SIGINT
            case .hangup: SIGHUP
            case .user1: SIGUSR1
            case .user2: SIGUSR2
            case .kill: SIGKILL
            case .stop: SIGSTOP
            case .resume: SIGCONT
            }
        }
    }

    private struct State {
        var output = ""
        var errors = ""
        var openPipes = 2
        var exit: Exit?
    }
    private let state: Monitor<State>

    /// The process id.
    public let id: Int32

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: of the executable.
    ///   - environment: added to this process's own.
    public init(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let state = Monitor(State())
        let (id, output, errors) = try inheritance.withLock { _ in
            try ChildProcess.spawn(path, arguments, environment)
        }
        self.state = state
        self.id = id
        try WorkerThread.start { ChildProcess.drain(output, into: state) { $0.output += $1 } }
        try WorkerThread.start { ChildProcess.drain(errors, into: state) { $0.errors += $1 } }
        try WorkerThread.start {
            var status: Int32 = 0
            // SAFETY: the status lives across the call.
            while unsafe waitpid(id, &status, 0) < 0 && errno == EINTR {}
            let signal = status & 0x7F
            let exit: Exit = signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
            state.withLock { $0.exit = exit }
        }
    }

    deinit { if isRunning { send(.kill) } }

    private static func drain(
        _ descriptor: Int32, into state: Monitor<State>, _ add: @Sendable (inout State, String) -> Void
    ) {
        while let bytes = systemRead(descriptor), !bytes.isEmpty {
            let text = String(decoding: bytes, as: UTF8.self)
            state.withLock { add(&$0, text) }
        }
        systemClose(descriptor)
        state.withLock { $0.openPipes -= 1 }
    }

    private static func spawn(
        _ path: String, _ arguments: [String], _ environment: [String: String]
    ) throws -> (id: Int32, output: Int32, errors: Int32) {
        let output = try makePipe()
        let errors = try makePipe()
        // SAFETY: every C string is kept in `words` and `settings` until after the spawn and then freed; the file
        // actions are initialised before use and destroyed after it.
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = unsafe posix_spawn_file_actions_t()
        #endif
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([path] + arguments).map { unsafe strdup($0) }
        unsafe words.append(nil)
        var merged = Environment.all()
        for (name, value) in environment { merged[name] = value }
        var settings: [UnsafeMutablePointer<CChar>?] = unsafe merged.map { unsafe strdup("\($0.key)=\($0.value)") }
        unsafe settings.append(nil)
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
            for index in unsafe settings.indices { unsafe free(settings[index]) }
        }
        var id: pid_t = 0
        let code = unsafe posix_spawn(&id, path, &actions, nil, words, settings)
        systemClose(output.write)
        systemClose(errors.write)
        guard code == 0 else {
            systemClose(output.read)
            systemClose(errors.read)
            throw KitFailure(.program, "cannot start \(path): \(systemMessage(code))")
        }
        return (id, output.read, errors.read)
    }

    private static func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        // SAFETY: pipe fills two numbers.
        guard unsafe pipe(&ends) == 0 else { throw KitFailure(.system, "pipe: \(systemMessage(errno))") }
        closeOnExec(ends[0])
        closeOnExec(ends[1])
        return (ends[0], ends[1])
    }

    // MARK: Watching

    /// Standard output so far.
    public var output: String { state.withLock { $0.output } }

    /// Standard error so far.
    public var errors: String { state.withLock { $0.errors } }

    public var isRunning: Bool { state.withLock { $0.exit == nil } }

    public func send(_ signal: Signal) {
        state.withLock { state in
            // A number whose process was reaped may belong to another by now.
            if state.exit == nil { _ = systemKill(id, signal.number) }
        }
    }

    /// Asks a process to end that a child has started.
    public static func end(_ id: Int32) { _ = systemKill(id, SIGTERM) }

    /// Waits for the end of the program and of its output.
    @discardableResult
    public func waitForExit(within limit: Duration = Patience.standard) throws -> Exit {
        try state.wait(for: "the program to end", within: limit) { $0.openPipes == 0 ? $0.exit : nil }
    }

    /// Waits until what the program wrote so far gives a result.
    public func wait<Result>(
        for what: String, within limit: Duration = Patience.standard,
        _ look: (_ output: String, _ errors: String) throws -> Result?
    ) throws -> Result {
        do {
            return try state.wait(for: what, within: limit) { state in
                if let result = try look(state.output, state.errors) { return result }
                if let exit = state.exit, state.openPipes == 0 {
                    throw KitFailure(
                        .program, "the program ended with \(exit) before \(what); it said: \(state.errors)")
                }
                return nil
            }
        } catch let failure as KitFailure where failure.kind == .timeout {
            throw KitFailure(.timeout, "\(failure.message); standard error: \(errors)")
        }
    }

    /// Resident memory in bytes; nil where the system does not tell.
    public var residentBytes: Int? {
        guard let status = TemporaryDirectory.read("/proc/\(id)/status") else { return nil }
        for line in status.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }

    /// Open descriptors; nil where the system does not tell.
    public var descriptorCount: Int? {
        // SAFETY: the directory is closed on every way out, and entries are only counted.
        guard let directory = unsafe opendir("/proc/\(id)/fd") else { return nil }
        defer { unsafe closedir(directory) }
        var count = 0
        while unsafe readdir(directory) != nil { count += 1 }
        return count - 2
    }
}
