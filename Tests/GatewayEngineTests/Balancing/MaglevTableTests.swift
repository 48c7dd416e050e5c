import Testing

@testable import GatewayEngine

@Suite struct MaglevTableTests {
    private func members(_ weights: [Int]) -> [MaglevTable.Member] {
        weights.enumerated()
            .map { MaglevTable.Member(url: "http://10.0.0.\($0 + 1):8080", weight: $1) }
            .sorted { $0.url < $1.url }
    }

    /// The key numbered so, as a request's would be hashed.
    private func key(_ number: Int) -> UInt64 { SipHash.hash("tenant-\(number)", .placement) }

    private func slots(_ table: MaglevTable) -> [Int] {
        (0..<MaglevTable.size).reduce(into: Array(repeating: 0, count: table.members.count)) {
            $0[table.member(UInt64($1))] += 1
        }
    }

    @Test(arguments: [
        [1], [1, 1], [1, 1, 1, 1, 1, 1], [1, 2, 3], [100, 1], [65_535, 1, 1], Array(repeating: 1, count: 200),
    ])
    func slotsAreSharedByWeight(weights: [Int]) {
        let table = MaglevTable(members(weights))
        let sum = Double(weights.reduce(0, +))
        for (member, count) in zip(table.members, slots(table)) {
            let share = Double(MaglevTable.size) * Double(member.weight) / sum
            #expect(abs(Double(count) - share) <= 1 + share * 0.01, "\(member): \(count) of \(share)")
        }
    }

    @Test func keysAreSpreadEvenly() {
        let table = MaglevTable(members([1, 1, 1, 1, 1, 1]))
        var counts = [Int](repeating: 0, count: 6)
        for number in 0..<60_000 { counts[table.member(key(number))] += 1 }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 500 }, "\(counts)")
    }

    /// One of N goes: its own keys must move, 1/N of all; of the others fewer than that.
    @Test(arguments: [3, 6, 10, 50])
    func fewKeysMoveWhenOneGoes(count: Int) {
        let all = members(Array(repeating: 1, count: count))
        let before = MaglevTable(all)
        for gone in [0, count / 2, count - 1] {
            var rest = all
            let lost = rest.remove(at: gone)
            let after = MaglevTable(rest)
            var moved = 0
            var atTheLost = 0
            for number in 0..<5_000 {
                let old = before.members[before.member(key(number))]
                let new = after.members[after.member(key(number))]
                if old != new { moved += 1 }
                if new == lost { atTheLost += 1 }
            }
            #expect(atTheLost == 0)
            #expect(Double(moved) / 5_000 < 2 / Double(count), "\(moved) of 5000 moved, one of \(count) gone")
        }
    }

    /// What any other node, now or in a later version, must come to. These keys' places are a promise.
    @Test func theSameEverywhere() {
        let table = MaglevTable(members([1, 2, 1, 1, 3]))
        let places = (0..<24).map { table.member(key($0)) }
        #expect(places == [0, 4, 1, 4, 1, 4, 2, 0, 4, 4, 3, 1, 3, 1, 2, 0, 4, 1, 2, 4, 1, 1, 3, 4])
    }

    @Test func attemptsAreIndependentAndFixed() {
        let table = MaglevTable(members([1, 1, 1, 1]))
        var others = Set<Int>()
        for attempt in 1...40 as ClosedRange<UInt64> {
            #expect(table.member(key(1), attempt: attempt) == table.member(key(1), attempt: attempt))
            others.insert(table.member(key(1), attempt: attempt))
        }
        #expect(others == [0, 1, 2, 3])
    }

    // MARK: The policy around it

    /// The order in the file is no part of the answer.
    @Test func orderOfTheFileDoesNotMatter() {
        let ports = [8, 3, 5, 9, 1]
        let one = ports.map { endpoint($0) }
        let other = ports.sorted().map { endpoint($0) }
        var first = ConsistentHash()
        var second = ConsistentHash()
        let (oneEligible, otherEligible) = (eligible(one), eligible(other))
        first.adapt(to: oneEligible, ServiceState(name: "a"))
        second.adapt(to: otherEligible, ServiceState(name: "b"))
        for number in 0..<1_000 {
            let left = first.pick(oneEligible, key: key(number), avoiding: -1)
            let right = second.pick(otherEligible, key: key(number), avoiding: -1)
            #expect(one[left].state.url == other[right].state.url)
        }
    }

    @Test func aRetryGoesToTheSameSecond() {
        let all = (0..<5).map { endpoint($0) }
        let found = eligible(all)
        var policy = ConsistentHash()
        policy.adapt(to: found, ServiceState(name: "a"))
        var seconds = Set<Int>()
        for number in 0..<200 {
            let own = policy.pick(found, key: key(number), avoiding: -1)
            let next = policy.pick(found, key: key(number), avoiding: own)
            #expect(next != own && next == policy.pick(found, key: key(number), avoiding: own))
            // Another one's failure moves nobody.
            #expect(policy.pick(found, key: key(number), avoiding: next) == own)
            seconds.insert(next)
        }
        #expect(seconds == [0, 1, 2, 3, 4])
    }

    /// All but one slot in 65,536 belong to one endpoint: it is avoided all the same.
    @Test func theOneWithNearlyAllIsAvoided() {
        let all = [endpoint(0, weight: 65_535), endpoint(1, weight: 1)]
        let found = eligible(all)
        var policy = ConsistentHash()
        policy.adapt(to: found, ServiceState(name: "a"))
        for number in 0..<100 { #expect(policy.pick(found, key: key(number), avoiding: 0) == 1) }
    }

    @Test func workersShareOneTable() {
        let state = ServiceState(name: "a")
        let table = state.maglevTable(for: members([1, 1, 1]))
        #expect(state.maglevTable(for: members([1, 1, 1])) === table)
        #expect(state.maglevTable(for: members([1, 1])) !== table)
    }
}
