import HTTPWire
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct WireTextTests {
    private func date(_ seconds: Int) -> String {
        let buffer = WireBuffer(capacity: 32)
        HTTPDate.write(seconds, into: buffer)
        return text(buffer)
    }

    static let dates: [(Int, String)] = [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (253_402_300_800, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (Int.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (Int.min, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ]

    @Test("RFC 9110 §5.6.7: dates", arguments: dates) func date(_ item: (Int, String)) {
        #expect(date(item.0) == item.1)
        #expect(date(item.0).utf8.count == HTTPDate.length)
    }

    /// By the C library. `tm` counts as unsafe because it may point to the name of a time zone, which is not used here.
    private func calendarDate(_ seconds: Int) -> String {
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        var time = time_t(seconds)
        var parts = unsafe tm()
        _ = unsafe gmtime_r(&time, &parts)
        let (weekday, day, month) = unsafe (Int(parts.tm_wday), parts.tm_mday, Int(parts.tm_mon))
        let (year, hour) = unsafe (parts.tm_year + 1900, parts.tm_hour)
        let (minute, second) = unsafe (parts.tm_min, parts.tm_sec)
        return "\(days[weekday]), \(two(day)) \(months[month]) \(year) \(two(hour)):\(two(minute)):\(two(second)) GMT"
    }

    @Test("RFC 9110 §5.6.7: any second agrees with the C library's calendar") func calendar() {
        var random = Seeded(walk: 4)
        for _ in 0..<5000 {
            let seconds = random.below(253_402_300_800)
            let expected = calendarDate(seconds)
            #expect(date(seconds) == expected, "seed \(Seeded.seed)")
        }
    }

    @Test("RFC 9110 §15: reason phrases are valid, and absent for what has none") func reasons() {
        for status in 0..<1000 {
            let reason = text(StatusText.reason(status))
            #expect(isFieldValue(octets(reason)))
            if reason.isEmpty { continue }
            #expect(scanResponse(octets("HTTP/1.1 \(status) \(reason)\r\n\r\n")).reason == reason)
        }
        #expect(text(StatusText.reason(200)) == "OK")
        #expect(text(StatusText.reason(503)) == "Service Unavailable")
        #expect(text(StatusText.reason(299)) == "")
        #expect(text(StatusText.reason(-1)) == "")
    }

    @Test("errors have labels of their own, a sentence, and a status that says client") func errors() {
        let labels = WireError.allCases.map { text($0.label) }
        #expect(Set(labels).count == labels.count)
        #expect(Set(WireError.allCases.map { text($0.explanation) }).count == labels.count)
        for error in WireError.allCases {
            #expect(text(error.label).allSatisfy { $0 == "_" || $0.isLowercase || $0.isNumber })
            #expect(text(error.explanation).hasSuffix("."))
            #expect([400, 414, 431, 501, 505].contains(error.status))
        }
        #expect(WireError.requestLineTooLong.status == 414)
        #expect(WireError.headTooLarge.status == 431)
        #expect(WireError.tooManyFields.status == 431)
        #expect(WireError.unsupportedVersion.status == 505)
        #expect(WireError.unsupportedTransferCoding.status == 501)
        #expect(text(WireError.bareLF.label) == "bare_lf")
    }
}
