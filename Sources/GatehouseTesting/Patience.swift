#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How long the kit waits for what must happen before it gives up.
///
/// It bounds a failing test; a passing one never waits for it to run out. The environment variable
/// `GATEHOUSE_PATIENCE` (whole seconds, default 60) stretches it for sanitizers and the like.
public enum Patience {
    public static let standard: Duration = .seconds(Environment.integer("GATEHOUSE_PATIENCE") ?? 60)
}

/// A moment on the monotonic clock.
struct Deadline: Sendable {
    private let moment: ContinuousClock.Instant

    init(after duration: Duration) {
        moment = .now + duration
    }

    /// For `poll`: rounded up, so that a wait never ends early; 0 when the deadline has passed.
    var remainingMilliseconds: Int32 {
        let left = (moment - .now).wholeNanoseconds
        guard left > 0 else { return 0 }
        return Int32(clamping: left / 1_000_000 + 1)
    }
}

extension Duration {
    /// Saturates at both ends.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole &+ attoseconds / 1_000_000_000
    }
}

/// The few things read from the environment.
enum Environment {
    static func string(_ name: String) -> String? {
        // SAFETY: getenv gives a C string that stays valid, as nothing in the kit changes the environment.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    static func integer(_ name: String) -> Int? {
        string(name).flatMap { Int($0) }
    }
}

extension Environment {
    /// All of it.
    static func all() -> [String: String] {
        var found: [String: String] = [:]
        // SAFETY: a null-terminated list of C strings that nothing in the kit changes.
        #if canImport(Darwin)
            var entry = unsafe _NSGetEnviron().pointee
        #else
            var entry = unsafe environ
        #endif
        while let text = unsafe entry.pointee {
            let parts = unsafe String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
            unsafe entry += 1
        }
        return found
    }

    /// The directory of the program that runs the tests; nil where the system does not tell.
    static var executableDirectory: String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        // SAFETY: the count bounds the call.
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return nil }
        let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
    }
}
