/// When a decision is made, on both clocks, in nanoseconds. Buckets and windows go by the monotonic clock, so that a
/// corrected wall clock neither opens nor blocks them; quotas follow the calendar, and what clients are told is an
/// epoch second.
package struct LimitTime: Hashable, Sendable {
    package var monotonic: Int64
    package var epoch: Int64

    package init(monotonic: Int64, epoch: Int64) {
        // Clocks before their beginning count as their beginning: nothing here divides negative numbers.
        self.monotonic = max(monotonic, 0)
        self.epoch = max(epoch, 0)
    }

    package static let second: Int64 = 1_000_000_000

    /// The epoch second, rounded up, that lies so many nanoseconds ahead.
    func epochSecond(in nanoseconds: Int64) -> Int64 {
        Self.seconds(epoch &+ max(nanoseconds, 0))
    }

    /// Seconds, rounded up.
    package static func seconds(_ nanoseconds: Int64) -> Int64 {
        nanoseconds <= 0 ? 0 : (nanoseconds &- 1) / second &+ 1
    }
}

/// The days and months of UTC, by arithmetic: no time zones, no tables, no Foundation.
package enum CalendarPeriod: Hashable, Sendable {
    case day, month

    /// In nanoseconds.
    var shortest: Int64 {
        switch self {
        case .day: 86_400 * LimitTime.second
        case .month: 28 * 86_400 * LimitTime.second
        }
    }

    /// The epoch second at which the period that holds this one ends.
    package func end(after second: Int64) -> Int64 {
        let day = second / 86_400
        switch self {
        case .day: return (day + 1) * 86_400
        case .month:
            let (year, month) = Self.month(ofDay: day)
            return Self.firstDay(year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1) * 86_400
        }
    }

    // Both count years from the first of March, so that the leap day is a year's last; 719,468 days lie between the
    // first of March of the year 0 and 1970-01-01, and 400 years have 146,097 days. Nothing here is negative.

    /// Year and month (1 to 12) of a day counted from 1970-01-01.
    static func month(ofDay day: Int64) -> (year: Int64, month: Int64) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month)
    }

    /// The day, counted from 1970-01-01, on which a month begins.
    static func firstDay(year: Int64, month: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let marchMonth = month <= 2 ? month + 9 : month - 3
        let era = marchYear / 400
        let yearOfEra = marchYear % 400
        let dayOfYear = (153 * marchMonth + 2) / 5
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
