import HTTPWire
import Testing

@Suite struct DecimalDigitsTests {
    private func written(_ value: UInt64) -> String {
        var bytes = [UInt8](repeating: 0, count: DecimalDigits.longest)
        // Has room for the longest number.
        let length = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe DecimalDigits.write(value, to: $0.baseAddress!)
        }
        return String(decoding: bytes.prefix(length), as: UTF8.self)
    }

    @Test func writesWhatStringWrites() {
        for value in 0..<20_000 as Range<UInt64> { #expect(written(value) == String(value)) }
        var power: UInt64 = 1
        while true {
            for value in [power - 1, power, power + 1] { #expect(written(value) == String(value)) }
            let (next, overflow) = power.multipliedReportingOverflow(by: 10)
            if overflow { break }
            power = next
        }
        #expect(written(.max) == String(UInt64.max))
    }

    @Test func writesNumbersOfAllLengths() {
        var random = Seeded(walk: 71)
        for _ in 0..<20_000 {
            let value = random.next() >> UInt64.random(in: 0..<64, using: &random)
            #expect(written(value) == String(value), "seed \(Seeded.seed)")
        }
    }

    @Test func writesThreeDigitsAlways() {
        for value in 0..<1_000 as Range<UInt64> {
            var bytes = [UInt8](repeating: 0, count: 4)
            // Has room for three.
            unsafe bytes.withUnsafeMutableBufferPointer { unsafe DecimalDigits.writeThree(value, to: $0.baseAddress!) }
            let text = String(value)
            let expected = String(repeating: "0", count: 3 - text.count) + text
            #expect(String(decoding: bytes.prefix(3), as: UTF8.self) == expected)
            #expect(bytes[3] == 0)
        }
    }
}
