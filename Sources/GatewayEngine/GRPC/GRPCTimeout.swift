internal import HTTPWire

/// `grpc-timeout`: one to eight digits and a unit.
enum GRPCTimeout {
    static let name = Array("grpc-timeout".utf8)

    /// Nanoseconds; nil when it is not one.
    static func nanoseconds(_ value: Span<UInt8>) -> Int64? {
        guard value.count >= 2, value.count <= 9, let unit = unit(value[value.count - 1]) else { return nil }
        var number: Int64 = 0
        for index in 0..<(value.count - 1) {
            guard value[index] >= 0x30 && value[index] <= 0x39 else { return nil }
            number = number * 10 + Int64(value[index] - 0x30)
        }
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: unit)
        return isTooLarge ? Int64.max : product
    }

    private static func unit(_ letter: UInt8) -> Int64? {
        switch letter {
        case UInt8(ascii: "H"): 3_600_000_000_000
        case UInt8(ascii: "M"): 60_000_000_000
        case UInt8(ascii: "S"): 1_000_000_000
        case UInt8(ascii: "m"): 1_000_000
        case UInt8(ascii: "u"): 1_000
        case UInt8(ascii: "n"): 1
        default: nil
        }
    }

    /// In the finest unit that eight digits are enough for, rounded down.
    static func write(_ nanoseconds: Int64, into buffer: WireBuffer) {
        var number = max(0, nanoseconds)
        for letter in [UInt8(ascii: "n"), UInt8(ascii: "u"), UInt8(ascii: "m"), UInt8(ascii: "S")] {
            if number < 100_000_000 || letter == UInt8(ascii: "S") {
                buffer.append(decimal: Int(min(number, 99_999_999)))
                return buffer.append(byte: letter)
            }
            number /= 1_000
        }
    }
}
