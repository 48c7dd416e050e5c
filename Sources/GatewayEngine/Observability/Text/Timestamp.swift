/// Writes instants as RFC 3339 in UTC with milliseconds: `2026-03-01T12:00:00.123Z`.
///
/// Nearly all lines of a busy worker fall into the second of the line before, so the text up to the second is kept and
/// only the milliseconds are new. The calendar is computed here: the C library's functions take a lock and read the time
/// zone.
struct Timestamp {
    /// `2026-03-01T12:00:00`
    private var text = InlineArray<19, UInt8>(repeating: UInt8(ascii: "0"))
    private var second = Int64.min

    init() {}

    /// `nanoseconds` since 1970-01-01T00:00:00Z, before or after.
    mutating func write(_ nanoseconds: Int64, into line: inout LineWriter) {
        var seconds = nanoseconds / 1_000_000_000
        var rest = nanoseconds % 1_000_000_000
        if rest < 0 {
            rest += 1_000_000_000
            seconds -= 1
        }
        if seconds != second { format(seconds) }
        line.append(text.span)
        line.append(byte: UInt8(ascii: "."))
        line.append(threeDigits: UInt64(rest / 1_000_000))
        line.append(byte: UInt8(ascii: "Z"))
    }

    private mutating func format(_ seconds: Int64) {
        second = seconds
        var days = seconds / 86_400
        var inDay = seconds % 86_400
        if inDay < 0 {
            inDay += 86_400
            days -= 1
        }
        let (year, month, day) = Timestamp.date(daysSince1970: days)
        put(year, at: 0, digits: 4)
        text[4] = UInt8(ascii: "-")
        put(month, at: 5, digits: 2)
        text[7] = UInt8(ascii: "-")
        put(day, at: 8, digits: 2)
        text[10] = UInt8(ascii: "T")
        put(inDay / 3600, at: 11, digits: 2)
        text[13] = UInt8(ascii: ":")
        put(inDay / 60 % 60, at: 14, digits: 2)
        text[16] = UInt8(ascii: ":")
        put(inDay % 60, at: 17, digits: 2)
    }

    private mutating func put(_ value: Int64, at start: Int, digits: Int) {
        var value = value
        var index = start + digits - 1
        while index >= start {
            text[index] = UInt8(truncatingIfNeeded: value % 10) &+ UInt8(ascii: "0")
            value /= 10
            index -= 1
        }
    }

    /// The date in the Gregorian calendar. Exact for the years 1 to 9999; an `Int64` of nanoseconds reaches from 1677 to
    /// 2262, so four digits always do.
    static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let ordinal = days + daysBefore(year: 1970)
        var year = ordinal / 366 + 1  // never too late: no year is longer
        while daysBefore(year: year + 1) <= ordinal { year += 1 }
        var rest = ordinal - daysBefore(year: year)
        var month: Int64 = 1
        while rest >= length(ofMonth: month, year: year) {
            rest -= length(ofMonth: month, year: year)
            month += 1
        }
        return (year, month, rest + 1)
    }

    /// Days from 0001-01-01 to the first day of a year.
    private static func daysBefore(year: Int64) -> Int64 {
        let past = year - 1
        return past * 365 + past / 4 - past / 100 + past / 400
    }

    private static func length(ofMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: daysBefore(year: year + 1) - daysBefore(year: year) - 337
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
