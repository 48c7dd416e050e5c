import HTTPWire
import Reactor
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

@Suite struct ClientAddressTests {
    /// Lines of `X-Forwarded-For`, who the client is. The peer is 10.0.0.1; 10.0.0.0/8 and fd00::/8 are trusted.
    @Test(arguments: [
        ([], "10.0.0.1"),
        (["192.0.2.7"], "192.0.2.7"),
        (["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
        (["203.0.113.9, 192.0.2.7, 10.1.2.3"], "192.0.2.7"),
        (["203.0.113.9", "192.0.2.7", "10.1.2.3 , 10.9.9.9"], "192.0.2.7"),
        (["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        (["192.0.2.7:4711"], "192.0.2.7"),
        (["2001:db8::1"], "2001:db8::1"),
        (["[2001:db8::1]:443, fd00::5"], "2001:db8::1"),
        (["192.0.2.7, unknown"], "10.0.0.1"),
        (["192.0.2.7, unknown, 10.1.2.3"], "10.1.2.3"),
        (["192.0.2.7,"], "10.0.0.1"),
        ([""], "10.0.0.1"),
        (["999.0.2.7"], "10.0.0.1"),
        (["192.0.2.7, [::1"], "10.0.0.1"),
        ([String(repeating: "1", count: 300)], "10.0.0.1"),
    ])
    func theFirstUntrustedFromTheRight(lines: [String], expected: String) throws {
        let fields = HeaderBlock()
        for line in lines {
            let value = Array(line.utf8)
            fields.append(.xForwardedFor, value.span)
        }
        let peer = try #require(SocketAddress(literal: "10.0.0.1", port: 5))
        let trusted = try ["10.0.0.0/8", "fd00::/8"].map { try NetworkPrefix.parse($0) }
        #expect(ClientAddress.find(fields, peer: peer, trusted: trusted).host == expected)
    }
}
