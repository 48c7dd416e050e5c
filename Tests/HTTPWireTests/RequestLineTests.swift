import HTTPWire
import Testing

/// The request line: RFC 9112 §3, and what RFC 9110 says of methods and targets.
@Suite struct RequestLineTests {
    /// What makes a line a request.
    private static let rest = "\r\nHost: a\r\n\r\n"

    static let lines: [Case] = [
        Case("RFC 9112 §3: the plain line", "GET / HTTP/1.1", nil),
        Case("RFC 9112 §3: one space, not two, before the target", "GET  / HTTP/1.1", .badRequestLine),
        Case("RFC 9112 §3: one space, not two, before the version", "GET /  HTTP/1.1", .badVersion),
        Case("RFC 9112 §3: no blank before the method", " GET / HTTP/1.1", .badMethod),
        Case("RFC 9112 §3: no blank behind the version", "GET / HTTP/1.1 ", .badVersion),
        Case("RFC 9112 §3: no tab for a space", "GET\t/ HTTP/1.1", .controlCharacter),
        Case("RFC 9112 §3: no tab for the second space", "GET /\tHTTP/1.1", .controlCharacter),
        Case("RFC 9112 §3: no vertical tab", "GET\u{0B}/ HTTP/1.1", .controlCharacter),
        Case("RFC 9112 §3: no method alone", "GET", .badRequestLine),
        Case("RFC 9112 §3: no method and space alone", "GET ", .badRequestLine),
        Case("RFC 9112 §3: no HTTP/0.9", "GET /", .badRequestLine),
        Case("RFC 9112 §3: no target left out", "GET HTTP/1.1", .badRequestLine),
        Case("RFC 9112 §3: nothing behind the version", "GET / HTTP/1.1 x", .badVersion),
        Case("RFC 9112 §2.2: no bare CR in the line", "GET /\r HTTP/1.1", .bareCR),
        Case("RFC 9112 §2.2: no bare CR before the line end", "GET / HTTP/1.1\r", .badVersion),
        Case("RFC 9112 §2.2: no bare CR in front", "\rGET / HTTP/1.1", .bareCR),
        Case("RFC 9110 §5.5: no NUL in the target", "GET /\0 HTTP/1.1", .nulByte),
        Case("RFC 9110 §5.5: no NUL in the method", "G\0T / HTTP/1.1", .nulByte),
        Case("RFC 9110 §9.1: methods are tokens", "GE(T / HTTP/1.1", .badMethod),
        Case("RFC 9110 §9.1: methods are ASCII", "G\u{C9}T / HTTP/1.1", .badMethod),
        Case("RFC 9110 §9.1: an unknown method is let through", "BREW / HTTP/1.1", nil),
        Case("RFC 9110 §9.1: any tchar", "!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", nil),
        Case("RFC 9110 §9.1: 32 bytes", "\(String(repeating: "M", count: 32)) / HTTP/1.1", nil),
        Case("RFC 9110 §9.1: not 33", "\(String(repeating: "M", count: 33)) / HTTP/1.1", .badMethod),
        Case("RFC 9112 §2.3: HTTP/1.0", "GET / HTTP/1.0", nil),
        Case("RFC 9112 §2.3: HTTP/1.2 is not spoken", "GET / HTTP/1.2", .unsupportedVersion),
        Case("RFC 9112 §2.3: HTTP/2.0 is not spoken here", "PRI * HTTP/2.0", .unsupportedVersion),
        Case("RFC 9112 §2.3: HTTP/0.9 is not spoken", "GET / HTTP/0.9", .unsupportedVersion),
        Case("RFC 9112 §2.3: the name is case-sensitive", "GET / http/1.1", .badVersion),
        Case("RFC 9112 §2.3: one digit each", "GET / HTTP/1.10", .badVersion),
        Case("RFC 9112 §2.3: one digit each, in front too", "GET / HTTP/01.1", .badVersion),
        Case("RFC 9112 §2.3: both digits", "GET / HTTP/1", .badVersion),
        Case("RFC 9112 §2.3: a dot between", "GET / HTTP/1,1", .badVersion),
        Case("RFC 9112 §2.3: no sign", "GET / HTTP/+.1", .badVersion),
        Case("RFC 9112 §2.3: HTTP and nothing else", "GET / HTTQ/1.1", .badVersion),
        Case("RFC 9112 §3.2: no fragment", "GET /a#b HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2: no obs-text", "GET /\u{E9} HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2: no DEL", "GET /\u{7F} HTTP/1.1", .controlCharacter),
        Case("RFC 9112 §3.2.1: a path starts with a slash", "GET a/b HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.1: not with a question mark", "GET ?a HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.1: not with a backslash", "GET \\a HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.1: two slashes are a path", "GET //a HTTP/1.1", nil),
        Case("RFC 9112 §3.2.2: an absolute form", "GET http://b/c HTTP/1.1", nil),
        Case("RFC 9112 §3.2.2: only http and https", "GET ftp://b/c HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.2: with both slashes", "GET http:/b/c HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.2: with an authority", "GET http:/// HTTP/1.1", .badHost),
        Case("RFC 9112 §3.2.2: an authority before the query", "GET http://?a HTTP/1.1", .badHost),
        Case("RFC 9112 §3.2.2: the scheme alone is none", "GET http:// HTTP/1.1", .badTarget),
        Case("RFC 9110 §4.2.4: no userinfo", "GET http://u@b/c HTTP/1.1", .badHost),
        Case("RFC 9112 §3.2.3: authority form for CONNECT", "CONNECT b:443 HTTP/1.1", nil),
        Case("RFC 9112 §3.2.3: with a port", "CONNECT b HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.3: and no path", "CONNECT b:443/ HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.3: CONNECT has no origin form", "CONNECT / HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.3: only for CONNECT", "GET b:443 HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.4: * for OPTIONS", "OPTIONS * HTTP/1.1", nil),
        Case("RFC 9112 §3.2.4: * only for OPTIONS", "GET * HTTP/1.1", .badTarget),
        Case("RFC 9112 §3.2.4: * alone", "OPTIONS ** HTTP/1.1", .badTarget),
    ]

    @Test(arguments: lines) func line(_ item: Case) {
        let scanned = scanRequestEveryWay(octets(item.input + Self.rest))
        #expect(scanned.error == item.error)
        #expect((scanned.consumed != nil) == (item.error == nil))
    }

    static let starts: [Case] = [
        Case("RFC 9112 §2.2: one empty line before the request", "\r\n", nil),
        Case("RFC 9112 §2.2: not two", "\r\n\r\n", .badRequestLine),
        Case("RFC 9112 §2.2: not by a bare LF", "\n", .bareLF),
        Case("RFC 9112 §2.2: a CR alone is no line", "\r", .bareCR),
        Case("another protocol: a TLS greeting", "\u{16}\u{03}\u{01}", .badMethod),
    ]

    @Test(arguments: starts) func start(_ item: Case) {
        #expect(scanRequestEveryWay(octets(item.input + "GET / HTTP/1.1" + Self.rest)).error == item.error)
    }

    @Test("a greeting of TLS is refused by its first byte, without waiting for a line")
    func otherProtocol() {
        #expect(scanRequest([0x16]).error == .badMethod)
        #expect(scanRequest(octets("\r\n\u{16}")).error == .badMethod)
        #expect(scanRequest(octets("\r")).error == nil)
    }

    /// A target's parts: target, path, query, authority, whether the scheme is secure.
    struct Target: Sendable, CustomTestStringConvertible {
        let line: String
        let path: String
        let query: String?
        let authority: String
        let secure: Bool?
        var testDescription: String { line }
    }

    static let targets: [Target] = [
        Target(line: "GET /", path: "/", query: nil, authority: "a", secure: nil),
        Target(line: "GET /x/y", path: "/x/y", query: nil, authority: "a", secure: nil),
        Target(line: "GET /?", path: "/", query: "", authority: "a", secure: nil),
        Target(line: "GET /x?y=1&z=?", path: "/x", query: "y=1&z=?", authority: "a", secure: nil),
        Target(line: "GET /%00/../%2f;v=1", path: "/%00/../%2f;v=1", query: nil, authority: "a", secure: nil),
        Target(line: "GET http://b", path: "/", query: nil, authority: "b", secure: false),
        Target(line: "GET http://b:81/", path: "/", query: nil, authority: "b:81", secure: false),
        Target(line: "GET HTTPS://B/x?y", path: "/x", query: "y", authority: "B", secure: true),
        Target(line: "GET http://b?y/z", path: "/", query: "y/z", authority: "b", secure: false),
        Target(line: "GET http://[::1]:8/x", path: "/x", query: nil, authority: "[::1]:8", secure: false),
        Target(line: "OPTIONS *", path: "*", query: nil, authority: "a", secure: nil),
        Target(line: "OPTIONS http://b", path: "*", query: nil, authority: "b", secure: false),
        Target(line: "OPTIONS http://b/", path: "/", query: nil, authority: "b", secure: false),
        Target(line: "OPTIONS http://b?q", path: "/", query: "q", authority: "b", secure: false),
        Target(line: "CONNECT b:443", path: "", query: nil, authority: "b:443", secure: nil),
    ]

    @Test("RFC 9112 §3.2: the parts of a target", arguments: targets) func target(_ item: Target) {
        let scanned = scanRequestEveryWay(octets(item.line + " HTTP/1.1" + Self.rest))
        #expect(scanned.error == nil)
        #expect(scanned.target == item.line.split(separator: " ")[1])
        #expect(scanned.path == item.path)
        #expect(scanned.query == item.query)
        #expect(scanned.authority == item.authority)
        #expect(scanned.secure == item.secure)
    }

    @Test("RFC 9110 §9.1: every method by its name, in no other case")
    func methods() {
        for method in Method.allCases where method != .other {
            let name = text(method.text)
            let target = method == .connect ? "b:1" : "/"
            let scanned = scanRequest(octets("\(name) \(target) HTTP/1.1" + Self.rest))
            #expect(scanned.method == method)
            #expect(scanned.methodText == name)
            #expect(scanRequest(octets("\(name.lowercased()) / HTTP/1.1" + Self.rest)).method == .other)
            #expect(Method.lookup(octets(name + "S").span) == .other)
            #expect(Method.lookup(octets(String(name.dropLast())).span) == .other)
        }
    }

    @Test("RFC 9110 §9.2: what is safe is idempotent, and POST is neither")
    func methodProperties() {
        for method in Method.allCases where method.isSafe { #expect(method.isIdempotent) }
        #expect(Method.allCases.filter(\.isSafe) == [.get, .head, .options, .trace, .query])
        #expect(Method.allCases.filter { !$0.isIdempotent } == [.post, .patch, .connect, .other])
    }

    @Test("RFC 3986 §2: exactly the visible ASCII characters but # are let into a path")
    func targetBytes() {
        for byte in UInt8.min...UInt8.max {
            let scanned = scanRequest(octets("GET /") + [byte] + octets("x HTTP/1.1" + Self.rest))
            let allowed = byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
            #expect((scanned.error == nil) == allowed, "byte \(byte)")
        }
    }
}
