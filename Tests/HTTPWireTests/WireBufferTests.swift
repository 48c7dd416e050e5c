import HTTPWire
import Testing

@Suite struct WireBufferTests {
    @Test("everything that can be appended, in one buffer that has to grow") func appending() {
        let buffer = WireBuffer(capacity: 1)
        let block = HeaderBlock(["Name": "value"])
        buffer.append(octets("ab").span)
        buffer.append("cd" as StaticString)
        buffer.append("e\u{E9}" as String)
        buffer.append(byte: 0x21)
        buffer.append(decimal: 0)
        buffer.append(decimal: -17)
        buffer.append(decimal: 1_234_567_890)
        buffer.append(byte: 0x20)
        buffer.append(hex: 0)
        buffer.append(hex: 255)
        buffer.append(hex: -1)
        buffer.append(byte: 0x20)
        buffer.append(from: block, block.field(0).value)
        #expect(text(buffer) == "abcde\u{C3}\u{A9}!0-171234567890 0ff0 value")
        #expect(buffer.count == 33)
        #expect(text(buffer.slice(ByteRange(start: 2, count: 2))) == "cd")
        #expect(text(buffer.slice(.empty)) == "")
        buffer.truncate(to: 3)
        #expect(text(buffer) == "abc")
    }

    @Test("numbers as Swift writes them") func numbers() {
        let buffer = WireBuffer(capacity: 16)
        var random = Seeded(walk: 1)
        var numbers = [Int.min, Int.max, 9, 10, 15, 16, 99, 100, 0xFFFF, 0x1_0000]
        numbers += (0..<500).map { _ in Int(truncatingIfNeeded: random.next() >> UInt64(random.below(64))) }
        for number in numbers {
            buffer.removeAll()
            buffer.append(decimal: number)
            #expect(text(buffer) == String(number), "seed \(Seeded.seed)")
            buffer.removeAll()
            buffer.append(hex: number)
            #expect(text(buffer) == String(max(number, 0), radix: 16), "seed \(Seeded.seed)")
        }
    }

    @Test("its own bytes can be appended while it grows") func ownBytes() {
        let buffer = WireBuffer(capacity: 16)
        buffer.append(octets("0123456789abcdef").span)
        for _ in 0..<6 { buffer.append(buffer.span) }
        #expect(text(buffer) == String(repeating: "0123456789abcdef", count: 64))
    }

    @Test("what it grew past 64 KiB goes back, what it started with stays") func givingBack() {
        let buffer = WireBuffer(capacity: 1000)
        let kilobyte = [UInt8](repeating: 1, count: 1024)
        for _ in 0..<30 { buffer.append(kilobyte.span) }
        let grown = buffer.capacity
        buffer.removeAll()
        #expect(buffer.count == 0)
        #expect(buffer.capacity == grown)
        for _ in 0..<200 { buffer.append(kilobyte.span) }
        buffer.removeAll()
        #expect(buffer.capacity == 1000)
        let large = WireBuffer(capacity: 100_000)
        large.append(kilobyte.span)
        large.removeAll()
        #expect(large.capacity == 100_000)
    }
}
