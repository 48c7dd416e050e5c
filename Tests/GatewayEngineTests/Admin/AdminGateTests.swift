import HTTPWire
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// Who is let in.
@Suite struct AdminGateTests {
    private static let token = "0123456789abcdef"

    private func refusal(_ fields: [String], token: String?) throws -> String {
        let head = RequestHead()
        var scanner = RequestScanner()
        let text = Array(("GET /metrics HTTP/1.1\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
        _ = try scanner.scan(text.span, from: 0, into: head, limits: HeadLimits())
        var configuration = AdminConfiguration(address: .init(host: "127.0.0.1", port: 1))
        configuration.token = token
        return AdminGate.refusal(head, configuration)?.code.rawValue ?? "in"
    }

    @Test(arguments: [
        ("localhost", "in"), ("LOCALHOST:9901", "in"), ("127.0.0.1:9901", "in"), ("10.1.2.3", "in"),
        ("[::1]:9901", "in"), ("evil.example", "host_not_allowed"), ("evil.example:9901", "host_not_allowed"),
        ("localhost.evil.example", "host_not_allowed"), ("127.0.0.1.evil.example", "host_not_allowed"),
        ("2130706433", "host_not_allowed"),
    ])
    func withoutCredentialsTheHostDecides(host: String, expected: String) throws {
        #expect(try refusal(["Host: \(host)"], token: nil) == expected)
        // With a token no name is wrong: a page that was rebound does not have it.
        #expect(try refusal(["Host: \(host)", "Authorization: Bearer \(Self.token)"], token: Self.token) == "in")
    }

    @Test(arguments: [
        ("http://127.0.0.1:9901", "in"), ("http://127.0.0.1", "origin_not_allowed"),
        ("http://evil.example", "origin_not_allowed"), ("null", "origin_not_allowed"), ("", "origin_not_allowed"),
        ("https://127.0.0.1:9901", "origin_not_allowed"),
    ])
    func pagesFromElsewhereStayOutside(origin: String, expected: String) throws {
        #expect(try refusal(["Host: 127.0.0.1:9901", "Origin: \(origin)"], token: nil) == expected)
        let withToken = ["Host: 127.0.0.1:9901", "Origin: \(origin)", "Authorization: Bearer \(Self.token)"]
        #expect(try refusal(withToken, token: Self.token) == expected)
    }

    @Test(arguments: [
        ("Bearer 0123456789abcdef", "in"), ("bearer   0123456789abcdef", "in"), ("BEARER 0123456789abcdef", "in"),
        ("Bearer 0123456789abcdeF", "unauthorized"), ("Bearer 0123456789abcde", "unauthorized"),
        ("Bearer 0123456789abcdef0", "unauthorized"), ("Bearer 0123456789abcdef0123456789abcdef", "unauthorized"),
        ("Bearer ", "unauthorized"), ("Bearer", "unauthorized"), ("0123456789abcdef", "unauthorized"),
        ("Basic 0123456789abcdef", "unauthorized"),
    ])
    func theTokenDecides(value: String, expected: String) throws {
        #expect(try refusal(["Host: x", "Authorization: \(value)"], token: Self.token) == expected)
    }

    @Test func withoutTheFieldNobodyIsIn() throws {
        #expect(try refusal(["Host: 127.0.0.1"], token: Self.token) == "unauthorized")
    }
}
