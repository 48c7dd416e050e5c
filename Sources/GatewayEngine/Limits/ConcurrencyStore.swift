internal import RateLimits
internal import Synchronization

/// How many requests of each client are under way on each route that limits that, exact under all loops. It holds what
/// is under way and nothing else, so its size is bounded by that.
final class ConcurrencyStore: Sendable {
    /// A table and the lock over it; several, so that loops seldom meet.
    private final class Shard: Sendable {
        let counts = Mutex<[KeyDigest: Int]>([:])
    }

    private let shards = (0..<16).map { _ in Shard() }

    /// False: there are `limit` already.
    func enter(_ key: KeyDigest, limit: Int) -> Bool {
        shard(of: key).counts.withLock { counts in
            let count = counts[key] ?? 0
            if count >= limit { return false }
            counts[key] = count + 1
            return true
        }
    }

    func leave(_ key: KeyDigest) {
        shard(of: key).counts.withLock { counts in
            guard let count = counts[key] else { return }
            counts[key] = count > 1 ? count - 1 : nil
        }
    }

    /// Clients and routes with requests under way.
    var count: Int { shards.reduce(0) { sum, shard in sum + shard.counts.withLock { $0.count } } }

    private func shard(of key: KeyDigest) -> Shard { shards[Int(truncatingIfNeeded: key.high & 15)] }
}
