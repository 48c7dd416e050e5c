internal import Synchronization

/// How often operators have changed what, for `gatehouse_admin_changes_total`.
final class AdminChangeCounters: Sendable {
    private let counts = Mutex([UInt64](repeating: 0, count: AdminChange.allCases.count))

    func count(_ change: AdminChange) {
        guard let index = AdminChange.allCases.firstIndex(of: change) else { return }
        counts.withLock { $0[index] += 1 }
    }

    func write(to writer: inout PrometheusWriter) {
        writer.begin("gatehouse_admin_changes_total", .counter, "Changes that operators made by the admin API.")
        for (change, count) in zip(AdminChange.allCases, counts.withLock { $0 }) {
            writer.sample("change=\"\(change.rawValue)\"", count)
        }
    }
}
