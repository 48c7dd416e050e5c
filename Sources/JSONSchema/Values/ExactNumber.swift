internal import JSONStream

/// A number of JSON as its digits say it: nothing is rounded, whatever its size.
///
/// The normal form has neither leading nor trailing zeros, so that `1`, `1.0` and `10e-1` are the same. Up to 19 digits,
/// which is nearly all numbers, stand in one integer and need no memory of their own.
struct ExactNumber: Sendable, Hashable {
    private(set) var isNegative = false
    /// The digits, when they are no more than 19.
    private(set) var mantissa: UInt64 = 0
    /// How many digits there are; 0: the number is 0.
    private(set) var count = 0
    /// The power of ten of the last digit. Exponents beyond ±10¹⁵ are taken for that.
    private(set) var exponent = 0
    /// The digits, when they are more.
    private(set) var long: [UInt8] = []

    private static let farthest = 1_000_000_000_000_000

    /// - Parameter text: a number as JSON writes it, checked by the tokeniser.
    init(_ text: Span<UInt8>) {
        var index = 0
        if index < text.count, text[index] == UInt8(ascii: "-") {
            isNegative = true
            index += 1
        }
        var zeros = 0
        var isBehindPoint = false
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                isBehindPoint = true
            } else if byte &- 0x30 < 10 {
                if isBehindPoint { exponent -= 1 }
                if byte == 0x30 {
                    // Zeros count only when another digit follows.
                    if count > 0 { zeros += 1 }
                } else {
                    while zeros > 0 {
                        push(0)
                        zeros -= 1
                    }
                    push(byte &- 0x30)
                }
            } else {
                break
            }
            index += 1
        }
        exponent += zeros
        if index < text.count { exponent += Self.exponent(text, from: index + 1) }
        if count == 0 {
            isNegative = false
            exponent = 0
        }
        exponent = min(max(exponent, -Self.farthest), Self.farthest)
    }

    private mutating func push(_ digit: UInt8) {
        if count == 19 {
            var left = mantissa
            long = [UInt8](repeating: 0, count: 19)
            for place in long.indices.reversed() {
                long[place] = UInt8(truncatingIfNeeded: left % 10)
                left /= 10
            }
            mantissa = 0
        }
        count += 1
        if count > 19 { long.append(digit) } else { mantissa = mantissa &* 10 &+ UInt64(digit) }
    }

    private static func exponent(_ text: Span<UInt8>, from start: Int) -> Int {
        var index = start
        var isNegative = false
        if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            isNegative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        var value = 0
        while index < text.count {
            if value < farthest { value = value * 10 + Int(text[index] &- 0x30) }
            index += 1
        }
        return isNegative ? -value : value
    }

    var isZero: Bool { count == 0 }
    /// Without a fractional part.
    var isInteger: Bool { exponent >= 0 }

    static func < (left: ExactNumber, right: ExactNumber) -> Bool { left.compare(right) < 0 }

    /// Below, at, or above 0, as this number is to `other`.
    func compare(_ other: ExactNumber) -> Int {
        if isZero || other.isZero || isNegative != other.isNegative { return sign - other.sign }
        let size = magnitude(comparedTo: other)
        return isNegative ? -size : size
    }

    private var sign: Int { isZero ? 0 : isNegative ? -1 : 1 }

    private func magnitude(comparedTo other: ExactNumber) -> Int {
        // Where the first digit stands decides, if it differs.
        let (order, otherOrder) = (count + exponent, other.count + other.exponent)
        if order != otherOrder { return order < otherOrder ? -1 : 1 }
        if long.isEmpty, other.long.isEmpty {
            let places = max(count, other.count)
            let (one, two) = (Self.scaled(mantissa, places - count), Self.scaled(other.mantissa, places - other.count))
            return one == two ? 0 : one < two ? -1 : 1
        }
        let (one, two) = (digits, other.digits)
        for place in 0..<min(one.count, two.count) where one[place] != two[place] {
            return one[place] < two[place] ? -1 : 1
        }
        return one.count - two.count
    }

    /// Fits: no more than 19 digits in all.
    private static func scaled(_ value: UInt64, _ places: Int) -> UInt64 {
        var value = value
        for _ in 0..<places { value &*= 10 }
        return value
    }

    private var digits: [UInt8] { long.isEmpty ? String(mantissa).utf8.map { $0 - 0x30 } : long }

    // MARK: Multiples

    /// Whether numbers can be divided by this one here: above 0, with at most 19 digits.
    var isDivisor: Bool { !isZero && !isNegative && long.isEmpty }

    /// Whether this is a whole number of times `divisor`, which `isDivisor`.
    func isMultiple(of divisor: ExactNumber) -> Bool {
        if isZero { return true }
        // In units of the divisor's last digit: this number's digits and so many zeros, by the divisor's digits.
        let zeros = exponent - divisor.exponent
        // Without a trailing zero of its own it is no multiple of ten.
        if zeros < 0 { return false }
        let modulus = divisor.mantissa
        var rest: UInt64 = 0
        if long.isEmpty {
            rest = mantissa % modulus
        } else {
            for digit in long {
                rest = Self.multiply(rest, 10, modulo: modulus)
                rest = Self.add(rest, UInt64(digit) % modulus, modulo: modulus)
            }
        }
        return Self.multiply(rest, Self.power(of: zeros, modulo: modulus), modulo: modulus) == 0
    }

    private static func multiply(_ left: UInt64, _ right: UInt64, modulo modulus: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        // Both are below the modulus, or one is 10: the quotient fits when the upper half is below it.
        return modulus.dividingFullWidth((product.high % modulus, product.low)).remainder
    }

    private static func add(_ left: UInt64, _ right: UInt64, modulo modulus: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow || sum >= modulus ? sum &- modulus : sum
    }

    /// 10ⁿ.
    private static func power(of exponent: Int, modulo modulus: UInt64) -> UInt64 {
        var result = 1 % modulus
        var base = 10 % modulus
        var left = exponent
        while left > 0 {
            if left & 1 == 1 { result = multiply(result, base, modulo: modulus) }
            base = multiply(base, base, modulo: modulus)
            left >>= 1
        }
        return result
    }

    /// A whole number of at most 18 digits without a point or an exponent; nil for all others. The short way for most.
    @inline(__always)
    static func small(_ text: Span<UInt8>) -> Int64? {
        guard text.count > 0, text.count <= 18 else { return nil }
        let isNegative = text[0] == UInt8(ascii: "-")
        var value: Int64 = 0
        var index = isNegative ? 1 : 0
        while index < text.count {
            let digit = text[index] &- 0x30
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int64(digit)
            index += 1
        }
        return isNegative ? -value : value
    }
}
