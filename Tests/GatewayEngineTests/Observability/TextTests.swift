import CSystem
import Foundation
import Testing

@testable import GatewayEngine

@Suite("Text of records")
struct TextTests {
    @Test("Any bytes become valid JSON that reads back as the repaired text")
    func jsonWalk() throws {
        var walk = Walk()
        for round in 0..<3_000 {
            let input = walk.nastyBytes(upTo: 60)
            let text = line {
                $0.append(byte: 0x22)
                $0.append(json: input.span)
                $0.append(byte: 0x22)
            }
            #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
            let value = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? String
            // The standard library repairs by maximal subparts, too.
            #expect(value == String(decoding: input, as: UTF8.self), "seed \(walk.seed), round \(round): \(input)")
        }
    }

    @Test("Eight bytes at once are judged as eight bytes one by one")
    func wordsAndBytes() {
        for byte in UInt8.min...UInt8.max {
            for position in 0..<8 {
                var word: UInt64 = 0x6161_6161_6161_6161
                word &= ~(0xFF << UInt64(position * 8))
                word |= UInt64(byte) << UInt64(position * 8)
                #expect(JSONText.needsAttention(word) == JSONText.needsAttention(byte), "\(byte) at \(position)")
            }
        }
    }

    @Test(
        "Instants",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (999_999_999, "1970-01-01T00:00:00.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_399_000_000_000, "2000-02-28T23:59:59.000Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
            (1_709_210_096_123_456_789, "2024-02-29T12:34:56.123Z"),
            (4_107_542_399_000_000_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
            (Int64.max, "2262-04-11T23:47:16.854Z"),
            (Int64.min, "1677-09-21T00:12:43.145Z"),
        ] as [(Int64, String)])
    func instants(nanoseconds: Int64, expected: String) {
        var clock = Timestamp()
        #expect(line { clock.write(nanoseconds, into: &$0) } == expected)
        // From the text kept, and after another second.
        #expect(line { clock.write(nanoseconds, into: &$0) } == expected)
        _ = line { clock.write(0, into: &$0) }
        #expect(line { clock.write(nanoseconds, into: &$0) } == expected)
    }

    @Test("Dates agree with Foundation's")
    func dates() {
        var walk = Walk()
        for _ in 0..<5_000 {
            let days = Int64.random(in: -106_000...106_000, using: &walk)
            let expected = Date(timeIntervalSince1970: Double(days * 86_400)).ISO8601Format().prefix(10)
            var clock = Timestamp()
            let text = line { clock.write(days * 86_400_000_000_000, into: &$0) }
            #expect(text.prefix(10) == expected, "seed \(walk.seed)")
        }
    }

    @Test(
        "Addresses",
        arguments: [
            (0, 0xFFFF_7F00_0001, "127.0.0.1"),
            (0, 0xFFFF_FFFF_FFFF, "255.255.255.255"),
            (0, 0xFFFF_0000_0000, "0.0.0.0"),
            (0, 1, "::1"),
            (0, 0, "::"),
            (0x2001_0DB8_0000_0000, 0x0000_0000_0000_0001, "2001:db8::1"),
            (0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
            (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "2001:0:0:1::1"),
            (0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001, "2001:db8::1:0:0:1"),
            (0x0001_0000_0000_0000, 0, "1::"),
            (0xFE80_0000_0000_0000, 0xABCD_EF01_2345_6789, "fe80::abcd:ef01:2345:6789"),
            (0, 0xFFFE_7F00_0001, "::fffe:7f00:1"),
        ] as [(UInt64, UInt64, String)])
    func addresses(high: UInt64, low: UInt64, expected: String) {
        #expect(line { $0.append(addressHigh: high, low: low) } == expected)
    }

    @Test("Addresses agree with the C library's")
    func addressWalk() {
        var walk = Walk()
        for _ in 0..<5_000 {
            var groups = (0..<8).map { _ in
                Int.random(in: 0..<3, using: &walk) > 0 ? 0 : UInt16.random(in: 0...(.max), using: &walk)
            }
            // Below this the C library writes the deprecated "::a.b.c.d".
            groups[0] |= 1
            let high = groups[0..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
            let low = groups[4..<8].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
            var address = in6_addr()
            // Sixteen bytes in an address of sixteen.
            unsafe withUnsafeMutableBytes(of: &address) { bytes in
                for (index, group) in groups.enumerated() {
                    unsafe bytes[index * 2] = UInt8(group >> 8)
                    unsafe bytes[index * 2 + 1] = UInt8(group & 255)
                }
            }
            var text = [CChar](repeating: 0, count: 64)
            // More room than any address needs.
            _ = unsafe inet_ntop(AF_INET6, &address, &text, 64)
            let expected = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            #expect(line { $0.append(addressHigh: high, low: low) } == expected, "seed \(walk.seed)")
        }
    }

    @Test("Numbers")
    func numbers() {
        for number in [0, 1, 9, 10, 99, 100, -1, Int.max, Int.min] {
            #expect(line { $0.append(decimal: number) } == "\(number)")
        }
        #expect(line { $0.append(decimal: UInt64.max) } == "\(UInt64.max)")
        #expect(line { $0.append(milliseconds: 1_234_567) } == "1.234")
        #expect(line { $0.append(milliseconds: 999) } == "0.000")
        #expect(line { $0.append(milliseconds: 12_000_000_000) } == "12000.000")
        #expect(line { $0.append(milliseconds: -5) } == "0.000")
    }

    @Test("A line that was unusually long gives its memory back and starts anew")
    func reset() {
        var writer = LineWriter(capacity: 64)
        let long = String(repeating: "x", count: 100_000)
        writer.append(text: long)
        #expect(writer.count == 100_000)
        writer.reset()
        writer.append("short")
        #expect(writer.span.text == "short")
    }
}
