internal import CSystem
internal import Synchronization

/// Waits until something may have happened in some directories, or a time has passed.
///
/// On Linux the system tells (inotify); elsewhere only the time does, and whoever waits looks for himself. It is a hint
/// either way: events of other files in the same directories wake it as well, and those of a network's file system may
/// not come at all.
final class DirectoryWatch: Sendable {
    /// The watched set; replaced with each set of directories.
    private let set: Mutex<Int32>
    /// How long to wait where the system tells, and where it does not.
    private static let longest: Int32 = 10_000
    private static let shortest: Int32 = 1_000
    /// Writers are given this long to come to their end: several files are often written one after the other.
    private static let quiet: Int32 = 200
    private static let longestUnrest = 5

    init() { set = Mutex(-1) }

    deinit {
        let descriptor = set.withLock { $0 }
        if descriptor >= 0 { _ = close(descriptor) }
    }

    /// From now on these. What happens after this call is noticed by the next `wait`.
    func watch(_ directories: [String]) {
        #if os(Linux)
            let fresh = gh_inotify_create()
            // A directory that is not there, or one too many for the system, is left to the clock. The path is passed for
            // the length of the call.
            for directory in directories where fresh >= 0 { _ = unsafe gh_inotify_watch_directory(fresh, directory) }
            let old = set.withLock { set in
                defer { set = fresh }
                return set
            }
            if old >= 0 { _ = close(old) }
        #endif
    }

    /// Waits for an event and for the quiet after it.
    func wait() {
        let descriptor = set.withLock { $0 }
        guard descriptor >= 0 else { return pause(Self.shortest) }
        guard gh_wait_readable(descriptor, Self.longest) > 0 else { return }
        for _ in 0..<Self.longestUnrest {
            takeAll(descriptor)
            if gh_wait_readable(descriptor, Self.quiet) <= 0 { return }
        }
    }

    /// What the files are like when a quiet time has passed.
    func settle(_ files: WatchedFiles) -> [[UInt64]] {
        pause(Self.quiet)
        return files.identity
    }

    private func takeAll(_ descriptor: Int32) {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        // As many bytes as the array has; the descriptor does not block.
        while unsafe bytes.withUnsafeMutableBytes({ unsafe read(descriptor, $0.baseAddress, $0.count) }) > 0 {}
    }

    private func pause(_ milliseconds: Int32) {
        // No descriptor: poll as a clock.
        _ = poll(nil, 0, milliseconds)
    }
}
