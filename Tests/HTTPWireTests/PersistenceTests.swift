import HTTPWire
import Testing

/// What a head says of its connection: RFC 9112 §9.3, RFC 9110 §10.1.1.
@Suite struct PersistenceTests {
    struct Wish: Sendable, CustomTestStringConvertible {
        let version: String
        let fields: String
        let keepAlive: Bool
        var testDescription: String { "HTTP/\(version) \(fields.debugDescription)" }
    }

    static let wishes: [Wish] = [
        Wish(version: "1.1", fields: "", keepAlive: true),
        Wish(version: "1.1", fields: "Connection: close\r\n", keepAlive: false),
        Wish(version: "1.1", fields: "Connection: Close\r\n", keepAlive: false),
        Wish(version: "1.1", fields: "connection: x ,\tCLOSE ,y\r\n", keepAlive: false),
        Wish(version: "1.1", fields: "Connection: closed\r\n", keepAlive: true),
        Wish(version: "1.1", fields: "Connection:\r\n", keepAlive: true),
        Wish(version: "1.1", fields: "Connection: ,,\r\n", keepAlive: true),
        Wish(version: "1.1", fields: "Connection: keep-alive, close\r\n", keepAlive: false),
        Wish(version: "1.1", fields: "Connection: keep-alive\r\nConnection: close\r\n", keepAlive: false),
        Wish(version: "1.0", fields: "", keepAlive: false),
        Wish(version: "1.0", fields: "Connection: keep-alive\r\n", keepAlive: true),
        Wish(version: "1.0", fields: "Connection: x, Keep-Alive\r\n", keepAlive: true),
        Wish(version: "1.0", fields: "Connection: keep-alive, close\r\n", keepAlive: false),
        Wish(version: "1.0", fields: "Keep-Alive: timeout=5\r\n", keepAlive: false),
    ]

    @Test("RFC 9112 §9.3: persistence", arguments: wishes) func persistence(_ wish: Wish) {
        let request = scanRequestEveryWay(octets("GET / HTTP/\(wish.version)\r\nHost: a\r\n\(wish.fields)\r\n"))
        #expect(request.error == nil)
        #expect(request.keepAlive == wish.keepAlive)
        let response = scanResponseEveryWay(octets("HTTP/\(wish.version) 200 OK\r\n\(wish.fields)\r\n"))
        #expect(response.error == nil)
        #expect(response.keepAlive == wish.keepAlive)
    }

    @Test("RFC 9110 §10.1.1: only HTTP/1.1 expects 100-continue, in any case")
    func expectation() {
        func expects(_ version: String, _ value: String) -> Bool {
            let scanned = scanRequest(octets("POST / HTTP/\(version)\r\nHost: a\r\nExpect: \(value)\r\n\r\n"))
            #expect(scanned.error == nil)
            return scanned.expectsContinue
        }
        #expect(expects("1.1", "100-continue"))
        #expect(expects("1.1", "100-Continue"))
        #expect(!expects("1.1", "100-continued"))
        #expect(!expects("1.1", "200-ok"))
        #expect(!expects("1.0", "100-continue"))
        #expect(!scanRequest(octets("POST / HTTP/1.1\r\nHost: a\r\n\r\n")).expectsContinue)
    }

    @Test("more Connection options than there may be fields are refused")
    func options() {
        func scan(_ count: Int) -> WireError? {
            let options = (0..<count).map { "o\($0)" }.joined(separator: ",")
            return scanRequest(octets("GET / HTTP/1.1\r\nHost: a\r\nConnection: \(options)\r\n\r\n")).error
        }
        #expect(scan(100) == nil)
        #expect(scan(101) == .tooManyOptions)
        #expect(
            scanResponse(octets("HTTP/1.1 200 OK\r\nConnection: \(String(repeating: "a,", count: 101))\r\n\r\n")).error
                == .tooManyOptions)
    }
}
