/// All the limits of one request, each with its key, and what they said: filled, decided by a store, read, and used
/// again for the next request. One belongs to each loop; it allocates only until it has seen its largest request.
///
/// All or none: a request that any limit refuses is charged to none of them, so that a client who is refused by one
/// limit does not use up another. A limit in dry run takes no part in that: it refuses nobody, and is charged where the
/// request is admitted and it would have admitted it too.
package final class LimitCheck {
    package struct Item {
        package let limit: RateLimit
        /// Where the key stands in `keys`.
        let key: Range<Int>
        var digest = KeyDigest(low: 0, high: 0)
        package internal(set) var outcome = LimitOutcome.none
        /// A bucket's state if the request is admitted.
        var next = BucketState(time: 0, count: 0, isQuota: false)
    }

    /// Limits on one request. More are a mistake of the configuration, which is checked when it is loaded.
    package static let capacity = 8
    /// Bytes of one key.
    package static let longestKey = 1_024

    package internal(set) var items: [Item] = []
    private(set) var keys: [UInt8] = []

    /// Whether the request is admitted: false as soon as one limit that is not in dry run refuses.
    package internal(set) var isAllowed = true

    /// Of a store elsewhere: how many requests like this one it has admitted at once.
    package internal(set) var grants = 0

    package init() {
        items.reserveCapacity(Self.capacity)
        keys.reserveCapacity(512)
    }

    /// Makes it ready for the next request.
    package func removeAll() {
        items.removeAll(keepingCapacity: true)
        keys.removeAll(keepingCapacity: true)
        isAllowed = true
        grants = 0
    }

    /// Adds a limit with the key it counts this request under. A key is any bytes; what kind it is (an address, a
    /// header) belongs into it, where one limit may have several kinds. Only the first `longestKey` bytes count.
    ///
    /// The same limit with the same key counts once. False if there are `capacity` limits already.
    @discardableResult
    package func add(_ limit: RateLimit, key: Span<UInt8>) -> Bool {
        let length = min(key.count, Self.longestKey)
        for index in items.indices {
            let item = items[index]
            if item.limit !== limit || item.key.count != length { continue }
            var position = 0
            while position < length, keys[item.key.lowerBound + position] == key[position] { position += 1 }
            if position == length { return true }
        }
        guard items.count < Self.capacity else { return false }
        let start = keys.count
        // Read during the call only.
        unsafe key.withUnsafeBufferPointer { unsafe keys.append(contentsOf: $0.prefix(length)) }
        items.append(Item(limit: limit, key: start..<keys.count))
        return true
    }

    /// The limit that the client is told of: of those that refuse, the one that refuses longest; of those that admit,
    /// the one with the least left. Limits in dry run are not told. Nil where there is none.
    package var decisive: Int? {
        var found: Int?
        for index in items.indices where !items[index].limit.isDryRun {
            guard let best = found else {
                found = index
                continue
            }
            let one = items[index].outcome
            let other = items[best].outcome
            if one.isAllowed != other.isAllowed {
                if !one.isAllowed { found = index }
            } else if one.isAllowed ? one.remaining < other.remaining : one.retryAfter > other.retryAfter {
                found = index
            }
        }
        return found
    }

    package var count: Int { items.count }

    /// What the limit at this place has said.
    package func outcome(_ index: Int) -> LimitOutcome { items[index].outcome }

    /// Works out what the limits' keys are in a store with this secret.
    func digest(under secret: (UInt64, UInt64)) {
        let keys = keys
        let bytes = keys.span
        for index in items.indices {
            let key = bytes.extracting(items[index].key)
            items[index].digest = KeyDigest(items[index].limit.digest, key, secret: secret)
        }
    }

    /// Settles the request's fate once every limit has spoken.
    func settle() {
        isAllowed = true
        for index in items.indices where !items[index].outcome.isAllowed && !items[index].limit.isDryRun {
            isAllowed = false
        }
    }
}
