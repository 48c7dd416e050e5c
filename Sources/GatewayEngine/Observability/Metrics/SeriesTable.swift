/// Gives names a series, up to a hard cap, and remembers it over reloads: a route that stays keeps counting where it was.
///
/// A name that went keeps its series, since counters must not go back, until all are taken and a new name asks; from then
/// on new names share `(other)`. So a scrape never grows beyond the cap, whatever is loaded in whatever order.
struct SeriesTable {
    private(set) var names: [String] = ["(other)", "(none)"]
    private var indices: [String: UInt16] = [:]
    private let cap: Int

    init(cap: Int) { self.cap = min(cap, Int(UInt16.max) - SeriesID.firstNamed) }

    mutating func assign(_ wanted: [String]) -> [SeriesID] {
        wanted.map { name in
            if let index = indices[name] { return SeriesID(index: index) }
            guard names.count - SeriesID.firstNamed < cap else { return .other }
            // At most UInt16.max, by the cap.
            let index = UInt16(names.count)
            names.append(name)
            indices[name] = index
            return SeriesID(index: index)
        }
    }
}
