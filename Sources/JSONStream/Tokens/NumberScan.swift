/// Where in the grammar of a number (RFC 8259 §6) the scan stands. The number's digits are only looked at, never
/// converted: what is passed on keeps them.
enum NumberScan: UInt8 {
    /// Can transition to: minus, zero, integer.
    case start
    /// Can transition to: zero, integer.
    case minus
    /// A leading zero. Can transition to: point, exponent.
    case zero
    /// Can transition to: point, exponent.
    case integer
    /// Behind the point. Can transition to: fraction.
    case point
    /// Can transition to: exponent.
    case fraction
    /// Behind `e`. Can transition to: sign, power.
    case exponent
    /// Behind the exponent's sign. Can transition to: power.
    case sign
    case power
    /// A digit behind a leading zero.
    case wrong

    /// A number may end here.
    @inline(__always)
    var isComplete: Bool {
        switch self {
        case .zero, .integer, .fraction, .power: true
        case .start, .minus, .point, .exponent, .sign, .wrong: false
        }
    }

    /// Reads on at `at`, below `bound`. False if the piece ends before the number does; if true, `at` is at the first
    /// byte that cannot belong to it.
    @inline(__always)
    mutating func scan(_ base: UnsafePointer<UInt8>, _ bound: Int, _ at: inout Int) -> Bool {
        while at < bound {
            // Below `bound`, here and in the loop over digits.
            let byte = unsafe base[at]
            if byte &- 0x30 < 10 {
                switch self {
                case .start, .minus: self = byte == 0x30 ? .zero : .integer
                case .zero:
                    self = .wrong
                    return true
                case .point: self = .fraction
                case .exponent, .sign: self = .power
                case .integer, .fraction, .power: break
                case .wrong: return true
                }
                at &+= 1
                guard self != .zero else { continue }
                while at < bound, unsafe base[at] &- 0x30 < 10 { at &+= 1 }
                continue
            }
            switch (byte, self) {
            case (UInt8(ascii: "-"), .start): self = .minus
            case (UInt8(ascii: "."), .zero), (UInt8(ascii: "."), .integer): self = .point
            case (UInt8(ascii: "e"), .zero), (UInt8(ascii: "e"), .integer), (UInt8(ascii: "e"), .fraction),
                (UInt8(ascii: "E"), .zero), (UInt8(ascii: "E"), .integer), (UInt8(ascii: "E"), .fraction):
                self = .exponent
            case (UInt8(ascii: "-"), .exponent), (UInt8(ascii: "+"), .exponent): self = .sign
            default: return true
            }
            at &+= 1
        }
        return false
    }
}
