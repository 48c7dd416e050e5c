internal import GatewayConfiguration
internal import Synchronization

/// Which requests of a route are copied to another service: every one in its turn, by a counter that all workers share,
/// so that any million requests hold exactly the share, evenly spread.
final class MirrorPlan: Sendable {
    /// The index in `Snapshot.services`.
    let service: Int
    /// Bytes; a request with a larger body is not copied.
    let maxBody: Int
    /// Of `whole`.
    private let share: UInt64
    private let counter = Atomic<UInt64>(0)

    private static let whole: UInt64 = 1_000_000

    init(_ configuration: MirrorConfiguration, service: Int) {
        self.service = service
        maxBody = configuration.maxBody
        share = UInt64((min(max(configuration.share, 0), 1) * Double(Self.whole)).rounded())
    }

    /// Whether the next request is copied. Each request asks once.
    func takesNext() -> Bool {
        if share == Self.whole { return true }
        if share == 0 { return false }
        let turn = counter.add(1, ordering: .relaxed).oldValue % Self.whole
        // A line of slope `share` passes a whole number within this turn.
        return (turn + 1) * share / Self.whole > turn * share / Self.whole
    }
}
