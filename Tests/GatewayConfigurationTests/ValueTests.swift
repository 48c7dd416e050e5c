import Testing

@testable import GatewayConfiguration

/// Single values: what they mean, and what is refused.
@Suite struct ValueTests {
    @Test(arguments: [
        ("0s", 0), ("250ms", 250), ("5s", 5000), ("10m", 600_000), ("1h", 3_600_000), ("1h30m", 5_400_000),
        ("1d", 86_400_000),
        ("1m500ms", 60_500),
    ]) func durations(_ text: String, _ milliseconds: Int) throws {
        #expect(try DurationValue.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "5", "s", "5 s", "-1s", "1.5s", "5S", "1s1h", "1s1s", "9999999999999999999999s", "9223372036854775807h",
        "１s",
    ])
    func notDurations(_ text: String) {
        #expect(throws: Problem.self) { try DurationValue.parse(text) }
    }

    @Test(arguments: [
        ("0", 0), ("512", 512), ("5B", 5), ("64k", 65_536), ("64K", 65_536), ("60KiB", 61_440), ("1MiB", 1 << 20),
        ("2GiB", 2 << 30), ("1kB", 1000), ("3MB", 3_000_000), ("1g", 1 << 30),
    ]) func sizes(_ text: String, _ bytes: Int) throws {
        #expect(try SizeValue.parse(text) == bytes)
    }

    @Test(arguments: ["", "k", "-1", "1.5MiB", "1 KiB", "1KIB", "99999999999999999999", "9223372036854775807KiB"])
    func notSizes(_ text: String) {
        #expect(throws: Problem.self) { try SizeValue.parse(text) }
    }

    @Test(arguments: [("20%", 0.2), ("0%", 0), ("100%", 1), ("0.5", 0.5), ("1", 1), ("12.5%", 0.125)])
    func shares(_ text: String, _ share: Double) throws {
        #expect(try ShareValue.parse(text) == share)
    }

    @Test(arguments: ["", "%", "-1%", "101%", "1.1", "inf", "nan", "0x1", "1e-1", "half"]) func notShares(
        _ text: String
    ) {
        #expect(throws: Problem.self) { try ShareValue.parse(text) }
    }

    @Test(arguments: [
        ("0.0.0.0:8080", "0.0.0.0", 8080), (":8080", "", 8080), ("*:80", "*", 80), ("[::1]:8080", "::1", 8080),
        ("127.0.0.1:0", "127.0.0.1", 0), ("localhost:65535", "127.0.0.1", 65535), ("[FE80::A]:1", "fe80::a", 1),
    ]) func addresses(_ text: String, _ host: String, _ port: Int) throws {
        let address = try SocketAddressConfiguration.parse(text)
        #expect(address.host == host && address.port == UInt16(port))
    }

    @Test(arguments: [
        "", "8080", "::1:80", "[::1]", "[::1]80", "a.b:80", "1.2.3:80", "1.2.3.4:", "1.2.3.4:+1", "1.2.3.4:65536",
        "[1.2.3.4]:80", "unix:/x", "/x",
    ])
    func notAddresses(_ text: String) {
        #expect(throws: Problem.self) { try SocketAddressConfiguration.parse(text) }
    }

    @Test func prefixesContainWhatTheyShould() throws {
        let ten = try NetworkPrefix.parse("10.0.0.0/8")
        let inside = try #require(IPAddress.parse("10.1.2.3"))
        let outside = try #require(IPAddress.parse("11.1.2.3"))
        #expect(ten.length == 104)
        #expect(ten.contains(high: inside.high, low: inside.low))
        #expect(!ten.contains(high: outside.high, low: outside.low))
        let local = try NetworkPrefix.parse("fd00::/8")
        let unique = try #require(IPAddress.parse("fd12::1"))
        #expect(local.contains(high: unique.high, low: unique.low))
        #expect(!local.contains(high: inside.high, low: inside.low))
        #expect(try NetworkPrefix.parse("192.0.2.7").length == 128)
        #expect(try NetworkPrefix.parse("0.0.0.0/0").length == 96)
        #expect(try NetworkPrefix.parse("::/0").contains(high: unique.high, low: unique.low))
    }

    @Test(arguments: [
        "", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.1/8", "fd00::1/8", "10.0.0/8", "a/8", "10.0.0.0/-1",
    ])
    func notPrefixes(_ text: String) {
        #expect(throws: Problem.self) { try NetworkPrefix.parse(text) }
    }

    @Test func upstreams() throws {
        let plain = try UpstreamTarget.parse("http://Users-Service:3001")
        #expect(plain.endpoint.host == "users-service" && plain.endpoint.port == 3001 && !plain.endpoint.tls)
        #expect(plain.path.parts == [] && plain.query == nil)
        #expect(throws: Problem.self) { try UpstreamTarget.parse("https://x/base?b={id}") }
    }

    @Test func upstreamParts() throws {
        let target = try UpstreamTarget.parse("https://[2001:DB8::1]/base/{id}/x?key=1&b=2")
        #expect(target.endpoint.host == "2001:db8::1" && target.endpoint.port == 443 && target.endpoint.tls)
        #expect(target.endpoint.authority == "[2001:db8::1]")
        #expect(target.path.parts == [.literal("/base/"), .parameter("id"), .literal("/x")])
        #expect(target.query == "key=1&b=2")
        #expect(try UpstreamTarget.parse("http://x/").path.parts == [.literal("/")])
        #expect(try UpstreamTarget.parse("http://x/{proxy+}").path.parts == [.literal("/"), .parameter("proxy")])
    }

    @Test(arguments: [
        ("api.Example.com", "api.example.com"), ("*.Example.org", "*.example.org"), ("a_b.internal", "a_b.internal"),
        ("10.0.0.1", "10.0.0.1"), ("[::1]", "[::1]"), ("example.com.", "example.com"), ("localhost", "localhost"),
    ]) func hosts(_ text: String, _ expected: String) throws {
        #expect(try HostName.parsePattern(text) == expected)
    }

    @Test func editDistance() {
        #expect(EditDistance.between(Array("routes".utf8), Array("rotues".utf8)) == 1)
        #expect(EditDistance.between(Array("".utf8), Array("abc".utf8)) == 3)
        #expect(EditDistance.nearest(to: "strip_prefx", among: ["rewrite", "strip_prefix"]) == "strip_prefix")
        #expect(EditDistance.nearest(to: "colour", among: ["service", "path"]) == nil)
    }

    @Test(arguments: [
        ("true", CoreScalar.CoreType.boolean), ("yes", .string), ("on", .string), ("null", .null), ("", .null),
        ("~", .null),
        ("12", .integer), ("-7", .integer), ("0x1F", .integer), ("0o17", .integer), ("0xZZ", .string), ("0x", .string),
        ("1.5", .number), (".5", .number), ("1e5", .number), ("1e", .string), (".", .string), ("-", .string),
        (".inf", .number), ("1.2.3", .string), ("5s", .string), ("+", .string), ("1_000", .string),
    ]) func coreScalars(_ text: String, _ type: CoreScalar.CoreType) {
        #expect(CoreScalar(text: text, quoted: false).type == type)
        #expect(CoreScalar(text: text, quoted: true).type == .string)
    }
}
