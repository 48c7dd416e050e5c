/// Gives the bytes that the inside of a string means, one by one, so that names can be compared without a copy.
///
/// The bytes have passed the tokeniser. Should they not have, what is cut off ends the string; nothing traps.
struct Unescaper {
    private var at = 0
    /// Bytes of a character that came as an escape and are still to be given, the next one lowest.
    private var pending: UInt32 = 0

    @inline(__always)
    mutating func next(_ raw: Span<UInt8>) -> UInt8? {
        if pending != 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending &>>= 8
            return byte
        }
        guard at < raw.count else { return nil }
        let byte = raw[at]
        at &+= 1
        guard byte == UInt8(ascii: "\\") else { return byte }
        return escape(raw)
    }

    private mutating func escape(_ raw: Span<UInt8>) -> UInt8? {
        guard at < raw.count else { return nil }
        let letter = raw[at]
        at &+= 1
        switch letter {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): break
        default: return letter
        }
        guard var code = digits(raw, at) else { return nil }
        at &+= 4
        if code & 0xFC00 == 0xD800 {
            if at &+ 6 <= raw.count, raw[at] == UInt8(ascii: "\\"), raw[at &+ 1] == UInt8(ascii: "u"),
                let low = digits(raw, at &+ 2), low & 0xFC00 == 0xDC00
            {
                code = 0x10000 &+ (code & 0x3FF) &<< 10 &+ (low & 0x3FF)
                at &+= 6
            } else {
                code = 0xFFFD
            }
        } else if code & 0xFC00 == 0xDC00 {
            code = 0xFFFD
        }
        return encode(code)
    }

    private func digits(_ raw: Span<UInt8>, _ at: Int) -> UInt32? {
        guard at &+ 4 <= raw.count else { return nil }
        var code: UInt32 = 0
        for index in at..<at &+ 4 {
            guard let digit = Hex.value(of: raw[index]) else { return nil }
            code = code &<< 4 | UInt32(digit)
        }
        return code
    }

    /// The first byte of the character; the others go to `pending`. None of those is zero, so zero says that none is.
    private mutating func encode(_ code: UInt32) -> UInt8 {
        func tail(_ shift: UInt32) -> UInt32 { 0x80 | code &>> shift & 0x3F }
        if code < 0x80 { return UInt8(truncatingIfNeeded: code) }
        if code < 0x800 {
            pending = tail(0)
            return UInt8(truncatingIfNeeded: 0xC0 | code &>> 6)
        }
        if code < 0x10000 {
            pending = tail(6) | tail(0) &<< 8
            return UInt8(truncatingIfNeeded: 0xE0 | code &>> 12)
        }
        pending = tail(12) | tail(6) &<< 8 | tail(0) &<< 16
        return UInt8(truncatingIfNeeded: 0xF0 | code &>> 18)
    }
}
