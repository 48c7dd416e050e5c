/// Reads the texts of formats by the grammars of their RFCs.
struct FormatReader: ~Escapable {
    let text: Span<UInt8>
    var at = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { self.text = text }

    var isAtEnd: Bool { at == text.count }
    var next: UInt8 { at < text.count ? text[at] : 0 }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < text.count, UInt32(text[at]) == character.value else { return false }
        at += 1
        return true
    }

    mutating func take(either one: Unicode.Scalar, _ other: Unicode.Scalar) -> Bool { take(one) || take(other) }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
    static func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 0x61 < 6 }

    /// Exactly so many digits; -1: they are not there.
    mutating func number(_ digits: Int) -> Int {
        guard text.count - at >= digits else { return -1 }
        var value = 0
        for _ in 0..<digits {
            guard Self.isDigit(text[at]) else { return -1 }
            value = value * 10 + Int(text[at] - 0x30)
            at += 1
        }
        return value
    }

    mutating func skipDigits() -> Int {
        let start = at
        while at < text.count, Self.isDigit(text[at]) { at += 1 }
        return at - start
    }

    // MARK: Times (RFC 3339)

    mutating func dateTime() -> Bool { date() && take(either: "T", "t") && time() }

    mutating func date() -> Bool {
        let year = number(4)
        guard year >= 0, take("-") else { return false }
        let month = number(2)
        guard month >= 1, month <= 12, take("-") else { return false }
        let day = number(2)
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        return day >= 1 && day <= days
    }

    mutating func time() -> Bool {
        let hour = number(2)
        guard hour >= 0, hour < 24, take(":") else { return false }
        let minute = number(2)
        guard minute >= 0, minute < 60, take(":") else { return false }
        let second = number(2)
        guard second >= 0, second <= 60 else { return false }
        if take("."), skipDigits() == 0 { return false }
        var offset = 0
        if !take(either: "Z", "z") {
            let isBehind = next == UInt8(ascii: "-")
            guard take(either: "+", "-") else { return false }
            let hours = number(2)
            guard hours >= 0, hours < 24, take(":") else { return false }
            let minutes = number(2)
            guard minutes >= 0, minutes < 60 else { return false }
            offset = (hours * 60 + minutes) * (isBehind ? 1 : -1)
        }
        // A leap second ends a day of UTC.
        let utc = ((hour * 60 + minute + offset) % 1440 + 1440) % 1440
        return second < 60 || utc == 1439
    }

    /// RFC 3339 appendix A.
    mutating func duration() -> Bool {
        guard take("P") else { return false }
        guard !isAtEnd else { return false }
        if next == UInt8(ascii: "T") { return durationTime() }
        guard skipDigits() > 0 else { return false }
        if take("W") { return isAtEnd }
        // Years, months and days follow each other without a gap.
        var last = -1
        while true {
            let unit = [UInt8(ascii: "Y"), UInt8(ascii: "M"), UInt8(ascii: "D")].firstIndex(of: next) ?? -1
            guard unit >= 0, unit == last + 1 || last < 0 else { return false }
            at += 1
            last = unit
            if isAtEnd { return true }
            if next == UInt8(ascii: "T") { return durationTime() }
            guard skipDigits() > 0 else { return false }
        }
    }

    private mutating func durationTime() -> Bool {
        at += 1
        var last = -1
        while !isAtEnd {
            guard skipDigits() > 0 else { return false }
            let unit = [UInt8(ascii: "H"), UInt8(ascii: "M"), UInt8(ascii: "S")].firstIndex(of: next) ?? -1
            guard unit >= 0, unit == last + 1 || last < 0 else { return false }
            at += 1
            last = unit
        }
        return last >= 0
    }

    // MARK: Others

    /// RFC 9562.
    mutating func uuid() -> Bool {
        for (index, count) in [8, 4, 4, 4, 12].enumerated() {
            if index > 0, !take("-") { return false }
            for _ in 0..<count {
                guard Self.isHexadecimal(next) else { return false }
                at += 1
            }
        }
        return true
    }

    /// RFC 6901.
    mutating func jsonPointer() -> Bool {
        guard isAtEnd || next == UInt8(ascii: "/") else { return false }
        while !isAtEnd {
            if take("~"), next != UInt8(ascii: "0"), next != UInt8(ascii: "1") { return false }
            if !isAtEnd { at += 1 }
        }
        return true
    }

    mutating func relativeJSONPointer() -> Bool {
        let start = at
        let digits = skipDigits()
        guard digits > 0, digits == 1 || text[start] != 0x30 else { return false }
        if take("#") { return isAtEnd }
        return jsonPointer()
    }

    /// RFC 4648 §4.
    mutating func base64() -> Bool {
        guard text.count % 4 == 0 else { return false }
        while at < text.count, Self.isLetter(next) || Self.isDigit(next) || next == 0x2B || next == 0x2F { at += 1 }
        var padding = 0
        while take("=") { padding += 1 }
        return isAtEnd && padding <= 2
    }

    /// RFC 6570 §2.
    mutating func uriTemplate() -> Bool {
        var isOpen = false
        while !isAtEnd {
            let byte = next
            at += 1
            switch byte {
            case UInt8(ascii: "{"):
                if isOpen { return false }
                isOpen = true
            case UInt8(ascii: "}"):
                if !isOpen { return false }
                isOpen = false
            case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"),
                UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"):
                return false
            case UInt8(ascii: "|"): if !isOpen { return false }
            case UInt8(ascii: "%"):
                guard at + 1 < text.count, Self.isHexadecimal(text[at]), Self.isHexadecimal(text[at + 1]) else {
                    return false
                }
            default: break
            }
        }
        return !isOpen
    }
}
