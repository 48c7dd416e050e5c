internal import Synchronization

/// Open client connections of one listener over all workers, and of the whole gateway behind it.
final class ConnectionCounter: Sendable {
    private let open = Atomic<Int>(0)
    private let limit: Atomic<Int>
    private let whole: ConnectionCounter?

    init(limit: Int, whole: ConnectionCounter?) {
        self.limit = Atomic(limit)
        self.whole = whole
    }

    /// Takes a place; false when there is none.
    func enter() -> Bool {
        if open.add(1, ordering: .relaxed).newValue > limit.load(ordering: .relaxed) {
            open.subtract(1, ordering: .relaxed)
            return false
        }
        guard let whole else { return true }
        if whole.enter() { return true }
        open.subtract(1, ordering: .relaxed)
        return false
    }

    func leave() {
        open.subtract(1, ordering: .relaxed)
        whole?.leave()
    }

    /// For connections to come: those that are there stay.
    func setLimit(_ limit: Int) { self.limit.store(limit, ordering: .relaxed) }

    var count: Int { open.load(ordering: .relaxed) }
}
