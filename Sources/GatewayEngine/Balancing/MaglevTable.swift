/// The table of `consistent_hash`: for each hash of a key an endpoint, as in "Maglev: A Fast and Reliable Software
/// Network Load Balancer" (Eisenbud and others, 2016, §3.4).
///
/// Each member has an order of its own in which it would like the slots, made of two hashes of its URL; in turns, as often
/// as its weight says, each takes the first one it likes that is free. So the shares are even to a slot, a look-up is one
/// division and one read, and when a member goes, few of the others' slots move. Nothing but URLs, weights and keys goes
/// in: the same configuration makes the same table in every process on every machine, whatever the order in the file.
///
/// 65,537 slots of two bytes are 128 KiB for each service that uses it, shared by all workers; making it takes a
/// millisecond or two. Slots name up to 65,536 members; more get none.
final class MaglevTable: Sendable {
    struct Member: Sendable, Hashable {
        let url: String
        let weight: Int
    }

    /// A prime, so that every step through the slots meets all of them.
    static let size = 65_537

    /// What it was made of, sorted by URL.
    let members: [Member]
    /// Indices of `members`.
    private let slots: [UInt16]

    /// - Parameter members: sorted by URL, at least one, no weight below 1.
    init(_ members: [Member]) {
        self.members = members
        slots = Self.fill(members.prefix(1 << 16))
    }

    /// The index in `members`.
    func member(_ hash: UInt64) -> Int {
        Int(slots[Int(truncatingIfNeeded: hash % UInt64(Self.size))])
    }

    /// The same for another attempt: an independent draw for each number, always the same one for a key.
    func member(_ hash: UInt64, attempt: UInt64) -> Int {
        var mixed = hash &+ attempt &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed &>> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed &>> 27) &* 0x94D0_49BB_1331_11EB
        return member(mixed ^ mixed &>> 31)
    }

    private static func fill(_ members: ArraySlice<Member>) -> [UInt16] {
        let size = UInt64(size)
        var next = members.map { SipHash.hash($0.url, .placement) % size }
        let steps = members.map { SipHash.hash($0.url, SipHash.Key(low: 1, high: 0)) % (size - 1) + 1 }
        // A turn costs the sum of the weights, and each round brings weight times members: one turn on average.
        let price = members.reduce(0) { $0 + $1.weight }
        let income = members.map { $0.weight * members.count }
        var credit = [Int](repeating: 0, count: members.count)
        var slots = [UInt16](repeating: 0, count: Self.size)
        var isTaken = [Bool](repeating: false, count: Self.size)
        var free = Self.size
        while true {
            for index in income.indices {
                credit[index] += income[index]
                while credit[index] >= price {
                    credit[index] -= price
                    while isTaken[Int(next[index])] { next[index] = (next[index] + steps[index]) % size }
                    slots[Int(next[index])] = UInt16(index)
                    isTaken[Int(next[index])] = true
                    free -= 1
                    if free == 0 { return slots }
                }
            }
        }
    }
}
