/// Names of the network: addresses, hosts, mail boxes, URIs.
extension FormatReader {
    /// RFC 2673 §3.2: four numbers without leading zeros.
    mutating func ipv4() -> Bool {
        for part in 0..<4 {
            if part > 0, !take(".") { return false }
            let start = at
            let digits = skipDigits()
            guard digits > 0, digits <= 3, digits == 1 || text[start] != 0x30 else { return false }
            var value = 0
            for index in start..<at { value = value * 10 + Int(text[index] - 0x30) }
            guard value < 256 else { return false }
        }
        return true
    }

    /// RFC 4291 §2.2.
    mutating func ipv6() -> Bool {
        var groups = 0
        var isShortened = false
        if next == UInt8(ascii: ":") {
            guard at + 1 < text.count, text[at + 1] == UInt8(ascii: ":") else { return false }
            at += 2
            isShortened = true
        }
        while groups < 8, Self.isHexadecimal(next) {
            let start = at
            while Self.isHexadecimal(next) { at += 1 }
            if next == UInt8(ascii: ".") {
                at = start
                guard groups <= 6, ipv4() else { return false }
                groups += 2
                break
            }
            guard at - start <= 4 else { return false }
            groups += 1
            guard next == UInt8(ascii: ":") else { break }
            at += 1
            if next == UInt8(ascii: ":") {
                guard !isShortened else { return false }
                isShortened = true
                at += 1
            } else if !Self.isHexadecimal(next) {
                return false
            }
        }
        return isShortened ? groups < 8 : groups == 8
    }

    /// RFC 1123 §2.1; internationalised names by their shape only (RFC 5890).
    mutating func hostname(isInternational: Bool) -> Bool {
        guard !isAtEnd, text.count <= 253 else { return false }
        while true {
            let start = at
            var count = 0
            while at < text.count, text[at] != UInt8(ascii: ".") {
                let byte = text[at]
                let isOther = byte >= 0x80 && isInternational
                guard Self.isLetter(byte) || Self.isDigit(byte) || byte == UInt8(ascii: "-") || isOther else {
                    return false
                }
                if byte & 0xC0 != 0x80 { count += 1 }
                at += 1
            }
            guard count > 0, count <= 63, text[start] != UInt8(ascii: "-"), text[at - 1] != UInt8(ascii: "-") else {
                return false
            }
            // Both kinds of hyphens in the third and fourth place are for names that are encoded.
            if count > 3, text[start + 2] == UInt8(ascii: "-"), text[start + 3] == UInt8(ascii: "-") {
                guard text[start] | 0x20 == UInt8(ascii: "x"), text[start + 1] | 0x20 == UInt8(ascii: "n"), count > 4
                else { return false }
            }
            if isAtEnd { return true }
            at += 1
        }
    }

    /// RFC 5321 §4.1.2, without comments and folding.
    mutating func email(isInternational: Bool) -> Bool {
        var sign = -1
        for index in text.indices where text[index] == UInt8(ascii: "@") { sign = index }
        guard sign > 0, sign < text.count - 1 else { return false }
        guard isLocalPart(sign, isInternational) else { return false }
        var domain = FormatReader(text.extracting(sign + 1..<text.count))
        if domain.take("[") {
            let isSix = domain.take("I") && domain.take("P") && domain.take("v") && domain.take("6") && domain.take(":")
            if !isSix { domain.at = 1 }
            return (isSix ? domain.ipv6() : domain.ipv4()) && domain.take("]") && domain.isAtEnd
        }
        return domain.hostname(isInternational: isInternational)
    }

    private func isLocalPart(_ end: Int, _ isInternational: Bool) -> Bool {
        if text[0] == UInt8(ascii: "\""), end > 2, text[end - 1] == UInt8(ascii: "\"") {
            var index = 1
            while index < end - 1 {
                if text[index] == UInt8(ascii: "\\") { index += 1 }
                if text[index] == UInt8(ascii: "\"") && text[index - 1] != UInt8(ascii: "\\") { return false }
                index += 1
            }
            return true
        }
        var behindDot = true
        for index in 0..<end {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                if behindDot { return false }
                behindDot = true
                continue
            }
            behindDot = false
            guard Self.isAtomText(byte) || byte >= 0x80 && isInternational else { return false }
        }
        return !behindDot
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        if isLetter(byte) || isDigit(byte) { return true }
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"),
            UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }

    // MARK: URIs (RFC 3986, 3987)

    mutating func uri(isReference: Bool, isInternational: Bool) -> Bool {
        var colon = 0
        while colon < text.count, Self.isSchemeByte(text[colon], isFirst: colon == 0) { colon += 1 }
        if colon > 0, colon < text.count, text[colon] == UInt8(ascii: ":") {
            at = colon + 1
        } else {
            guard isReference else { return false }
            // The first segment of a path without a scheme has no colon.
            var index = 0
            while index < text.count, text[index] != UInt8(ascii: "/"), text[index] != UInt8(ascii: "?"),
                text[index] != UInt8(ascii: "#")
            {
                if text[index] == UInt8(ascii: ":") { return false }
                index += 1
            }
        }
        if text.count - at >= 2, text[at] == 0x2F, text[at + 1] == 0x2F {
            at += 2
            guard authority(isInternational) else { return false }
        }
        var isFragment = false
        while !isAtEnd {
            let byte = next
            at += 1
            switch byte {
            case UInt8(ascii: "#"):
                if isFragment { return false }
                isFragment = true
            case UInt8(ascii: "?"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "@"): break
            case UInt8(ascii: "%"): guard escapeDigits() else { return false }
            default: guard Self.isURIByte(byte, isInternational) else { return false }
            }
        }
        return true
    }

    private mutating func escapeDigits() -> Bool {
        guard at + 1 < text.count, Self.isHexadecimal(text[at]), Self.isHexadecimal(text[at + 1]) else { return false }
        at += 2
        return true
    }

    private mutating func authority(_ isInternational: Bool) -> Bool {
        var end = at
        var sign = -1
        while end < text.count, text[end] != 0x2F, text[end] != UInt8(ascii: "?"), text[end] != UInt8(ascii: "#") {
            if text[end] == UInt8(ascii: "@") { sign = end }
            end += 1
        }
        while at < sign {
            let byte = next
            at += 1
            if byte == UInt8(ascii: "%") {
                guard escapeDigits() else { return false }
            } else {
                guard byte == UInt8(ascii: ":") || Self.isURIByte(byte, isInternational) else { return false }
            }
        }
        if sign >= 0 { at = sign + 1 }
        if take("[") {
            if next | 0x20 == UInt8(ascii: "v") {
                while at < end, next != UInt8(ascii: "]") { at += 1 }
            } else {
                guard ipv6() else { return false }
            }
            guard take("]") else { return false }
        } else {
            while at < end, next != UInt8(ascii: ":") {
                let byte = next
                at += 1
                if byte == UInt8(ascii: "%") {
                    guard escapeDigits() else { return false }
                } else {
                    guard Self.isURIByte(byte, isInternational) else { return false }
                }
            }
        }
        if take(":") { _ = skipDigits() }
        return at == end
    }

    private static func isSchemeByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        if isLetter(byte) { return true }
        return !isFirst && (isDigit(byte) || byte == 0x2B || byte == 0x2D || byte == 0x2E)
    }

    /// Unreserved characters and sub-delimiters.
    private static func isURIByte(_ byte: UInt8, _ isInternational: Bool) -> Bool {
        if isLetter(byte) || isDigit(byte) { return true }
        if byte >= 0x80 { return isInternational }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"),
            UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
            return true
        default: return false
        }
    }
}
