/// Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7), without Foundation, and
/// with no calendar but the arithmetic one.
package enum HTTPDate {
    /// The length of every date that `write` makes.
    package static let length = 29

    private static let weekdays: InlineArray<7, StaticString> = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months: InlineArray<12, StaticString> = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The end of the year 9999, the last that four digits can name.
    private static let last = 253_402_300_799

    /// Appends the date of so many seconds since 1970. Times that have no such form are moved to the nearest that has.
    package static func write(_ secondsSinceEpoch: Int, into buffer: WireBuffer) {
        let time = min(max(secondsSinceEpoch, 0), last)
        let days = time / 86_400
        let second = time % 86_400

        // Days are counted in years that begin with March, so that the leap day is the last of its year; 719,468 days
        // lie between the first of March of the year 0 and 1970. 400 years have 146,097 days.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 2 : marchMonth - 10
        let year = era * 400 + yearOfEra + (month < 2 ? 1 : 0)

        buffer.append(weekdays[days % 7])
        buffer.append(", ")
        writeTwoDigits(day, into: buffer)
        buffer.append(byte: 0x20)
        buffer.append(months[month])
        buffer.append(byte: 0x20)
        buffer.append(decimal: year)
        buffer.append(byte: 0x20)
        writeTwoDigits(second / 3_600, into: buffer)
        buffer.append(byte: UInt8(ascii: ":"))
        writeTwoDigits(second / 60 % 60, into: buffer)
        buffer.append(byte: UInt8(ascii: ":"))
        writeTwoDigits(second % 60, into: buffer)
        buffer.append(" GMT")
    }

    private static func writeTwoDigits(_ value: Int, into buffer: WireBuffer) {
        buffer.append(byte: UInt8(ascii: "0") + UInt8(value / 10))
        buffer.append(byte: UInt8(ascii: "0") + UInt8(value % 10))
    }
}
