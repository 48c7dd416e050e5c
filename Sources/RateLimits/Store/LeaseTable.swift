/// Requests that a store elsewhere has admitted ahead of their coming, for one loop: `lease: N` asks it for up to N at
/// once, and the following requests with the same limits and keys are then admitted without asking.
///
/// What that costs in exactness is bounded: the store never admits more than the limit, but a lease may be used up to
/// `lifetime` after it was counted, or not at all. So each loop of each gateway holds at most N − 1 requests of a key
/// that others cannot have, and for as long. While a lease is asked for, further requests of its key ask for themselves
/// alone: else a burst of them would take the whole limit at once.
///
/// A lease belongs to all limits of a request with all their keys. The table is bounded: in a full one a lease that is
/// over gives way, or else the new one is not kept.
package struct LeaseTable {
    private struct Lease {
        var left = 0
        /// Monotonic nanoseconds.
        var end: Int64 = 0
        /// What the limits said of the last request that the lease is for.
        var outcomes: [LimitOutcome] = []
        /// It is on its way.
        var isAskedFor = false
    }

    private var leases: [KeyDigest: Lease] = [:]
    private let capacity: Int
    package let lifetime: Int64
    private let secret: (UInt64, UInt64)

    package init(capacity: Int = 10_000, lifetime: Int64, secret: (UInt64, UInt64)) {
        self.capacity = capacity
        self.lifetime = lifetime
        self.secret = secret
    }

    package var count: Int { leases.count }

    /// Admits the request by a lease, if there is one.
    package mutating func admit(_ check: LimitCheck, at now: Int64) -> Bool {
        guard !leases.isEmpty else { return false }
        let key = key(of: check)
        guard var lease = leases[key], !lease.isAskedFor else { return false }
        guard lease.left > 0, now < lease.end, lease.outcomes.count == check.items.count else {
            leases[key] = nil
            return false
        }
        lease.left -= 1
        leases[key] = lease.left > 0 ? lease : nil
        for index in check.items.indices {
            check.items[index].outcome = lease.outcomes[index]
            check.items[index].outcome.remaining += lease.left
        }
        check.isAllowed = true
        return true
    }

    /// For how many requests to ask. More than one: `conclude` must be told what became of it.
    package mutating func ask(_ check: LimitCheck, most: Int, at now: Int64) -> Int {
        guard most > 1 else { return 1 }
        let key = key(of: check)
        if leases[key]?.isAskedFor == true { return 1 }
        if leases.count >= capacity, leases[key] == nil {
            leases = leases.filter { $0.value.isAskedFor || $0.value.end > now }
            if leases.count >= capacity { return 1 }
        }
        leases[key] = Lease(isAskedFor: true)
        return most
    }

    /// Keeps what a decision has granted beyond its own request, and tells that one what is left with the lease.
    ///
    /// - Parameter isGranted: false: nobody has decided.
    package mutating func conclude(_ check: LimitCheck, isGranted: Bool, at now: Int64) {
        let key = key(of: check)
        leases[key] = nil
        let left = check.grants - 1
        // A limit in dry run that refuses is never leased: every answer must be its own.
        guard isGranted, left > 0, check.items.allSatisfy({ $0.outcome.isAllowed }) else { return }
        leases[key] = Lease(left: left, end: now &+ lifetime, outcomes: check.items.map(\.outcome))
        for index in check.items.indices { check.items[index].outcome.remaining += left }
    }

    private func key(of check: LimitCheck) -> KeyDigest {
        check.digest(under: secret)
        var hash = SipHash13(secret)
        for index in check.items.indices {
            hash.append(check.items[index].digest.low)
            hash.append(check.items[index].digest.high)
        }
        return hash.finish()
    }
}
