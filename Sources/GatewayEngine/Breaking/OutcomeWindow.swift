internal import Synchronization

/// How the tries of the last seconds went, counted by all workers without a lock: ten buckets, of which the oldest is
/// cleared and begun again when its time comes.
///
/// The thread that finds a bucket of an earlier turn clears it under a lock, ten times in a window. An outcome that
/// another thread counts just then may be lost; a share over a window of twenty and more does not turn on one.
final class OutcomeWindow: Sendable {
    static let bucketCount: Int64 = 10

    struct Verdict: Equatable {
        var failed: Bool
        var slow: Bool
    }

    struct Counts: Equatable {
        var total = 0
        var failed = 0
        var slow = 0
    }

    private final class Bucket: Sendable {
        /// The number of the tenth of a window that is counted here, from the clock's beginning.
        let epoch = Atomic<Int64>(-1)
        let total = Atomic<Int>(0)
        let failed = Atomic<Int>(0)
        let slow = Atomic<Int>(0)

        func begin(_ newEpoch: Int64) {
            total.store(0, ordering: .relaxed)
            failed.store(0, ordering: .relaxed)
            slow.store(0, ordering: .relaxed)
            epoch.store(newEpoch, ordering: .releasing)
        }
    }

    private let buckets = (0..<bucketCount).map { _ in Bucket() }
    private let turning = Mutex(())

    func add(_ verdict: Verdict, now: Int64, window: Int64) {
        let epoch = Self.epoch(now, window)
        let bucket = buckets[Int(epoch % Self.bucketCount)]
        if bucket.epoch.load(ordering: .acquiring) != epoch { turn(bucket, to: epoch) }
        bucket.total.add(1, ordering: .relaxed)
        if verdict.failed { bucket.failed.add(1, ordering: .relaxed) }
        if verdict.slow { bucket.slow.add(1, ordering: .relaxed) }
    }

    private func turn(_ bucket: Bucket, to epoch: Int64) {
        turning.withLock { _ in
            if bucket.epoch.load(ordering: .relaxed) != epoch { bucket.begin(epoch) }
        }
    }

    /// What was counted within the window that ends now.
    func counts(now: Int64, window: Int64) -> Counts {
        var counts = Counts()
        let last = Self.epoch(now, window)
        for epoch in max(0, last - Self.bucketCount + 1)...last {
            let bucket = buckets[Int(epoch % Self.bucketCount)]
            guard bucket.epoch.load(ordering: .acquiring) == epoch else { continue }
            counts.total += bucket.total.load(ordering: .relaxed)
            counts.failed += bucket.failed.load(ordering: .relaxed)
            counts.slow += bucket.slow.load(ordering: .relaxed)
        }
        return counts
    }

    func clear() {
        turning.withLock { _ in
            for bucket in buckets { bucket.begin(-1) }
        }
    }

    private static func epoch(_ now: Int64, _ window: Int64) -> Int64 {
        max(0, now) / max(1, window / bucketCount)
    }
}
