import HTTPWire
import Testing

@Suite struct FieldRulesTests {
    struct Strip: Sendable, CustomTestStringConvertible {
        let rule: String
        let before: [(String, String)]
        let after: [String]
        var testDescription: String { rule }
    }

    static let strips: [Strip] = [
        Strip(rule: "nothing to do", before: [("Host", "a"), ("X", "y")], after: ["Host: a", "X: y"]),
        Strip(
            rule: "RFC 9110 §7.6.1: the fixed list, in any case",
            before: [
                ("Connection", "close"), ("KEEP-ALIVE", "timeout=5"), ("proxy-connection", "x"), ("Upgrade", "h2c"),
                ("Transfer-Encoding", "chunked"), ("HTTP2-Settings", "AAM"), ("TE", "gzip"),
                ("Proxy-Authorization", "x"),
                ("Proxy-Authenticate", "x"), ("Proxy-Authentication-Info", "x"), ("X", "y"),
            ], after: ["X: y"]),
        Strip(
            rule: "RFC 9110 §7.6.1: what Connection names, in any case, wherever it stands",
            before: [
                ("x-first", "1"), ("Connection", "X-First, close,,x-Last"), ("X-Other", "2"), ("X-LAST", "3"),
                ("x-last", "4"), ("Connection", "X-Second"), ("X-Second", "5"), ("X-Sec", "6"),
            ], after: ["X-Other: 2", "X-Sec: 6"]),
        Strip(
            rule: "RFC 9110 §7.6.1: what the gateway relies on is not taken away by a name in Connection",
            before: [
                ("Host", "a"),
                ("Connection", "host, content-length, x-request-id, x-forwarded-for, Authorization, cookie"),
                ("Content-Length", "5"), ("X-Request-Id", "i"), ("X-Forwarded-For", "f"), ("Authorization", "b"),
                ("Cookie", "c"),
            ],
            after: [
                "Host: a", "Content-Length: 5", "X-Request-Id: i", "X-Forwarded-For: f", "Authorization: b",
                "Cookie: c",
            ]),
        Strip(
            rule: "RFC 9110 §10.1.4: TE keeps trailers and nothing else",
            before: [("TE", "gzip;q=0.5, Trailers"), ("Connection", "TE")], after: ["TE: trailers"]),
        Strip(
            rule: "RFC 9110 §10.1.4: trailers is a whole word",
            before: [("TE", "xtrailers, trailers;q=1"), ("Connection", "TE")], after: []),
        Strip(
            rule: "httpoxy: Proxy is no header field, Proxy-Status is",
            before: [("Proxy", "http://evil"), ("Proxy-Status", "gw")], after: ["Proxy-Status: gw"]),
        Strip(
            rule: "RFC 9110 §6.6.2: Trailer is for all recipients",
            before: [("Trailer", "X-Sum"), ("Connection", "close")], after: ["Trailer: X-Sum"]),
    ]

    @Test(arguments: strips) func strip(_ item: Strip) {
        let block = HeaderBlock()
        for (name, value) in item.before { block.append(name, value) }
        FieldRules.stripHopByHop(block)
        #expect(block.plain.map(\.description) == item.after)
        #expect(block.wireSize == block.written.utf8.count)
        #expect(KnownField.allCases.allSatisfy { !$0.isHopByHop || !block.contains($0) || $0 == .te })
    }

    @Test("fields added after the strip stay, though Connection named them") func addedLater() {
        let block = HeaderBlock(["Connection": "X-User-Id", "X-User-Id": "forged"])
        FieldRules.stripHopByHop(block)
        block.append("X-User-Id", "real")
        FieldRules.stripHopByHop(block)
        #expect(block.written == "X-User-Id: real\r\n")
    }

    @Test("underscores: drop, keep or reject") func underscores() throws {
        func fresh() -> HeaderBlock { HeaderBlock(["X_A": "1", "X-A": "2", "_": "3", "X-B": "a_b"]) }
        let dropped = fresh()
        #expect(try FieldRules.applyUnderscores(dropped, .drop) == 2)
        #expect(dropped.plain.map(\.value) == ["2", "a_b"])
        #expect(try FieldRules.applyUnderscores(dropped, .drop) == 0)
        #expect(try FieldRules.applyUnderscores(dropped, .reject) == 0)
        let kept = fresh()
        #expect(try FieldRules.applyUnderscores(kept, .keep) == 0)
        #expect(kept.liveCount == 4)
        #expect(throws: WireError.underscoreInName) { try FieldRules.applyUnderscores(fresh(), .reject) }
    }

    @Test("underscores are noticed by the scanner too") func scannedUnderscores() throws {
        let head = RequestHead()
        var scanner = RequestScanner()
        let input = octets("GET / HTTP/1.1\r\nHost: a\r\nX_A: 1\r\nX-A: 2\r\n\r\n")
        _ = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits())
        #expect(try FieldRules.applyUnderscores(head.fields, .drop) == 1)
        #expect(head.fields.plain.map(\.value) == ["a", "2"])
    }

    @Test("RFC 9110 §5.5, §5.6.2: tokens and values") func grammar() {
        #expect(!isToken([UInt8]()))
        #expect(!isToken(octets("a b")))
        #expect(isFieldValue([UInt8]()))
        for good in ["a", "a b", "a\tb", "\u{FF}"] { #expect(isFieldValue(octets(good))) }
        for bad in [" a", "a ", "\ta", "a\t", "a\0", "a\r\nb: c", "\u{7F}"] {
            #expect(!isFieldValue(octets(bad)))
        }
    }

    @Test("the strip's work is bounded: the worst head that the limits let in takes few comparisons") func bounded()
        throws
    {
        let names = (0..<98).map { "n\($0)" }
        let input = octets(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: \(names.joined(separator: ","))\r\n"
                + names.map { "\($0): x\r\n" }.joined() + "\r\n")
        let head = RequestHead()
        var scanner = RequestScanner()
        _ = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits())
        FieldRules.stripHopByHop(head.fields)
        #expect(head.fields.written == "Host: a\r\n")
    }
}
