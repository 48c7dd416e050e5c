/// What a number's text means to those who must count with it. Passing it on needs none of this.
package enum JSONNumber {
    /// The number as an integer, if it is one and fits: `1`, `-0`, `1.0` and `1e3` are integers, as JSON makes no
    /// difference between them.
    package static func int64(_ text: Span<UInt8>) -> Int64? {
        var index = 0
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if isNegative { index = 1 }
        // Digits that count, and where the point stands behind them.
        var digits: Int64 = 0
        var scale = 0
        var behindPoint = false
        var zeros = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                behindPoint = true
            } else if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
                guard let exponent = exponent(text, from: index + 1) else { return digits == 0 ? 0 : nil }
                scale += exponent
                break
            } else {
                guard byte &- 0x30 < 10 else { return nil }
                if behindPoint { scale -= 1 }
                if byte == 0x30 {
                    // Zeros count only if another digit follows.
                    zeros += 1
                } else {
                    guard zeros < 20 || digits == 0 else { return nil }
                    if digits != 0 { for _ in 0..<zeros { guard step(&digits, 0) else { return nil } } }
                    zeros = 0
                    guard step(&digits, Int64(byte &- 0x30)) else { return nil }
                }
            }
            index += 1
        }
        if digits == 0 { return 0 }
        scale += zeros
        guard scale >= 0, scale < 20 else { return nil }
        for _ in 0..<scale { guard step(&digits, 0) else { return nil } }
        // Kept negative while counting, for the sake of the smallest number.
        guard !isNegative else { return digits }
        let (value, overflow) = Int64(0).subtractingReportingOverflow(digits)
        return overflow ? nil : value
    }

    /// The nearest number; nil if there is none that is finite.
    package static func double(_ text: Span<UInt8>) -> Double? {
        var copy: [UInt8] = []
        copy.reserveCapacity(text.count)
        for index in text.indices { copy.append(text[index]) }
        guard let value = Double(String(decoding: copy, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    private static func step(_ digits: inout Int64, _ digit: Int64) -> Bool {
        let (product, overflow) = digits.multipliedReportingOverflow(by: 10)
        let (sum, second) = product.subtractingReportingOverflow(digit)
        digits = sum
        return !overflow && !second
    }

    /// Exponents that no integer of 64 bits can have are nil.
    private static func exponent(_ text: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        guard index < text.count else { return nil }
        let isNegative = text[index] == UInt8(ascii: "-")
        if isNegative || text[index] == UInt8(ascii: "+") { index += 1 }
        var value = 0
        while index < text.count {
            value = value * 10 + Int(text[index] &- 0x30)
            guard value < 1_000_000_000 else { return nil }
            index += 1
        }
        return isNegative ? -value : value
    }
}
