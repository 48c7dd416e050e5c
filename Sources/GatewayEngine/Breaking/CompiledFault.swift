internal import GatewayConfiguration
internal import HTTPWire
internal import Synchronization

/// A fault made on purpose, as the data plane asks for it.
///
/// The share is exact and spread evenly: of any so many requests, that share is hit, give or take one, over all workers.
/// A drawn share would do as well for a rehearsal, but not for showing that it is this share.
final class CompiledFault: Sendable {
    /// Nanoseconds; 0: none.
    let delay: Int64
    /// A status; 0: none.
    let abort: Int
    /// In ten-thousandths.
    private let share: UInt64
    /// Lower case; empty: every request.
    private let header: [UInt8]
    private let asked = Atomic<UInt64>(0)

    init(_ configuration: FaultConfiguration) {
        delay = configuration.delay?.nanoseconds ?? 0
        abort = configuration.abort ?? 0
        share = UInt64((configuration.share * 10_000).rounded())
        header = Array((configuration.header ?? "").lowercased().utf8)
    }

    /// Whether this request is hit. Those without the header are not counted.
    func hits(_ fields: HeaderBlock) -> Bool {
        let header = self.header
        if !header.isEmpty && fields.firstIndex(named: header.span) < 0 { return false }
        let number = asked.add(1, ordering: .relaxed).oldValue
        // The number of hits so far is the number of requests times the share, rounded down; hit is whom it grows with.
        let place = number % 10_000
        return (place + 1) * share / 10_000 > place * share / 10_000
    }
}
