import HTTPWire
import Testing

/// Status lines and response heads: RFC 9112 §4.
@Suite struct ResponseScannerTests {
    static let lines: [Case] = [
        Case("RFC 9112 §4: the plain line", "HTTP/1.1 200 OK", nil),
        Case("RFC 9112 §4: no reason", "HTTP/1.1 200 ", nil),
        Case("RFC 9112 §4: no space before no reason", "HTTP/1.1 200", nil),
        Case("RFC 9112 §4: a reason of several words", "HTTP/1.1 404 Not\tFound \u{E9}", nil),
        Case("RFC 9112 §4: HTTP/1.0", "HTTP/1.0 200 OK", nil),
        Case("RFC 9112 §4: an interim response", "HTTP/1.1 103 Early Hints", nil),
        Case("RFC 9110 §15: a status of no class", "HTTP/1.1 999 Odd", nil),
        Case("RFC 9110 §15: at least 100", "HTTP/1.1 099 Low", .badStatusLine),
        Case("RFC 9112 §4: three digits", "HTTP/1.1 20 OK", .badStatusLine),
        Case("RFC 9112 §4: not four", "HTTP/1.1 2000 OK", .badStatusLine),
        Case("RFC 9112 §4: digits", "HTTP/1.1 2x0 OK", .badStatusLine),
        Case("RFC 9112 §4: no sign", "HTTP/1.1 +20 OK", .badStatusLine),
        Case("RFC 9112 §4: one space before the status", "HTTP/1.1  200 OK", .badStatusLine),
        Case("RFC 9112 §4: a space, not a tab", "HTTP/1.1\t200 OK", .badStatusLine),
        Case("RFC 9112 §4: a space behind the status", "HTTP/1.1 200-OK", .badStatusLine),
        Case("RFC 9112 §4: no blank in front", " HTTP/1.1 200 OK", .badStatusLine),
        Case("RFC 9112 §2.3: case-sensitive", "http/1.1 200 OK", .badStatusLine),
        Case("RFC 9112 §2.3: case-sensitive further on", "HTtP/1.1 200 OK", .badStatusLine),
        Case("RFC 9112 §2.3: not HTTP/2", "HTTP/2.0 200 OK", .unsupportedVersion),
        Case("RFC 9112 §2.3: not HTTP/1.2", "HTTP/1.2 200 OK", .unsupportedVersion),
        Case("RFC 9112 §2.3: not HTTP/0.9", "HTTP/0.9 200 OK", .unsupportedVersion),
        Case("RFC 9112 §2.3: digits in the version", "HTTP/x.1 200 OK", .badStatusLine),
        Case("RFC 9112 §4: not another protocol", "ICY 200 OK", .badStatusLine),
        Case("RFC 9112 §4: not empty", "", .badStatusLine),
        Case("RFC 9112 §4: no HTML", "<html>", .badStatusLine),
        Case("RFC 9110 §5.5: no NUL in the reason", "HTTP/1.1 200 O\0K", .nulByte),
        Case("RFC 9112 §2.2: no bare CR in the reason", "HTTP/1.1 200 O\rK", .bareCR),
        Case("RFC 9110 §5.5: no control character in the reason", "HTTP/1.1 200 O\u{1B}K", .controlCharacter),
        Case("RFC 9112 §2.2: no bare LF", "HTTP/1.1 200 OK\nX: y", .bareLF),
    ]

    @Test(arguments: lines) func line(_ item: Case) {
        let scanned = scanResponseEveryWay(octets(item.input + "\r\nServer: s\r\n\r\n"))
        #expect(scanned.error == item.error)
        #expect((scanned.consumed != nil) == (item.error == nil))
    }

    @Test("RFC 9112 §4: the parts of a status line") func parts() {
        let scanned = scanResponseEveryWay(octets("HTTP/1.0 404 Not Found\r\nDate: x\r\n\r\nbody"))
        #expect(scanned.status == 404)
        #expect(scanned.reason == "Not Found")
        #expect(scanned.version == 0)
        #expect(scanned.fields == [PlainField("Date", "x")])
        #expect(scanned.consumed == 35)
        #expect(scanResponse(octets("HTTP/1.1 204\r\n\r\n")).reason == "")
    }

    @Test("RFC 9112 §5: field rules are those of requests", arguments: RequestFieldTests.lines)
    func field(_ item: Case) {
        #expect(
            scanResponseEveryWay(octets("HTTP/1.1 200 OK\r\n" + item.input + "Server: s\r\n\r\n")).error == item.error)
    }

    @Test("RFC 9110 §15.2: interim responses are heads like others, one after the other")
    func interim() throws {
        let input = octets("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let head = ResponseHead()
        var scanner = ResponseScanner()
        let first = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits())
        #expect(first == .complete(consumed: 40))
        #expect(head.status == 103)
        #expect(try Framing.ofResponse(head, to: .get) == .none)
        let second = try scanner.scan(input.span, from: 40, into: head, limits: HeadLimits())
        #expect(second == .complete(consumed: input.count - 40))
        #expect(head.status == 200)
        #expect(head.fields.plain == [PlainField("Content-Length", "0")])
    }
}
