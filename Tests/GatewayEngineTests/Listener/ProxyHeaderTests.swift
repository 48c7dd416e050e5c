import GatehouseTesting
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine
@testable import Reactor

/// PROXY protocol headers: what is taken, what is refused, in whatever pieces it comes.
@Suite struct ProxyHeaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var versions = ProxyVersions.any
        /// nil: the header is taken.
        var fault: ProxyHeaderResult?
        var source: String?
        var destination: String?
        var isSecure = false
        var testDescription: String { name }

        static func line(_ text: String, _ source: String? = nil, _ destination: String? = nil) -> Case {
            Case(name: text, bytes: Array("\(text)\r\n".utf8), source: source, destination: destination)
        }

        static func badLine(_ text: String, _ fault: ProxyHeaderResult = .malformed) -> Case {
            Case(name: text, bytes: Array(text.utf8), fault: fault)
        }

        static func block(
            _ name: String, _ command: UInt8, _ family: UInt8, _ rest: [UInt8], _ source: String? = nil,
            _ destination: String? = nil, isSecure: Bool = false, fault: ProxyHeaderResult? = nil
        ) -> Case {
            let count = [UInt8(rest.count >> 8), UInt8(rest.count & 255)]
            return Case(
                name: name, bytes: ProxyHeaderParser.signature + [command, family] + count + rest, fault: fault,
                source: source, destination: destination, isSecure: isSecure)
        }
    }

    private static let four: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 2, 0x12, 0x67, 0x01, 0xBB]
    private static let six: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
        + [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [2] + [0x12, 0x67, 0x01, 0xBB]
    private static let (from, to) = ("192.0.2.1:4711", "198.51.100.2:443")
    private static let (from6, to6) = ("[2001:db8::1]:4711", "[2001:db8::2]:443")

    private static func part(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [type, UInt8(value.count >> 8), UInt8(value.count & 255)] + value
    }

    /// With a checksum over the whole header, the checksum itself taken as zeros.
    private static func summed(_ rest: [UInt8], wrong: Bool = false) -> [UInt8] {
        let body = rest + part(3, [0, 0, 0, 0])
        var sum = CRC32C()
        for byte in ProxyHeaderParser.signature + [0x21, 0x11, UInt8(body.count >> 8), UInt8(body.count & 255)] + body {
            sum.add(byte)
        }
        let value = wrong ? sum.value ^ 1 : sum.value
        return rest + part(3, (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) })
    }

    static let cases: [Case] =
        [
            .line("PROXY TCP4 192.0.2.1 198.51.100.2 4711 443", from, to),
            .line("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535", "0.0.0.0:0", "255.255.255.255:65535"),
            .line("PROXY TCP6 2001:db8::1 2001:db8::2 4711 443", from6, to6),
            // An IPv4 client of a dual-stack balancer is an IPv4 client.
            .line("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 4711 443", from, to6),
            .line(
                "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
            .line("PROXY UNKNOWN"), .line("PROXY UNKNOWN 1 2 3 whatever"),
            .badLine("PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\n"), .badLine("PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n"),
            .badLine("PROXY TCP4 192.0.2.1 198.51.100.2 4711\r\n"),
            .badLine("PROXY TCP4 192.0.2.1 198.51.100.2 4711 443 5\r\n"),
            .badLine("PROXY TCP4 192.0.2.1 198.51.100.2 4711 443 \r\n"), .badLine("PROXY TCP4 ::1 ::2 1 1\r\n"),
            .badLine("PROXY TCP6 192.0.2.1 192.0.2.2 1 1\r\n"), .badLine("PROXY TCP4 192.0.2 192.0.2.2 1 1\r\n"),
            .badLine("PROXY TCP4 192.0.2.1 192.0.2.256 1 1\r\n"),
            .badLine("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"),
            .badLine("PROXY TCP4 192.0.2.1 192.0.2.2 01 1\r\n"), .badLine("PROXY TCP4 192.0.2.1 192.0.2.2 +1 1\r\n"),
            .badLine("PROXY TCP4 192.0.2.1 192.0.2.2  1\r\n"), .badLine("PROXY UDP4 192.0.2.1 192.0.2.2 1 1\r\n"),
            .badLine("PROXY tcp4 192.0.2.1 192.0.2.2 1 1\r\n"), .badLine("PROXY \r\n"),
            .badLine("PROXY TCP6 fe80::1%eth0 ::2 1 1\r\n"),
            .badLine("PROXY UNKNOWN " + String(repeating: "a", count: 93), .tooLong),
            .badLine("GET / HTTP/1.1\r\n", .missing), .badLine("PROXX", .missing), .badLine("proxy TCP4", .missing),
            .badLine("\u{16}\u{3}\u{1}", .missing), .badLine("\r\n\r\nGET", .missing),
            .block("inet", 0x21, 0x11, four, from, to), .block("inet6", 0x21, 0x21, six, from6, to6),
            .block("local", 0x20, 0x00, []), .block("local with what is skipped", 0x20, 0x11, four + [1, 255, 255, 0]),
            .block("unspecified", 0x21, 0x00, []), .block("unspecified with an extension", 0x21, 0x00, [4, 0, 1, 0]),
            .block("unix", 0x21, 0x31, [UInt8](repeating: 0x61, count: 216)),
            .block(
                "authority and alpn are no news", 0x21, 0x11,
                four + part(2, Array("a.example".utf8)) + part(1, Array("h2".utf8)), from, to),
            .block("unknown extension", 0x21, 0x11, four + part(0xE0, [1, 2, 3]), from, to),
            .block("over tls", 0x21, 0x11, four + part(0x20, [1, 0, 0, 0, 0]), from, to, isSecure: true),
            .block("in clear", 0x21, 0x11, four + part(0x20, [0, 0, 0, 0, 1]), from, to),
            .block(
                "tls with parts", 0x21, 0x11,
                four + part(0x20, [7, 0, 0, 0, 0] + part(0x21, Array("TLSv1.3".utf8))), from, to,
                isSecure: true),
            .block("summed", 0x21, 0x11, summed(four), from, to),
            .block("summed, other extensions", 0x21, 0x11, summed(four + part(2, [0x61])), from, to),
            .block("wrong sum", 0x21, 0x11, summed(four, wrong: true), fault: .checksum),
            .block("short sum", 0x21, 0x11, four + part(3, [1]), fault: .malformed),
            .block("short tls", 0x21, 0x11, four + part(0x20, [1, 0]), fault: .malformed),
            .block("half an extension", 0x21, 0x11, four + [4, 0], fault: .malformed),
            .block("extension beyond the end", 0x21, 0x11, four + [4, 0, 2, 0], fault: .malformed),
            .block("short inet", 0x21, 0x11, Array(four.dropLast()), fault: .malformed),
            .block("short inet6", 0x21, 0x21, four, fault: .malformed),
            .block("short unix", 0x21, 0x31, four, fault: .malformed),
            .block("datagrams", 0x21, 0x12, four, fault: .malformed),
            .block("no transport", 0x21, 0x10, four, fault: .malformed),
            .block("unknown transport", 0x21, 0x13, four, fault: .malformed),
            .block("unknown family", 0x21, 0x41, four, fault: .malformed),
            .block("unknown command", 0x22, 0x11, four, fault: .malformed),
            .block("version 1 in binary", 0x11, 0x11, four, fault: .malformed),
            .block("version 3", 0x31, 0x11, four, fault: .malformed),
            .block(
                "as long as may be", 0x21, 0x11, four + part(4, [UInt8](repeating: 0, count: 4_065)), from, to),
            .block("too long", 0x21, 0x11, four + part(4, [UInt8](repeating: 0, count: 4_066)), fault: .tooLong),
            Case(name: "v1 where v2", bytes: Array("PROXY UNKNOWN\r\n".utf8), versions: .v2, fault: .version),
            Case(name: "v2 where v1", bytes: ProxyHeaderParser.signature, versions: .v1, fault: .version),
            Case(name: "v1 where v1", bytes: Array("PROXY UNKNOWN\r\n".utf8), versions: .v1),
            Case(name: "v2 where v2", bytes: ProxyHeaderParser.signature + [0x20, 0, 0, 0], versions: .v2),
        ]

    private static func rules(_ versions: ProxyVersions) throws -> CompiledProxyProtocol {
        var configuration = ProxyProtocolConfiguration()
        configuration.version = versions == .v1 ? .v1 : versions == .v2 ? .v2 : .any
        return CompiledProxyProtocol(configuration, trustedProxies: [])
    }

    /// Fed in pieces that end at these places; what follows the header is there too, as on a connection.
    private static func feed(_ bytes: [UInt8], _ cuts: [Int], _ versions: ProxyVersions) throws
        -> (header: ProxyHeader?, fault: ProxyHeaderResult?, taken: Int)
    {
        let reader = ProxyHeaderReader(try rules(versions))
        var taken = 0
        for end in cuts + [bytes.count] where end > taken {
            let piece = Array(bytes[taken..<end])
            switch reader.read(piece.span) {
            case .needMore: taken = end
            case .complete(let header, let count): return (header, nil, taken + count)
            case .refused(let fault): return (nil, fault, taken)
            }
        }
        return (nil, nil, taken)
    }

    @Test(arguments: cases) func eachInEverySplit(_ test: Case) throws {
        let following = Array("GET / HTTP/1.1\r\n".utf8)
        let bytes = test.bytes + (test.fault == nil ? following : [])
        let places =
            test.bytes.count > 400 ? [1, 15, 16, 17, 27, 28, 200, test.bytes.count - 1] : Array(1..<bytes.count)
        for cuts in [[]] + places.map({ [$0] }) + [places] {
            let result = try Self.feed(bytes, cuts, test.versions)
            #expect(result.fault == test.fault, "\(cuts)")
            guard test.fault == nil else { continue }
            #expect(result.taken == test.bytes.count, "\(cuts)")
            #expect(result.header?.origin?.source.description == test.source)
            #expect(result.header?.origin?.destination.description == test.destination)
            #expect(result.header?.isSecure == test.isSecure)
        }
    }

    /// Less than a whole header is never taken for one.
    @Test func everyPrefixWaits() throws {
        for test in Self.cases where test.fault == nil {
            let counts = test.bytes.count > 400 ? [1, 16, 28, test.bytes.count - 1] : Array(1..<test.bytes.count)
            for count in counts {
                let outcome = ProxyHeaderParser.parse(Array(test.bytes.prefix(count)), accepting: test.versions)
                #expect(outcome == .needMore, "\(test.name), \(count)")
            }
        }
    }

    /// Whatever comes, in whatever pieces: the answer is the same as for the whole, within the bounds, and nothing traps.
    @Test func aWalkThroughBrokenHeaders() throws {
        var random = SeededRandom()
        for _ in 0..<20_000 {
            let origin = Self.cases[Int.random(in: 0..<Self.cases.count, using: &random)]
            var bytes = Array(origin.bytes.prefix(300)) + random.bytes(Int.random(in: 0...20, using: &random))
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
                }
            }
            let whole = try Self.feed(bytes, [], .any)
            var cuts: Set<Int> = []
            for _ in 0..<4 { cuts.insert(Int.random(in: 0...bytes.count, using: &random)) }
            let pieces = try Self.feed(bytes, cuts.sorted(), .any)
            #expect(whole.header == pieces.header && whole.fault == pieces.fault, "seed \(random.seed): \(bytes)")
            if whole.header != nil { #expect(whole.taken == pieces.taken && whole.taken <= bytes.count) }
        }
    }

    @Test func moreThanIsAllowedIsNotCollected() throws {
        let reader = ProxyHeaderReader(try Self.rules(.any))
        let endless = Array("PROXY UNKNOWN".utf8) + [UInt8](repeating: 0x20, count: 10_000)
        guard case .refused(.tooLong) = reader.read(endless.span) else {
            Issue.record("an endless line was taken")
            return
        }
        #expect(reader.resultAtEnd == .incomplete)
        #expect(ProxyHeaderReader(try Self.rules(.any)).resultAtEnd == .closed)
    }

    /// RFC 3720 §B.4.
    @Test func theChecksumIsThatOfTheStandard() {
        for (bytes, expected): ([UInt8], UInt32) in [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E), (Array("123456789".utf8), 0xE306_9283),
        ] {
            var sum = CRC32C()
            for byte in bytes { sum.add(byte) }
            #expect(sum.value == expected)
        }
    }

    // MARK: Writing

    /// What is written is read as the same.
    @Test(arguments: ServiceConfiguration.ProxyVersion.allCases)
    func whatIsWrittenIsRead(_ version: ServiceConfiguration.ProxyVersion) throws {
        let addresses = try ["192.0.2.1", "2001:db8::1", "0.0.0.0", "ffff::ffff"].map {
            try #require(SocketAddress(literal: $0, port: 4_711))
        }
        for source in addresses {
            for destination in addresses {
                let origin = ProxyOrigin(source: source, destination: destination)
                let bytes = ProxyHeaderWriter.write(version, origin)
                let outcome = ProxyHeaderParser.parse(bytes, accepting: version == .v1 ? .v1 : .v2)
                #expect(outcome == .complete(ProxyHeader(origin: origin), length: bytes.count))
            }
        }
        let own = ProxyHeaderWriter.write(version, nil)
        #expect(ProxyHeaderParser.parse(own, accepting: .any) == .complete(ProxyHeader(), length: own.count))
    }

    @Test func theLinesAreThoseOfTheDocument() throws {
        let origin = ProxyOrigin(
            source: try #require(SocketAddress(literal: "192.0.2.1", port: 4_711)),
            destination: try #require(SocketAddress(literal: "2001:db8::2", port: 443)))
        #expect(
            String(decoding: ProxyHeaderWriter.write(.v1, origin), as: UTF8.self)
                == "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 4711 443\r\n")
        #expect(String(decoding: ProxyHeaderWriter.write(.v1, nil), as: UTF8.self) == "PROXY UNKNOWN\r\n")
        #expect(ProxyHeaderWriter.write(.v2, nil) == ProxyHeaderParser.signature + [0x20, 0, 0, 0])
    }

    // MARK: Who may

    @Test(arguments: [
        ("10.1.2.3", "refuse", CompiledProxyProtocol.Peer.sendsHeader),
        ("11.1.2.3", "refuse", .isRefused), ("11.1.2.3", "serve", .isClient), ("10.1.2.3", "serve", .sendsHeader),
        ("fd00::1", "refuse", .sendsHeader),
    ])
    func thePeersAddressDecides(_ address: String, _ others: String, _ expected: CompiledProxyProtocol.Peer) throws {
        let configuration = try GatewayConfiguration.parse(
            yaml: "trusted_proxies: [ 10.0.0.0/8, fd00::/8 ]\n"
                + "listeners: [ { address: \":1\", proxy_protocol: { others: \(others) } } ]\n")
        let proxy = try #require(configuration.listeners[0].proxyProtocol)
        let rules = CompiledProxyProtocol(proxy, trustedProxies: configuration.trustedProxies)
        #expect(rules.judge(try #require(SocketAddress(literal: address, port: 1))) == expected)
    }
}
