#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How a command ends when it does not simply return: its exit code, and the one line that says why.
struct Outcome: Error, Equatable {
    /// Documented in `--help` and docs/command-line.md: scripts rely on them.
    enum Code: Int32 {
        case done = 0
        case refused = 1
        case usage = 2
        case cannotStart = 3
        case cutShort = 4
    }

    var code: Code
    /// Without the program's name; nil when everything has been said.
    var message: String?

    init(_ code: Code, _ message: String? = nil) {
        self.code = code
        self.message = message
    }

    /// Ends the program.
    static func end(_ code: Code) -> Never {
        exit(code.rawValue)
    }
}
