/// The names of keys that an issuer does not have: a ring of the last few, by their hash.
///
/// Only a name that began a fetch comes in, and the set of that fetch decides: a name that was asked for while a fetch
/// was under way may be newer than what that fetch brings. So there is at most one for each interval between fetches,
/// however many names a flood brings. A hash of 64 bits under the process's secret stands for a name; that two agree
/// would deny one client one refetch for a minute.
struct UnknownKeys {
    private struct Entry {
        var hash: Int
        /// Until when it counts; nil while the fetch that looks for it is under way.
        var until: Int64?
    }

    private static let capacity = 64

    private var entries: [Entry] = []
    private var next = 0

    func contains(_ identifier: [UInt8], at now: Int64) -> Bool {
        let hash = identifier.hashValue
        return entries.contains { entry in
            guard entry.hash == hash, let until = entry.until else { return false }
            return now < until
        }
    }

    /// A fetch begins for the sake of this name.
    mutating func ask(_ identifier: [UInt8]) {
        let entry = Entry(hash: identifier.hashValue, until: nil)
        if entries.count < Self.capacity {
            entries.append(entry)
        } else {
            entries[next] = entry
            next = (next + 1) % Self.capacity
        }
    }

    /// A new set has come: what it has is known, what it has not stays unknown for a while.
    mutating func settle(_ keys: KeySet, until: Int64) {
        let known = keys.keys.compactMap { $0.identifier?.hashValue }
        entries.removeAll { known.contains($0.hash) }
        for index in entries.indices where entries[index].until == nil { entries[index].until = until }
        next = 0
    }

    /// The fetch came to nothing.
    mutating func forgetAsked() {
        entries.removeAll { $0.until == nil }
        next = 0
    }
}
