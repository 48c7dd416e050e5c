/// Durations, sizes and shares: numbers with a unit, as text.

enum DurationValue {
    static let fix = "write a number and a unit: 250ms, 5s, 10m, 1h"
    /// A year: what is longer is a typing error, and sums stay far from any overflow.
    private static let longest: Int64 = 366 * 24 * 3600 * 1000

    /// Milliseconds as `Duration`; zero is returned as such, the caller knows whether it means "off".
    static func parse(_ text: String) throws(Problem) -> Duration {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { throw Problem("is not a duration", fix: fix) }
        var at = 0
        var total: Int64 = 0
        var previous = Int64.max
        // Compound forms such as 1h30m, units in falling order.
        while at < bytes.count {
            var number: Int64 = 0
            let start = at
            while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) {
                guard number < longest else { throw Problem("is longer than a year", fix: fix) }
                number = number * 10 + Int64(bytes[at] - UInt8(ascii: "0"))
                at += 1
            }
            guard at > start else { throw Problem("is not a duration", fix: fix) }
            let unitStart = at
            while at < bytes.count, bytes[at] > UInt8(ascii: "9") { at += 1 }
            let scale: Int64
            switch String(decoding: bytes[unitStart..<at], as: UTF8.self) {
            case "ms": scale = 1
            case "s": scale = 1000
            case "m": scale = 60 * 1000
            case "h": scale = 3600 * 1000
            case "d": scale = 24 * 3600 * 1000
            case "" where start == 0 && at == bytes.count:
                throw Problem("is a duration without a unit", fix: fix, suggestion: text + "s")
            default: throw Problem("is not a duration", fix: fix)
            }
            guard scale < previous else { throw Problem("is not a duration", fix: fix) }
            previous = scale
            guard number <= longest / scale else { throw Problem("is longer than a year", fix: fix) }
            total += number * scale
        }
        guard total <= longest else { throw Problem("is longer than a year", fix: fix) }
        return .milliseconds(total)
    }
}

/// `k`, `m` and `g` are binary, as in nginx and HAProxy; `kB` and `MB` are decimal, as the letters say (IEC 80000-13).
enum SizeValue {
    static let fix = "write bytes as a number, or with a unit: 60KiB, 1MiB, 64k"

    static func parse(_ text: String) throws(Problem) -> Int {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let number = Int(Substring(digits)) else { throw Problem("is not a size", fix: fix) }
        let scale: Int
        switch text.dropFirst(digits.count) {
        case "", "B": scale = 1
        case "k", "K", "KiB": scale = 1 << 10
        case "m", "M", "MiB": scale = 1 << 20
        case "g", "G", "GiB": scale = 1 << 30
        case "kB", "KB": scale = 1_000
        case "MB": scale = 1_000_000
        case "GB": scale = 1_000_000_000
        default: throw Problem("is not a size", fix: fix)
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: scale)
        guard !overflow else { throw Problem("is too large a size", fix: fix) }
        return bytes
    }

    /// `61440` as `60KiB`.
    static func describe(_ bytes: Int) -> String {
        for (scale, unit) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        where bytes >= scale && bytes % scale == 0 {
            return "\(bytes / scale)\(unit)"
        }
        return "\(bytes)"
    }
}

/// A share of a whole: `20%`, or a number from 0 to 1.
enum ShareValue {
    static let fix = "write a percentage such as 20%, or a number from 0 to 1"

    static func parse(_ text: String) throws(Problem) -> Double {
        let isPercentage = text.hasSuffix("%")
        let digits = isPercentage ? text.dropLast() : text[...]
        // Double's own parser also takes "inf", "nan" and hexadecimal.
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }), let number = Double(digits) else {
            throw Problem("is not a share", fix: fix)
        }
        let share = isPercentage ? number / 100 : number
        guard (0...1).contains(share) else {
            throw Problem(
                isPercentage ? "is not between 0% and 100%" : "is not between 0 and 1", fix: fix,
                suggestion: isPercentage || number > 100 ? nil : text + "%")
        }
        return share
    }
}
