/// Instants as RFC 3339 writes them.
enum InternetTime {
    /// Seconds since 1970, a part of one left out; nil for what is no instant.
    static func seconds(_ text: String) -> Int64? {
        var reader = Reader(bytes: Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T") || reader.take("t"), let hour = reader.number(2),
            reader.take(":"), let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            (1...12).contains(month), (1...length(of: month, in: year)).contains(day), hour < 24, minute < 60,
            // A leap second is the one after it.
            second <= 60
        else { return nil }
        if reader.take(".") {
            guard reader.number(1) != nil else { return nil }
            while reader.number(1) != nil {}
        }
        var offset: Int64 = 0
        if !reader.take("Z"), !reader.take("z") {
            let isBehind = reader.take("-")
            guard isBehind || reader.take("+"), let hours = reader.number(2), reader.take(":"),
                let minutes = reader.number(2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (isBehind ? -60 : 60)
        }
        guard reader.isAtEnd else { return nil }
        return ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset
    }

    private static func length(of month: Int64, in year: Int64) -> Int64 {
        if month != 2 { return [4, 6, 9, 11].contains(month) ? 30 : 31 }
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    }

    /// Since 1970, in the Gregorian calendar: years are counted from March, so that a leap day is a year's last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // So much later that no year is negative: the calendar repeats after 400 years.
        let shifted = year + 400 - (month <= 2 ? 1 : 0)
        let inYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + inYear - 719_468 - 146_097
    }

    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        var isAtEnd: Bool { place == bytes.count }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
            place += 1
            return true
        }

        /// So many digits.
        mutating func number(_ count: Int) -> Int64? {
            guard bytes.count - place >= count else { return nil }
            var value: Int64 = 0
            for byte in bytes[place..<place + count] {
                guard byte &- UInt8(ascii: "0") < 10 else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            place += count
            return value
        }
    }
}
