import GatewayConfiguration
import HTTPWire
import Testing

@testable import GatewayEngine

@Suite struct CompiledSplitTests {
    private static func split(
        _ key: SplitKey?, _ overrides: [SplitOverride] = [], route: String = "checkout"
    ) -> CompiledSplit {
        var configuration = SplitConfiguration(sides: [
            SplitSide(service: "one", weight: 50), SplitSide(service: "two", weight: 50),
        ])
        configuration.key = key
        configuration.overrides = overrides
        return CompiledSplit(configuration, services: [0, 1], route: route)
    }

    private static func choose(
        _ split: CompiledSplit, _ headers: [(String, String)] = [], query: String = "", path: String = "/",
        client: (UInt64, UInt64) = (0, 0), caller: KnownCaller = KnownCaller()
    ) -> CompiledSplit.Choice {
        let fields = HeaderBlock()
        for (name, value) in headers {
            let (name, value) = (Array(name.utf8), Array(value.utf8))
            fields.append(name: name.span, value: value.span)
        }
        let (queryBytes, pathBytes) = (Array(query.utf8), Array(path.utf8))
        return split.choose(
            SplitRequest(
                fields: fields, query: queryBytes.span, path: pathBytes.span, clientHigh: client.0,
                clientLow: client.1, caller: caller),
            MatchScratch())
    }

    /// Worked out by a second implementation: the hash is published, and must never change.
    @Test func theHashIsTheOneThatIsDocumented() {
        let cases: [(route: String, key: SplitKey, value: String, point: UInt64)] = [
            ("checkout", .header("x-user"), "alice", 0x1FE2_8185_9341_778B),
            ("checkout", .header("x-user"), "bob", 0x111F_7233_B8DF_3C69),
            ("checkout", .cookie("sid"), "alice", 0x9CB1_D52A_6472_2436),
            ("orders", .header("x-user"), "alice", 0x97D3_63AE_2CCF_0F63),
            ("/api/**", .path, "/api/a", 0x5B8F_1C54_0DBC_A4F4),
            ("checkout", .query("u"), "7", 0xB10A_A4D8_40E6_C2AF),
            ("checkout", .consumer, "shop", 0x92EF_0D16_6200_13B2),
        ]
        for (route, key, value, point) in cases {
            let split = Self.split(key, route: route)
            let choice =
                switch key {
                case .header(let name): Self.choose(split, [(name, value)])
                case .cookie(let name): Self.choose(split, [("Cookie", "a=b; \(name)=\(value)")])
                case .query(let name): Self.choose(split, query: "\(name)=\(value)")
                case .consumer: Self.choose(split, caller: KnownCaller(consumer: Array(value.utf8)))
                case .path, .client, .claim: Self.choose(split, path: value)
                }
            #expect(choice == .key(point), "\(route) \(key) \(value)")
        }
    }

    @Test func aKeyIsFoundWhereItStands() {
        let header = Self.split(.header("X-User"))
        let known = Self.choose(header, [("x-user", "7")])
        #expect(known == Self.choose(header, [("X-USER", "7"), ("X-User", "8")]))
        #expect(known != Self.choose(header, [("X-User", "8")]))
        let cookie = Self.split(.cookie("sid"))
        #expect(
            Self.choose(cookie, [("Cookie", "sid=1")])
                == Self.choose(cookie, [("Cookie", "x=2"), ("Cookie", "y=3; sid=1")]))
        #expect(Self.choose(cookie, [("Cookie", "sid=1")]) != Self.choose(cookie, [("Cookie", "SID=1; sid=2")]))
        let query = Self.split(.query("u"))
        #expect(Self.choose(query, query: "a=1&u=5") == Self.choose(query, query: "u=5&u=6"))
        // The same value by another way is another key.
        #expect(Self.choose(query, query: "u=5") != Self.choose(Self.split(.query("v")), query: "v=5"))
    }

    @Test func whatHasNoKeyTakesTurns() {
        #expect(Self.choose(Self.split(nil)) == .turn)
        #expect(Self.choose(Self.split(.header("x-user"))) == .turn)
        #expect(Self.choose(Self.split(.header("x-user")), [("X-User", "")]) == .turn)
        #expect(Self.choose(Self.split(.cookie("sid")), [("Cookie", "other=1; sid=")]) == .turn)
        #expect(Self.choose(Self.split(.query("u")), query: "u&v=1") == .turn)
    }

    /// An IPv4 address counts as a whole, of an IPv6 address the network.
    @Test func aClientIsItsAddress() {
        let split = Self.split(.client)
        #expect(Self.choose(split, client: (0, 0xFFFF_0A00_0001)) != Self.choose(split, client: (0, 0xFFFF_0A00_0002)))
        #expect(Self.choose(split, client: (0x2001_0DB8, 1)) == Self.choose(split, client: (0x2001_0DB8, 2)))
        #expect(Self.choose(split, client: (0x2001_0DB8, 1)) != Self.choose(split, client: (0x2001_0DB9, 1)))
    }

    @Test func theFirstOverrideThatFitsDecides() {
        let split = Self.split(
            .header("x-user"),
            [
                SplitOverride(source: .header("X-Canary"), value: "always", service: "two"),
                SplitOverride(source: .header("x-canary"), value: "never", service: "one"),
                SplitOverride(source: .cookie("beta"), value: nil, service: "two"),
                SplitOverride(source: .query("side"), value: "1", service: "one"),
            ])
        #expect(Self.choose(split, [("x-canary", "always"), ("X-User", "7")]) == .override(0, side: 1))
        #expect(Self.choose(split, [("x-canary", "never"), ("Cookie", "beta=1")]) == .override(1, side: 0))
        #expect(Self.choose(split, [("Cookie", "beta=anything")]) == .override(2, side: 1))
        #expect(Self.choose(split, query: "side=1") == .override(3, side: 0))
        #expect(Self.choose(split, [("x-canary", "Always")], query: "side=2") == .turn)
    }

    /// Two gateways, or one before and after a restart.
    @Test func instancesAgree() {
        let (one, other) = (Self.split(.cookie("sid")), Self.split(.cookie("sid")))
        let elsewhere = Self.split(.cookie("sid"), route: "orders")
        var different = 0
        for user in 0..<2_000 {
            let cookie = [("Cookie", "sid=user-\(user)")]
            #expect(Self.choose(one, cookie) == Self.choose(other, cookie))
            if Self.side(one, cookie) != Self.side(elsewhere, cookie) { different += 1 }
        }
        // The other route draws its own lots: about half of the users are on the other side there.
        #expect((800...1_200).contains(different))
    }

    private static func side(_ split: CompiledSplit, _ headers: [(String, String)]) -> Int? {
        guard case .key(let point) = choose(split, headers) else { return nil }
        return SplitTable([50, 50]).side(at: point)
    }
}
