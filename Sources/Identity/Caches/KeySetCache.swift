/// The keys of several issuers, each kept fresh by a machine of its own (`IssuerKeys`), for one driver that fetches.
///
/// It lives where fetches are made, on one loop; the key sets that come out of it are immutable and go to all loops.
/// The driver calls in with events and does what comes back; nothing here reads a clock, draws a number or opens a
/// connection.
package struct KeySetCache {
    package private(set) var issuers: [IssuerKeys]

    package init(_ sources: [KeySource]) { issuers = sources.map(IssuerKeys.init) }

    /// What the driver has to do: fetch this address for that issuer, and answer with `received` and the same number.
    package struct Fetch: Hashable, Sendable {
        package let issuer: Int
        package let number: Int
        package let address: String
        /// The driver gives up at this time and says `failed(.timedOut)`; if it does not, `tick` does.
        package let deadline: Int64
        package let answerBytes: Int
    }

    /// Everything that is due at `now`; the first call fetches all. `random` is asked for numbers from 0 to 1.
    package mutating func tick(at now: Int64, random: () -> Double) -> [Fetch] {
        issuers.indices.compactMap { index in
            issuers[index].tick(at: now, random: random).map { fetch(index, $0) }
        }
    }

    /// The soonest time at which `tick` has something to do.
    package var nextDeadline: Int64? { issuers.compactMap(\.nextDeadline).min() }

    package mutating func received(
        _ answer: KeyAnswer, issuer: Int, number: Int, at now: Int64, random: () -> Double
    ) -> (result: IssuerKeys.Received, fetch: Fetch?) {
        guard issuers.indices.contains(issuer) else { return (.stale, nil) }
        let (result, order) = issuers[issuer].received(answer, number: number, at: now, random: random)
        return (result, order.map { fetch(issuer, $0) })
    }

    /// Asks for a key that the set a loop has does not hold.
    package mutating func lookUp(
        _ identifier: [UInt8]?, issuer: Int, at now: Int64
    ) -> (answer: IssuerKeys.Answer, fetch: Fetch?) {
        guard issuers.indices.contains(issuer) else { return (.unavailable, nil) }
        let (answer, order) = issuers[issuer].lookUp(identifier, at: now)
        return (answer, order.map { fetch(issuer, $0) })
    }

    private func fetch(_ issuer: Int, _ order: IssuerKeys.Order) -> Fetch {
        Fetch(
            issuer: issuer, number: order.number, address: order.address, deadline: order.deadline,
            answerBytes: issuers[issuer].source.answerBytes)
    }
}
