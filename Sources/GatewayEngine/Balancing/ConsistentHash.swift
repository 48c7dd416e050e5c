/// `consistent_hash`: equal keys go to the same endpoint, on every worker and every gateway, and few of them move when
/// endpoints come and go.
///
/// Slow start is left out: a weight that grows would move keys ten times a second.
struct ConsistentHash {
    private var table: MaglevTable?
    /// For each member of the table, the member of the eligible ones.
    private var order: [Int] = []

    /// The members have changed. The table is made by the first worker that asks, the others find it made.
    mutating func adapt(to eligible: EligibleEndpoints, _ state: ServiceState) {
        order = eligible.members.indices.sorted {
            eligible.members[$0].state.url < eligible.members[$1].state.url
        }
        guard order.count > 1 else {
            table = nil
            return
        }
        table = state.maglevTable(
            for: order.map { index in
                let member = eligible.members[index]
                return MaglevTable.Member(url: member.state.url, weight: member.weight / EligibleEndpoints.scale)
            })
    }

    /// The key's own endpoint; when that one is to be avoided, the first other one that a further look finds, so that a
    /// retry of the same key goes to the same second endpoint.
    func pick(_ eligible: EligibleEndpoints, key: UInt64, avoiding avoided: Int) -> Int {
        guard let table else { return 0 }
        let own = order[table.member(key)]
        guard own == avoided else { return own }
        for attempt in UInt64(1)...16 {
            let other = order[table.member(key, attempt: attempt)]
            if other != avoided { return other }
        }
        // One that has nearly all the weight.
        return avoided + 1 == order.count ? 0 : avoided + 1
    }
}
