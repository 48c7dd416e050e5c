package import Synchronization

/// What became of the access log's lines. Shared by the log's thread, the workers and the metrics page.
package final class AccessLogCounters: Sendable {
    /// Lines handed to the system.
    package let written = Atomic<UInt64>(0)
    /// Lines lost: the queue was full, or writing failed.
    package let dropped = Atomic<UInt64>(0)

    package init() {}
}
