import HTTPWire
import Testing

/// `Host` and authorities: RFC 9112 §3.2, RFC 9110 §4.2 and §7.2.
@Suite struct HostTests {
    static let requests: [Case] = [
        Case("RFC 9112 §3.2: HTTP/1.1 has a Host", "GET / HTTP/1.1\r\n\r\n", .missingHost),
        Case("RFC 9112 §3.2: with an absolute form too", "GET http://b/ HTTP/1.1\r\n\r\n", .missingHost),
        Case("RFC 9112 §3.2: HTTP/1.0 may do without", "GET / HTTP/1.0\r\n\r\n", nil),
        Case("RFC 9112 §3.2: not two", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .duplicateHost),
        Case("RFC 9112 §3.2: not the same twice", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", .duplicateHost),
        Case("RFC 9112 §3.2: not two in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", .duplicateHost),
        Case(
            "RFC 9112 §3.2: a Host that is not valid, beside an absolute form",
            "GET http://b/ HTTP/1.1\r\nHost: a/b\r\n\r\n", .badHost),
        Case("RFC 9112 §3.2: a Host that is not valid in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", .badHost),
    ]

    @Test(arguments: requests) func request(_ item: Case) {
        #expect(scanRequestEveryWay(octets(item.input)).error == item.error)
    }

    /// An authority, and its host's length and port if it is valid.
    static let authorities: [(String, Int, Int)?] = [
        ("a", 1, -1), ("example.com", 11, -1), ("example.com:8080", 11, 8080), ("EXAMPLE.com:", 11, -1),
        ("10.0.0.1:1", 8, 1), ("[::1]", 5, -1), ("[::1]:443", 5, 443), ("[2001:DB8::ffff:10.0.0.1]:65535", 25, 65535),
        ("a_b-c.~!$&'()*+;=", 17, -1), ("a:00080", 1, 80), ("xn--bcher-kva.example", 21, -1),
    ]

    @Test("RFC 9110 §4.2: hosts and ports", arguments: authorities) func valid(_ item: (String, Int, Int)?) throws {
        let (input, hostCount, port) = try #require(item)
        let authority = Authority(octets(input).span)
        #expect(authority?.hostCount == hostCount)
        #expect(authority?.port == port)
        let scanned = scanRequest(octets("GET / HTTP/1.1\r\nHost: \(input)\r\n\r\n"))
        #expect(scanned.error == nil)
        #expect(scanned.authority == input)
    }

    static let faults = [
        "", " ", ":80", "a b", "a,b", "a, b", "u@a", "u:p@a", "a/", "a/b", "a?b", "a#b", "a\\b", "a:b", "a:8a", "a:-1",
        "a:+1",
        "a:65536", "a:100000", "a:000080", "a::80", "a:80:80", "[", "[]", "[::1", "[:1]", "::1", "[::1]a", "[::1]80",
        "[::1%25eth0]", "[v1.x]", "[::g]", "a[::1]", "a]", "a%41", "a\u{80}", "a\tb", "a\"", "a<b", "a|b", "a^b", "`a`",
        "http://a", String(repeating: "a", count: 262), "[" + String(repeating: ":", count: 46) + "]",
    ]

    @Test("RFC 9110 §4.2, §7.2: what no authority may be", arguments: faults) func invalid(_ input: String) {
        #expect(Authority(octets(input).span) == nil)
        #expect(scanRequest(octets("GET / HTTP/1.1\r\nHost: \(input)\r\n\r\n")).error == .badHost)
    }

    @Test("RFC 3986 §3.2.2: the bytes of a name and of an address literal, each")
    func hostBytes() {
        let marks = Set("-._~!$&'()*+;=".utf8)
        for byte in UInt8.min...UInt8.max {
            let isDigit = (0x30...0x39).contains(byte)
            let isLetter = (0x41...0x5A).contains(byte & 0xDF)
            let inName = isDigit || isLetter || marks.contains(byte)
            let name = [0x61, byte, 0x62]
            #expect((Authority(name.span) != nil) == inName, "byte \(byte)")
            let isHex = isDigit || (0x41...0x46).contains(byte & 0xDF)
            let literal = octets("[::1") + [byte] + octets("2]")
            #expect((Authority(literal.span) != nil) == (isHex || byte == 0x3A || byte == 0x2E), "byte \(byte)")
        }
    }

    @Test("RFC 9112 §3.2.2: an absolute form's authority takes the place of Host, at its place")
    func absoluteForm() {
        let scanned = scanRequestEveryWay(
            octets("GET http://b:8/x HTTP/1.1\r\nA: 1\r\nhost: evil\r\nB: 2\r\n\r\n"))
        #expect(scanned.authority == "b:8")
        #expect(scanned.fields == [PlainField("A", "1"), PlainField("host", "b:8"), PlainField("B", "2")])
        let added = scanRequestEveryWay(octets("GET http://b:8 HTTP/1.0\r\nA: 1\r\n\r\n"))
        #expect(added.fields == [PlainField("A", "1"), PlainField("Host", "b:8")])
    }

    @Test("RFC 9112 §3.2.2: the rewritten Host is what is written")
    func rewrittenHost() throws {
        let head = RequestHead()
        var scanner = RequestScanner()
        let input = octets("GET http://longer.example:8/x HTTP/1.1\r\nA: 1\r\nHost: evil\r\nB: 2\r\n\r\n")
        _ = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits())
        let written = head.fields.written
        #expect(written == "A: 1\r\nHost: longer.example:8\r\nB: 2\r\n")
        #expect(head.fields.wireSize == written.utf8.count)
    }
}
