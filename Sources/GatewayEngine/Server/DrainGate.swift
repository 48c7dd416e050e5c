internal import CSystem
internal import Synchronization

/// Waits, on a plain thread, until so many workers have said that they are done.
///
/// A pipe rather than a condition variable: it needs no platform's own type and waits with a limit.
final class DrainGate: Sendable {
    private let left: Mutex<Int>
    private let reader: Int32
    private let writer: Int32

    init(count: Int) {
        left = Mutex(count)
        var ends: [Int32] = [-1, -1]
        let made = unsafe pipe(&ends)
        precondition(made == 0, "no descriptor left for a pipe")
        reader = ends[0]
        writer = ends[1]
        // Never waits, and is no business of a program that is started meanwhile.
        for end in ends { _ = gh_set_nonblocking(end) }
        if count == 0 { signal() }
    }

    deinit {
        _ = close(reader)
        _ = close(writer)
    }

    func leave() {
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { signal() }
    }

    /// True when all have left in time.
    func wait(milliseconds: Int) -> Bool {
        let deadline = gh_monotonic_ns() + Int64(milliseconds) * 1_000_000
        while true {
            let rest = max(0, (deadline - gh_monotonic_ns()) / 1_000_000)
            let result = gh_wait_readable(reader, Int32(clamping: rest))
            if result > 0 { return true }
            if result == 0 { return false }
        }
    }

    private func signal() {
        var byte: UInt8 = 1
        _ = unsafe write(writer, &byte, 1)
    }
}
