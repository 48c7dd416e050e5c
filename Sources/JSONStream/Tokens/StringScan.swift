/// Checks the inside of a string, from behind its opening quote to behind its closing one.
///
/// Plain text, which is nearly all, is passed eight bytes at a time. What may be cut by the end of a piece (an escape, a
/// surrogate pair, a character of several bytes) is remembered as a phase.
struct StringScan {
    enum Outcome: Equatable {
        /// The closing quote is passed.
        case complete
        /// The piece ends within the string.
        case more
        case refused(JSONError.Code)
    }

    private enum Phase: UInt8 {
        /// Can transition to: escape, utf8.
        case plain
        /// Behind a backslash. Can transition to: plain, hex.
        case escape
        /// In the digits behind `\u`. Can transition to: plain, lowBackslash.
        case hex
        /// Behind the first half of a pair, before the second's backslash. Can transition to: lowU.
        case lowBackslash
        /// Before the second half's `u`. Can transition to: hex.
        case lowU
        /// Within a character of several bytes. Can transition to: plain.
        case utf8
    }

    private var phase = Phase.plain
    /// Digits or bytes that are still to come.
    private var left: UInt8 = 0
    /// What the next byte of a character must lie between.
    private var lowest: UInt8 = 0
    private var highest: UInt8 = 0
    private var code: UInt32 = 0
    /// The digits are those of a second half.
    private var isLow = false
    private(set) var isEscaped = false
    var keepsLoneSurrogates = false

    @inline(__always)
    mutating func begin() {
        phase = .plain
        isEscaped = false
    }

    /// Reads on at `at`, below `bound`.
    @inline(__always)
    mutating func scan(_ base: UnsafePointer<UInt8>, _ bound: Int, _ at: inout Int) -> Outcome {
        // Nearly always the string is short, plain and whole.
        if _fastPath(phase == .plain) {
            unsafe Self.skipPlain(base, bound, &at)
            // `at` is below `bound`, as everywhere in this file before a byte is read.
            if _fastPath(at < bound), unsafe base[at] == UInt8(ascii: "\"") {
                at &+= 1
                return .complete
            }
        }
        return unsafe scanSlowly(base, bound, &at)
    }

    /// Moves `at` to the next byte that is not plain text, or to `bound`.
    @inline(__always)
    private static func skipPlain(_ base: UnsafePointer<UInt8>, _ bound: Int, _ at: inout Int) {
        while at &+ 8 <= bound {
            let stops = unsafe Words.stops(Words.load(base + at))
            guard stops == 0 else {
                at &+= Words.first(stops)
                return
            }
            at &+= 8
        }
        while at < bound {
            let byte = unsafe base[at]
            guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { return }
            at &+= 1
        }
    }

    @inline(never)
    private mutating func scanSlowly(_ base: UnsafePointer<UInt8>, _ bound: Int, _ at: inout Int) -> Outcome {
        while true {
            if phase == .plain { unsafe Self.skipPlain(base, bound, &at) }
            guard at < bound else { return .more }
            let byte = unsafe base[at]
            switch phase {
            case .plain:
                if byte >= 0x80 {
                    guard beginCharacter(byte) else { return .refused(.badUTF8) }
                    phase = .utf8
                } else if byte == UInt8(ascii: "\"") {
                    at &+= 1
                    return .complete
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                    phase = .escape
                } else {
                    return .refused(.controlCharacter)
                }
                at &+= 1
            case .utf8:
                guard unsafe continueCharacters(base, bound, &at) else { return .refused(.badUTF8) }
            case .escape:
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                    UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                    phase = .plain
                case UInt8(ascii: "u"):
                    beginDigits(isLow: false)
                default: return .refused(.badEscape)
                }
                at &+= 1
            case .hex:
                guard let digit = Hex.value(of: byte) else { return .refused(.badEscape) }
                code = code &<< 4 | UInt32(digit)
                left &-= 1
                if left == 0 {
                    guard endDigits() else { return .refused(.loneSurrogate) }
                }
                at &+= 1
            case .lowBackslash:
                guard byte == UInt8(ascii: "\\") else { return .refused(.loneSurrogate) }
                phase = .lowU
                at &+= 1
            case .lowU:
                guard byte == UInt8(ascii: "u") else { return .refused(.loneSurrogate) }
                beginDigits(isLow: true)
                at &+= 1
            }
        }
    }

    private mutating func beginDigits(isLow: Bool) {
        phase = .hex
        left = 4
        code = 0
        self.isLow = isLow
    }

    /// False if the number is half of a pair without its other half.
    private mutating func endDigits() -> Bool {
        phase = .plain
        if keepsLoneSurrogates { return true }
        let isSecondHalf = code & 0xFC00 == 0xDC00
        if isLow { return isSecondHalf }
        if code & 0xFC00 == 0xD800 { phase = .lowBackslash }
        return !isSecondHalf
    }

    /// The first byte of a character beyond ASCII (RFC 3629 §4): no overlong forms, no surrogates, none above U+10FFFF.
    @inline(__always)
    private mutating func beginCharacter(_ byte: UInt8) -> Bool {
        lowest = 0x80
        highest = 0xBF
        switch byte {
        case 0xC2...0xDF: left = 1
        case 0xE0:
            left = 2
            lowest = 0xA0
        case 0xED:
            left = 2
            highest = 0x9F
        case 0xE1...0xEF: left = 2
        case 0xF0:
            left = 3
            lowest = 0x90
        case 0xF1...0xF3: left = 3
        case 0xF4:
            left = 3
            highest = 0x8F
        default: return false
        }
        return true
    }

    /// Further bytes of this character and of those that follow it directly. False if one is wrong; `at` is there.
    @inline(__always)
    private mutating func continueCharacters(
        _ base: UnsafePointer<UInt8>, _ bound: Int, _ at: inout Int
    ) -> Bool {
        while true {
            while left > 0 {
                guard at < bound else { return true }
                let byte = unsafe base[at]
                guard byte >= lowest, byte <= highest else { return false }
                lowest = 0x80
                highest = 0xBF
                left &-= 1
                at &+= 1
            }
            // Text in a script other than Latin has the next character at once.
            guard at < bound, unsafe base[at] >= 0x80 else { break }
            guard unsafe beginCharacter(base[at]) else { return false }
            at &+= 1
        }
        phase = .plain
        return true
    }
}

enum Hex {
    @inline(__always)
    static func value(of byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = byte | 0x20
        return letter &- 0x61 < 6 ? letter &- 0x57 : nil
    }
}
