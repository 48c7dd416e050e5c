import HTTPWire
import Testing

@Suite struct KnownFieldTests {
    private static let all = KnownField.allCases.filter { $0 != .none }

    @Test("every name is found as it is written, in lower and upper case, and in any mixture") func names() {
        var random = Seeded(walk: 2)
        for field in Self.all {
            let name = text(field.canonicalName)
            #expect(KnownField.lookup(octets(name).span) == field)
            #expect(KnownField.lookup(octets(name.lowercased()).span) == field)
            #expect(KnownField.lookup(octets(name.uppercased()).span) == field)
            for _ in 0..<50 {
                let mixed = String(
                    name.map { random.chance(2) ? Character($0.uppercased()) : Character($0.lowercased()) })
                #expect(KnownField.lookup(octets(mixed).span) == field, "\(mixed), seed \(Seeded.seed)")
            }
        }
    }

    @Test("a name that differs in any byte is another name") func neighbours() {
        let byName = Dictionary(uniqueKeysWithValues: Self.all.map { (lowered(octets(text($0.canonicalName))), $0) })
        for field in Self.all {
            let name = octets(text(field.canonicalName))
            for place in name.indices {
                for byte in UInt8.min...UInt8.max {
                    var other = name
                    other[place] = byte
                    let found = KnownField.lookup(other.span)
                    let expected = byName[lowered(other)] ?? .none
                    if found != expected { Issue.record("\(name) with \(byte) at \(place) is taken for \(found)") }
                }
            }
            #expect(KnownField.lookup((name + [0x2D]).span) != field)
            #expect(KnownField.lookup(Array(name.dropLast()).span) != field)
        }
        #expect(KnownField.lookup([UInt8]().span) == .none)
        #expect(KnownField.lookup([UInt8](repeating: 0, count: 8).span) == .none)
        #expect(KnownField.lookup([UInt8](repeating: 0x61, count: 10_000).span) == .none)
    }

    private func lowered(_ name: [UInt8]) -> [UInt8] { name.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }

    @Test("names are tokens, all different, and fit a bitmap of 64") func list() {
        let names = Self.all.map { text($0.canonicalName).lowercased() }
        #expect(Set(names).count == names.count)
        #expect(KnownField.allCases.count <= 64)
        for name in names { #expect(isToken(octets(name))) }
        #expect(text(KnownField.none.canonicalName) == "")
    }

    @Test("RFC 9110 §7.6.1: the hop-by-hop names") func hopByHop() {
        #expect(
            KnownField.allCases.filter(\.isHopByHop) == [
                .connection, .http2Settings, .keepAlive, .proxy, .proxyAuthenticate, .proxyAuthenticationInfo,
                .proxyAuthorization, .proxyConnection, .te, .transferEncoding, .upgrade,
            ])
    }
}
