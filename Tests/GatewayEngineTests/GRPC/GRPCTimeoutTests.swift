import HTTPWire
import Testing

@testable import GatewayEngine

/// `grpc-timeout` read and written.
@Suite struct GRPCTimeoutTests {
    private func read(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        return GRPCTimeout.nanoseconds(bytes.span)
    }

    private func written(_ nanoseconds: Int64) -> String {
        let buffer = WireBuffer(capacity: 16)
        GRPCTimeout.write(nanoseconds, into: buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test func units() {
        let table: [(String, Int64?)] = [
            ("1n", 1), ("2u", 2_000), ("3m", 3_000_000), ("4S", 4_000_000_000), ("5M", 300_000_000_000),
            ("1H", 3_600_000_000_000), ("0S", 0), ("00000007S", 7_000_000_000), ("99999999n", 99_999_999),
            // Longer than the clock goes: as long as there is.
            ("99999999H", .max), ("", nil), ("S", nil), ("1", nil), ("1s", nil), ("1h", nil), ("-1S", nil),
            ("1.5S", nil), (" 1S", nil), ("1S ", nil), ("123456789S", nil), ("1SS", nil), ("\u{663}S", nil),
        ]
        for (text, expected) in table { #expect(read(text) == expected, "\(text)") }
    }

    @Test func whatIsLeft() {
        let table: [(Int64, String)] = [
            (-5, "0n"), (0, "0n"), (99_999_999, "99999999n"), (100_000_000, "100000u"),
            (99_999_999_999, "99999999u"), (100_000_000_000, "100000m"), (99_999_999_999_999, "99999999m"),
            (100_000_000_000_000, "100000S"), (.max, "99999999S"),
        ]
        for (time, expected) in table { #expect(written(time) == expected, "\(time)") }
    }

    /// What is written is never more than what was left, and short of it by less than a hundred thousandth.
    @Test func roundTrips() throws {
        let walk = RoutingWalk(rounds: 10_000)
        var random = SeededGenerator(seed: walk.seed)
        for _ in 0..<walk.rounds {
            let time = Int64.random(in: 1...(1 << Int64.random(in: 1...56)), using: &random)
            let back = try #require(read(written(time)))
            #expect(back <= time && time - back <= time / 100_000, "\(time); \(walk.comment)")
        }
    }
}
