import HTTPWire
import Testing

/// Every limit at its last allowed and its first refused value, however the bytes are cut.
@Suite struct LimitTests {
    private static let small = HeadLimits(requestLine: 40, head: 120, fields: 3)

    private static func line(_ length: Int) -> String {
        "GET /" + String(repeating: "x", count: length - 14) + " HTTP/1.1"
    }

    @Test("the request line: 414", arguments: [39, 40, 41, 42, 43, 200]) func requestLine(_ length: Int) {
        let input = octets(Self.line(length) + "\r\nHost: a\r\n\r\n")
        #expect(scanRequestEveryWay(input, limits: Self.small).error == (length <= 40 ? nil : .requestLineTooLong))
    }

    @Test("the request line: too long is that first, whatever else it is")
    func requestLineFirst() {
        let long = String(repeating: "x", count: 60)
        for line in ["GET /\(long)\n", "GET /\(long)\0\r\n", "GET \(long)\r\n", long + "\r" + long] {
            #expect(scanRequestEveryWay(octets(line), limits: Self.small).error == .requestLineTooLong)
        }
    }

    @Test("the empty line in front does not count as part of the request line")
    func emptyLineInFront() {
        let input = octets("\r\n" + Self.line(40) + "\r\nHost: a\r\n\r\n")
        #expect(scanRequestEveryWay(input, limits: Self.small).error == nil)
    }

    @Test("the whole head: 431", arguments: [118, 119, 120, 121, 122, 300]) func head(_ length: Int) {
        let front = "GET / HTTP/1.1\r\nHost: a\r\nX: "
        let input = front + String(repeating: "x", count: length - front.utf8.count - 4) + "\r\n\r\n"
        #expect(input.utf8.count == length)
        let scanned = scanRequestEveryWay(octets(input), limits: Self.small)
        #expect(scanned.error == (length <= 120 ? nil : .headTooLarge))
        #expect(scanned.consumed == (length <= 120 ? length : nil))
    }

    @Test("the whole head: a limit below that of the request line")
    func headBelowLine() {
        let limits = HeadLimits(requestLine: 40, head: 30, fields: 3)
        #expect(
            scanRequestEveryWay(octets(Self.line(35) + "\r\nHost: a\r\n\r\n"), limits: limits).error
                == .requestLineTooLong)
    }

    @Test("the fields: 431", arguments: [2, 3, 4]) func fields(_ count: Int) {
        let fields = (1..<count).map { "X\($0): y\r\n" }.joined()
        let input = octets("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        #expect(scanRequestEveryWay(input, limits: Self.small).error == (count <= 3 ? nil : .tooManyFields))
    }

    @Test("a status line has the limit of a request line", arguments: [39, 40, 41]) func statusLine(_ length: Int) {
        let line = "HTTP/1.1 200 " + String(repeating: "x", count: length - 13)
        let scanned = scanResponseEveryWay(octets(line + "\r\n\r\n"), limits: Self.small)
        #expect(scanned.error == (length <= 40 ? nil : .statusLineTooLong))
    }

    @Test("a response's fields and head: 431's counterparts") func responseHead() {
        let fields = (1...4).map { "X\($0): y\r\n" }.joined()
        #expect(
            scanResponseEveryWay(octets("HTTP/1.1 200 OK\r\n\(fields)\r\n"), limits: Self.small).error == .tooManyFields
        )
        let long = String(repeating: "x", count: 120)
        #expect(
            scanResponseEveryWay(octets("HTTP/1.1 200 OK\r\nX: \(long)\r\n\r\n"), limits: Self.small).error
                == .headTooLarge)
    }

    @Test("a head that never ends takes no more memory than its limit and one window")
    func boundedMemory() {
        let limits = HeadLimits()
        for start in ["GET /", "GET / HTTP/1.1\r\nX: "] {
            let head = RequestHead()
            var scanner = RequestScanner()
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
            var fed = 0
            var failure: WireError?
            do {
                _ = try scanner.scan(octets(start).span, from: 0, into: head, limits: limits)
                while fed < 1_000_000 {
                    _ = try scanner.scan(piece.span, from: 0, into: head, limits: limits)
                    fed += piece.count
                }
            } catch { failure = error }
            #expect(failure == (start.count == 5 ? .requestLineTooLong : .headTooLarge))
            #expect(head.fields.capacity <= 2 * (limits.head + 4096))
            head.removeAll()
            #expect(head.fields.capacity <= 16 * 1024 + 4096)
        }
    }
}
