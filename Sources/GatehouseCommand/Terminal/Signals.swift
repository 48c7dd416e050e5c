#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The signals that the program answers to, taken by a thread that waits for them instead of by handlers: so what they
/// cause is ordinary code.
enum Signals {
    static let answered = [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2]

    private static var set: sigset_t {
        var set = sigset_t()
        // Each call fills or changes a local variable.
        _ = unsafe sigemptyset(&set)
        for signal in answered { _ = unsafe sigaddset(&set, signal) }
        return set
    }

    /// To be called before any thread is started: all of them inherit it.
    static func block() {
        var blocked = set
        // A local variable, read within the call.
        _ = unsafe pthread_sigmask(SIG_BLOCK, &blocked, nil)
    }

    /// Waits for the next one.
    static func wait() -> Int32 {
        var awaited = set
        var signal: Int32 = 0
        // Two local variables, used within the call.
        while unsafe sigwait(&awaited, &signal) != 0 {}
        return signal
    }

    static func name(_ signal: Int32) -> String {
        switch signal {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGHUP: "SIGHUP"
        case SIGUSR1: "SIGUSR1"
        case SIGUSR2: "SIGUSR2"
        default: "signal \(signal)"
        }
    }
}
