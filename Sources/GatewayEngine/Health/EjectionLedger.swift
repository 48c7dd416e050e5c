/// Who of a service's endpoints is out, and how often each was lately: what decides whether one more may go, and for how
/// long. It stands under the service's lock, so that two workers never eject more than the cap between them.
///
/// An ejection lasts the base time, times the ejections that count: this one and the past ones. For each whole interval
/// that has passed without one since the endpoint came back, one past ejection less counts. That is reckoned when it
/// matters, so nothing has to sweep through the endpoints in between.
struct EjectionLedger {
    enum Decision: Equatable {
        /// Out until then, on the loops' clock. `times`: the ejections that count, this one included.
        case ejected(until: Int64, times: Int)
        /// Another worker was faster.
        case alreadyOut
        /// As many are out as may be.
        case atCap
    }

    private struct Entry {
        var until: Int64
        var times: Int
    }

    /// By the endpoint's URL. One that was never ejected has none.
    private var entries: [String: Entry] = [:]

    mutating func eject(_ url: String, _ policy: EjectionPolicy, now: Int64) -> Decision {
        let known = entries[url]
        if let known, known.until > now { return .alreadyOut }
        guard count(now: now) < policy.cap else { return .atCap }
        var times = 1
        if let known { times += Self.remaining(known, policy, now: now) }
        let (wanted, isBeyond) = policy.baseTime.multipliedReportingOverflow(by: Int64(times))
        let until = now + (isBeyond ? policy.maxTime : min(policy.maxTime, wanted))
        entries[url] = Entry(until: until, times: times)
        return .ejected(until: until, times: times)
    }

    /// An operator says that it is well: neither is it out, nor does anything count of what it did before.
    mutating func forget(_ url: String) { entries[url] = nil }

    /// Endpoints that are out.
    func count(now: Int64) -> Int {
        entries.values.count { $0.until > now }
    }

    /// Forgets endpoints that the newest configuration does not name.
    mutating func keepOnly(_ urls: Set<String>) {
        entries = entries.filter { urls.contains($0.key) }
    }

    private static func remaining(_ entry: Entry, _ policy: EjectionPolicy, now: Int64) -> Int {
        let quiet = (now - entry.until) / max(1, policy.interval)
        return max(0, entry.times - Int(clamping: quiet))
    }
}
