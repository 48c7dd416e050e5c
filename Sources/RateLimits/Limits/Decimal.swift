/// Decimal digits into bytes without a `String` between.
enum Decimal {
    static func append(_ value: Int, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        // From the last digit on, where dividing by ten is a multiplication; then all of them at once.
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = value.magnitude
        var first = 20
        repeat {
            first &-= 1
            digits[first] = UInt8(truncatingIfNeeded: rest % 10) | UInt8(ascii: "0")
            rest /= 10
        } while rest > 0
        // Read during the call only.
        unsafe digits.span.extracting(first..<20).withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
}
